"""Calls from outside that ring at operators' telephones and are not answered yet: one retained list of each agent."""

from __future__ import annotations

from typing import Annotated

from pydantic import AwareDatetime, Field

from kikimori_core.wire.evidence import Name, Part
from kikimori_core.wire.message import Message
from kikimori_core.wire.party import Party

MOST_RINGING = 200
"""Calls in a list; the others are counted."""
MOST_PHONES = 100
"""Telephones of a call in a list; the others are counted."""
MOST_BYTES = 192 * 1024
"""Bytes of a list, below the largest payload."""


class RingingCall(Part):
    """Call that rings; answered, it has the same `call_id`."""

    call_id: Name
    tap: Annotated[str, Field(max_length=64)]
    since: AwareDatetime
    """Time at which the first telephone rang."""
    caller: Party = Party()
    queue: Annotated[str, Field(max_length=128)] | None = None
    phones: tuple[Annotated[str, Field(max_length=64)], ...] = ()
    """Extensions that ring now, or the one that has just answered."""
    phones_more: Annotated[int, Field(ge=0)] = 0
    """Telephones besides those."""
    answered: bool = False
    """True = a telephone has answered; the call itself follows with its first sound."""


class RingingCalls(Message):
    """All ringing calls of an agent, the oldest first; replaces the list before. Retained, and cleared when nothing rings."""

    agent_id: Name
    run: Name | None = None
    calls: Annotated[tuple[RingingCall, ...], Field(max_length=MOST_RINGING)] = ()
    more: Annotated[int, Field(ge=0)] = 0
    """Ringing calls that are not in the list."""
