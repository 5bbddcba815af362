"""Calls of one run as its records tell them, checked in their order: what fits goes to its call, the rest is named."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.journal.events import (
    CallBegun,
    CallEnded,
    CallEvent,
    LegClosed,
    LegOpened,
    NoteGap,
    RecordingState,
    RecordingStatus,
    event_of,
)
from kikimori_core.journal.framing import JournalError, Kind
from kikimori_core.journal.sound import decode_batch
from kikimori_core.journal.windows import decode_windows
from kikimori_core.wire.topics import is_name
from kikimori_records.journals.faults import FaultCode, JournalFault

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from numpy.typing import NDArray

    from kikimori_core.journal.events import JournalEvent
    from kikimori_core.journal.framing import Record
    from kikimori_core.journal.sound import SoundBatch

RATES = (8000, 16000)
MOST_SECONDS = 24 * 3600
"""Longest call in s. Later sound is kept apart, so that nobody can make the service write years of silence."""
MOST_OPEN_CALLS = 10_000
MOST_LEGS = 64


@dataclass(slots=True)
class LegProgress:
    """State of a leg, as far as the journal has told it."""

    rate: int
    offset_s: float
    next_position: int = 0
    """Sample after the last one that there is sound of."""


@dataclass(slots=True)
class CallProgress:
    """State of a call, as far as the journal has told it."""

    call_id: str
    begun_at: int
    """Number of the record with its begin."""
    started_at: datetime
    last: int = 0
    """Number of the last record that belongs to it."""
    legs: dict[int, LegProgress] = field(default_factory=dict)
    ended: bool = False
    stopped: bool = False
    """A person asked during the call that it is not recorded."""
    stopped_by: str = ""
    erased: bool = False
    """Its sound and words are gone from the segments here."""
    erase_until: int = 0
    """Number of the record that says that what came before is erased: the call is excluded, and was known as such only then."""
    erased_until: int = 0
    """Number before which it is erased here."""
    parts_erased: bool = False
    """Parts of it that earlier runs of the agent recorded are ordered to be erased."""
    lost: bool = False
    """It counts as ended because nothing came from its agent for long."""


@dataclass(slots=True)
class Examined:
    """A record after the check: what fits of it."""

    sound: SoundBatch | None = None
    windows: NDArray[np.void] | None = None
    event: JournalEvent | None = None
    fits: NDArray[np.bool_] | None = None
    """Of the pieces of sound, or of the rows of windows: those that belong to their call."""
    unfit: NDArray[np.bool_] | None = None
    """Those with a fault; neither holds what is in the history already."""
    done: set[int] = field(default_factory=set)
    """Calls of it that are in the history already."""
    faults: list[JournalFault] = field(default_factory=list)


class RunCalls:
    """State of the calls of a run. `finished`: calls that are in the history, and the number of the record of their end."""

    def __init__(self, agent_id: str, run: str) -> None:
        self.agent_id = agent_id
        self.run = run
        self.calls: dict[int, CallProgress] = {}
        self.finished: dict[int, int] = {}
        self.lost: set[int] = set()
        """Calls in the history of which the agent has not said the end."""

    def examine(self, record: Record) -> Examined:
        """Check a record and note what it tells."""
        try:
            match record.kind:
                case Kind.SOUND:
                    return self._sound(record)
                case Kind.WINDOWS:
                    return self._windows(record)
                case _:
                    return self._event(record)
        except JournalError as error:
            details = {"kind": record.kind, "reason": error.detail}
            return Examined(
                faults=[JournalFault(record.number, FaultCode.BAD_PAYLOAD, None, details=details)]
            )

    def _sound(self, record: Record) -> Examined:
        batch = decode_batch(record.payload)
        return self._checked(
            record,
            Examined(sound=batch),
            zip(
                *(batch.pieces[name].tolist() for name in ("call", "leg", "position", "samples")), strict=True
            ),
            self._place_of_sound,
        )

    def _windows(self, record: Record) -> Examined:
        rows = decode_windows(record.payload)
        return self._checked(
            record,
            Examined(windows=rows),
            zip(rows["call"].tolist(), rows["leg"].tolist(), strict=True),
            self._place_of_window,
        )

    def _checked(
        self,
        record: Record,
        made: Examined,
        items: zip[tuple[int, ...]],
        check: Callable[..., FaultCode | None],
    ) -> Examined:
        fits, unfit = [], []
        counted: dict[tuple[FaultCode, int], JournalFault] = {}
        for item in items:
            call = item[0]
            done = self._is_done(call, record.number)
            if done:
                made.done.add(call)
            code = None if done else check(record.number, *item)
            fits.append(not done and code is None)
            unfit.append(code is not None)
            if code is not None and (code, call) not in counted:
                counted[code, call] = JournalFault(record.number, code, call, details={"kind": record.kind})
        made.fits, made.unfit = np.array(fits, np.bool_), np.array(unfit, np.bool_)
        made.faults = list(counted.values())
        return made

    def _place_of_sound(
        self, number: int, call: int, leg: int, position: int, samples: int
    ) -> FaultCode | None:
        found = self._open(call)
        if isinstance(found, FaultCode):
            return found
        of = found.legs.get(leg)
        if of is None:
            return FaultCode.LEG_NOT_OPENED
        if position < of.next_position:
            return FaultCode.POSITION_BACKWARDS
        if of.offset_s + (position + samples) / of.rate > MOST_SECONDS:
            return FaultCode.BEYOND_LIMIT
        of.next_position = position + samples
        found.last = number
        return None

    def _place_of_window(self, number: int, call: int, leg: int) -> FaultCode | None:
        found = self._open(call)
        if isinstance(found, FaultCode):
            return found
        if leg not in found.legs:
            return FaultCode.LEG_NOT_OPENED
        found.last = number
        return None

    def _event(self, record: Record) -> Examined:
        event = event_of(record)
        if event is None:
            return _refused(record, FaultCode.UNKNOWN_KIND)
        if isinstance(event, NoteGap):
            return _gap(record, event)
        if not isinstance(event, CallEvent):
            return _refused(record, FaultCode.UNKNOWN_KIND)
        if self._is_done(event.call, record.number):
            return Examined(done={event.call})
        if isinstance(event, CallBegun):
            code = self._begun(record.number, event)
        else:
            found = self._open(event.call)
            code = found if isinstance(found, FaultCode) else _of_call(record.number, found, event)
        if code is not None:
            return _refused(record, code, event.call)
        return Examined(event=event)

    def _is_done(self, call: int, number: int) -> bool:
        """Return whether a record belongs to a call that is in the history with it."""
        end = self.finished.get(call)
        return end is not None and number <= end

    def _open(self, call: int) -> CallProgress | FaultCode:
        """Return a call that has begun and not ended, else the name of the fault."""
        found = self.calls.get(call)
        if found is None:
            is_over = call in self.finished or call in self.lost
            return FaultCode.AFTER_END if is_over else FaultCode.CALL_WITHOUT_BEGIN
        return FaultCode.AFTER_END if found.ended else found

    def _begun(self, number: int, event: CallBegun) -> FaultCode | None:
        if event.call in self.calls or event.call in self.finished:
            return FaultCode.CALL_BEGUN_TWICE
        if not is_name(event.call_id):
            return FaultCode.BAD_CALL_ID
        if (event.agent_id, event.run) != (self.agent_id, self.run):
            return FaultCode.OTHER_AGENT
        if len(self.calls) >= MOST_OPEN_CALLS:
            return FaultCode.TOO_MANY_CALLS
        self.calls[event.call] = CallProgress(event.call_id, number, event.started_at, number)
        return None


def _of_call(number: int, found: CallProgress, event: CallEvent) -> FaultCode | None:
    code = None
    match event:
        case LegOpened():
            code = _opened(found, event)
        case LegClosed():
            code = None if event.leg in found.legs else FaultCode.LEG_NOT_OPENED
        case CallEnded():
            found.ended = True
        case RecordingState(state=RecordingStatus.STOPPED):
            found.stopped, found.stopped_by = True, event.by or found.stopped_by
        case RecordingState(since_begin=True):
            found.erase_until = number
    if code is None and not all(0 <= each <= MOST_SECONDS for each in _media_times(event)):
        code = FaultCode.BEYOND_LIMIT
    if code is None:
        found.last = number
    return code


def _opened(found: CallProgress, event: LegOpened) -> FaultCode | None:
    if event.leg in found.legs:
        return FaultCode.LEG_OPENED_TWICE
    if len(found.legs) >= MOST_LEGS:
        return FaultCode.TOO_MANY_LEGS
    if event.rate not in RATES:
        return FaultCode.BAD_RATE
    if not 0 <= event.offset_s <= MOST_SECONDS:
        return FaultCode.BEYOND_LIMIT
    found.legs[event.leg] = LegProgress(event.rate, event.offset_s)
    return None


def _media_times(event: CallEvent) -> list[float]:
    """Return the media times that an event names."""
    said = (getattr(event, name, None) for name in ("media_s", "start_s", "end_s", "offset_s", "heard_s"))
    return [float(each) for each in said if each is not None]


def _gap(record: Record, event: NoteGap) -> Examined:
    code = FaultCode.RECORDS_LOST if event.records_lost else FaultCode.SOUND_LOST
    details = event.model_dump(mode="json")
    return Examined(faults=[JournalFault(record.number, code, details=details)])


def _refused(record: Record, code: FaultCode, call: int | None = None) -> Examined:
    return Examined(faults=[JournalFault(record.number, code, call, details={"kind": record.kind})])
