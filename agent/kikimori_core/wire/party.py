"""Parts of messages: who talks in a call."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from kikimori_core.wire.evidence import Name, Part


class Party(Part):
    """A customer or an operator as the PBX names them; any part may be unknown."""

    number: Annotated[str, Field(max_length=64)] | None = None  # a customer's, or an operator's extension
    name: Annotated[str, Field(max_length=128)] | None = None
    withheld: Name | None = None
    """Reason for which a customer's number is not told: `anonymous` (非通知), `payphone` (公衆電話), `unavailable` (表示圏外)."""
    named_by: Name | None = None  # `directory`: an operator's name that the PBX did not tell


class SpokenBy(Part):
    """Superior who speaks in the operator's place."""

    superior: Party = Party()
    certain: bool = True
    """False = the operator stayed on the line and is heard by the same leg: it may be either."""
