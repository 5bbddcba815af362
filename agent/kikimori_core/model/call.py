"""A call and its legs, as a tap announces them."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from uuid import NAMESPACE_URL, uuid5

from kikimori_core.wire.messages import Party, Role

__all__ = ["CallInfo", "EndReason", "LegInfo", "Party", "Role", "call_id_from"]

_SAFE_CALL_ID = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$")


class EndReason(StrEnum):
    """Reason for which a leg ended."""

    HUNG_UP = "hung_up"
    CONNECTION_LOST = "connection_lost"
    PROTOCOL_ERROR = "protocol_error"
    END_OF_FILE = "end_of_file"
    TIMED_OUT = "timed_out"
    SHUTDOWN = "shutdown"


@dataclass(frozen=True, slots=True)
class CallInfo:
    """Facts about a call from the tap; every part but `call_id` may be unknown."""

    call_id: str
    """Safe in an MQTT topic (see `call_id_from`); the same for all legs of one call."""
    tap: str
    """Name of the way in, e.g. `audiosocket`."""
    caller: Party = field(default_factory=Party)
    operator: Party = field(default_factory=Party)
    queue: str | None = None
    channel: str | None = None
    """The PBX's own name of the customer's channel, for control."""
    operator_channel: str | None = None
    """The PBX's own name of the operator's channel."""
    identity: str | None = None
    """`uncertain`: it may be another caller's call; nothing is then told of the caller, and no command is offered."""


@dataclass(frozen=True, slots=True)
class LegInfo:
    """One voice of a call."""

    call: CallInfo
    role: Role
    rate: int
    """Samples per second of the feed's audio: 8000 or 16000."""


def call_id_from(text: str) -> str:
    """Make the PBX's name of a call safe for topics: itself where it can be, else a UUID derived from it."""
    return text if _SAFE_CALL_ID.match(text) else str(uuid5(NAMESPACE_URL, f"kikimori:{text}"))
