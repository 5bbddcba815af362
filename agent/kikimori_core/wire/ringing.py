"""Part of a call's state: the superior whose telephone rings for it."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from kikimori_core.wire.evidence import Name, Part


class Ringing(Part):
    """Superior whose telephone rings for a call."""

    number: Annotated[str, Field(max_length=64)] | None = None
    name: Annotated[str, Field(max_length=128)] | None = None
    since: AwareDatetime
    purpose: Name
    """`transfer`: the customer is on hold meanwhile; `help`: the superior is only told where help is needed."""
    ends_at: AwareDatetime | None = None
    """Time at which the PBX stops ringing this telephone; None = not known."""
