"""`[control]`: the telephones to which a call may be moved. The agent's own file has the last word."""

from __future__ import annotations

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.wire.settings import matching

Internal = Annotated[
    str,
    matching(
        r"[0-9A-Za-z._?*\[\]-]{1,64}",
        'write an extension, with ? for any digit, e.g. "2??"; never with "@", "+" or "#"',
    ),
]


class OutsideTable(BaseModel):
    """`[[control.outside]]`: a number out of the house to which a call may be transferred."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[str, matching(r"\+?[0-9]{3,20}", 'write the whole number, e.g. "0312345678"')]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    """Owner of the number, for readers of the file."""


class ControlTable(BaseModel):
    """`[control]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    internal: tuple[Internal, ...] | None = None
    """Extensions and queues of the house. None = `[sides] operator_numbers` and `[pbx] superior`."""
    outside: tuple[OutsideTable, ...] = ()
