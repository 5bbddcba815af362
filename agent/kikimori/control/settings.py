"""`[pbx]`: control of the PBX. `[control]`: the telephones to which a call may be moved, by the agent's own file."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.wire.messages import Action
from kikimori_core.wire.settings import matching

Internal = Annotated[
    str,
    matching(
        r"[0-9A-Za-z._?*\[\]-]{1,64}",
        'write an extension, with ? for any digit, e.g. "2??"; never with "@", "+" or "#"',
    ),
]


class OutsideTable(BaseModel):
    """`[[control.outside]]`: an outside number to which a call may be transferred."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    number: Annotated[str, matching(r"\+?[0-9]{3,20}", 'write the whole number, e.g. "0312345678"')]
    name: Annotated[str, Field(min_length=1, max_length=128)]
    """Owner of the number, for readers of the file."""


class ControlTable(BaseModel):
    """`[control]`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    internal: tuple[Internal, ...] | None = None
    """Internal extensions and queues. None = `[sides] operator_numbers` and `[pbx] superior`."""
    outside: tuple[OutsideTable, ...] = ()


class AnnouncementTable(BaseModel):
    """`[[pbx.announcements]]`: something to play to the customer."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    name: Annotated[
        str,
        matching(
            r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}",
            'use letters A to Z and a to z, digits, ".", "_" and "-", e.g. "recorded"; title is for people',
        ),
    ]
    title: Annotated[str, Field(min_length=1, max_length=128)]
    """Label of the supervisor's button."""
    file: Annotated[
        str,
        matching(r"[0-9A-Za-z/._:-]{1,256}", 'write it as the PBX names it, e.g. "custom/recorded"'),
    ]
    """Name of a sound file as the PBX has it, for Asterisk without its ending."""


class PbxTable(BaseModel):
    """`[pbx]`: control."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    kind: str = "manual"
    """Name of the integration that controls the PBX; the configuration as a whole knows which there are."""
    superior: Annotated[
        str,
        matching(
            r"[0-9A-Za-z*#+._@-]{1,64}",
            'write the extension or queue to dial, e.g. "200"; superior_name is for people',
        ),
    ] = "200"
    """Extension or queue of the superior."""
    superior_name: str | None = None
    ring_s: Annotated[float, Field(ge=5, le=50)] = 20.0
    """Seconds that the superior's telephone rings before the customer goes back."""
    longest_hold_s: Annotated[float, Field(ge=10, le=3600)] = 120.0
    """Longest time in s that a customer is on hold, whatever happened to this program."""
    after_hold: Literal["operator", "superior"] = "operator"
    """Telephone to which a customer returns after `longest_hold_s`."""
    keep_operator: bool = True
    """True = the operator stays in the call after a transfer. During a plain hold they stay in any case."""
    announcements: tuple[AnnouncementTable, ...] = ()
    instructions: dict[Action, str] = {}
    """Instructions for the operator under `manual`, by action; `{target}` is the extension."""
