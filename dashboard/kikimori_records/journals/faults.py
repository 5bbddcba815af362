"""Faults of an agent's journal: records that do not fit what the journal said before, by name."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any


class FaultCode(StrEnum):
    """Reason for which a record, or a part of one, is kept apart instead of with its call."""

    UNKNOWN_KIND = "unknown_kind"
    """A kind of record that this version does not know."""
    BAD_PAYLOAD = "bad_payload"
    """The content is not what the record's kind promises."""
    CALL_WITHOUT_BEGIN = "call_without_begin"
    CALL_BEGUN_TWICE = "call_begun_twice"
    AFTER_END = "after_end"
    """A record of a call that has ended before."""
    BAD_CALL_ID = "bad_call_id"
    """A call's id that is no name of a call."""
    OTHER_AGENT = "other_agent"
    """A call begins that names another agent or run than the one that sends it."""
    LEG_NOT_OPENED = "leg_not_opened"
    LEG_OPENED_TWICE = "leg_opened_twice"
    BAD_RATE = "bad_rate"
    """A leg of neither 8,000 nor 16,000 samples a second."""
    POSITION_BACKWARDS = "position_backwards"
    """Sound of a time of which the leg has sound already."""
    BEYOND_LIMIT = "beyond_limit"
    """Sound, a leg or a line later than a call can last."""
    TOO_MANY_CALLS = "too_many_calls"
    TOO_MANY_LEGS = "too_many_legs"
    DAMAGED = "damaged"
    """The record cannot be read on this service's disk."""
    RECORDS_LOST = "records_lost"
    """The agent says that records of its journal could not be read any more."""
    SOUND_LOST = "sound_lost"
    """The agent says that it could not write sound."""
    MORE_FAULTS = "more_faults"
    """Further faults of the run, which are counted and not kept."""


@dataclass(slots=True)
class JournalFault:
    """Fault of one kind at one call; `number` is the first record that had it."""

    number: int
    code: FaultCode
    call: int | None = None
    """Key of the call within the run."""
    count: int = 1
    """Records that had it."""
    details: dict[str, Any] = field(default_factory=dict)
    """Numbers and names of fields, no content."""
