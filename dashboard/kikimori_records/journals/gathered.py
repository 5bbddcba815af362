"""Everything of one call, gathered from the places of its records: events parsed, sound and windows by place."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import numpy as np

from kikimori_core.journal.events import (
    AlertRevision,
    CallBegun,
    CallEnded,
    CommandDone,
    LegClosed,
    LegOpened,
    Line,
    RecordingState,
    RecordingStatus,
    StatusChanged,
    event_of,
)
from kikimori_core.journal.framing import Record
from kikimori_core.journal.sound import SoundEncoding
from kikimori_core.journal.windows import ROW_ERASED, WINDOW
from kikimori_core.wire.values import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.wire.messages import Party
    from kikimori_records.journals.journal_run import CallPlaces

AGENT_ENDED = "agent_ended"
"""Reason of the end of a call whose journal holds none: the agent was stopped or started anew."""
AGENT_LOST = "agent_lost"
"""Likewise, where nothing came from the agent for so long that it counts as lost."""

_TOLD = (CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TRANSFERRED)
"""States that say where the customer is; the last one of a call tells how it ended."""

PIECE_PLACE = np.dtype(
    [
        ("file", "<u4"),
        ("offset", "<u8"),
        ("encoding", "u1"),
        ("width", "u1"),
        ("position", "<u8"),
        ("samples", "<u4"),
    ]
)
"""A piece of a leg's sound: number of its file in `GatheredCall.files`, place in it, and as in the journal."""


@dataclass(slots=True)
class GatheredLeg:
    """A leg with its sound by place."""

    opened: LegOpened
    closed: LegClosed | None = None
    pieces: NDArray[np.void] = field(default_factory=lambda: np.empty(0, PIECE_PLACE))
    """In the order of their positions, which do not overlap."""

    @property
    def end(self) -> int:
        """Return the sample after the last one that there is sound of."""
        return int(self.pieces[-1]["position"]) + int(self.pieces[-1]["samples"]) if len(self.pieces) else 0

    @property
    def samples(self) -> int:
        """Return the samples that the leg had, those that are missing among them."""
        return max(self.end, self.closed.samples if self.closed else 0)

    @property
    def lost_s(self) -> float:
        """Return the seconds of it that there is no sound of."""
        return (self.samples - int(self.pieces["samples"].sum())) / self.opened.rate


@dataclass(slots=True)
class GatheredCall:
    """A call as its journal tells it."""

    begun: CallBegun
    legs: dict[int, GatheredLeg] = field(default_factory=dict)
    lines: list[tuple[int, Line]] = field(default_factory=list)
    alerts: list[tuple[int, AlertRevision]] = field(default_factory=list)
    events: list[tuple[int, CommandDone | StatusChanged | RecordingState]] = field(default_factory=list)
    ended: CallEnded | None = None
    ended_number: int = 0
    """Number of the record of the end."""
    files: list[Path] = field(default_factory=list)
    no_room: bool = False
    """The disk that the office gives to sound is full: it is left out."""
    windows: list[tuple[Path, int, int]] = field(default_factory=list)
    """Path, place in bytes and number of rows."""
    stopped: bool = False
    lost: bool = False
    """Nothing came from its agent for long."""

    @property
    def last_s(self) -> float:
        """Return the latest media time that is known of it."""
        times = [0.0]
        times += [each.opened.offset_s + each.end / each.opened.rate for each in self.legs.values()]
        times += [each.end_s for _, each in self.lines]
        times += [each.media_s for _, each in (*self.alerts, *self.events)]
        return max(times)

    @property
    def ended_at(self) -> datetime:
        return self.ended.ended_at if self.ended else self.begun.started_at + timedelta(seconds=self.last_s)

    @property
    def end_reason(self) -> str:
        if self.ended:
            return self.ended.reason
        return AGENT_LOST if self.lost else AGENT_ENDED

    @property
    def outcome(self) -> str | None:
        """Return how the call ended, where `end_reason` does not say it; None as well where its end is not known.

        `hang_up`: people of the office ended it; `transferred`: with a superior; `on_hold`: while the customer waited.
        """
        if self.ended is None:
            return None
        if any(isinstance(each, CommandDone) and _hung_up(each) for _, each in self.events):
            return str(Action.HANG_UP)
        last = next((each.status for each in reversed([*self._states()]) if each.status in _TOLD), None)
        return None if last in (None, CallStatus.TALKING) else str(last)

    @property
    def caller(self) -> Party:
        return _first_known(self.begun.caller, (each.caller for each in self._states()))

    @property
    def operator(self) -> Party:
        return _first_known(self.begun.operator, (each.operator for each in self._states()))

    @property
    def has_sound(self) -> bool:
        return not self.no_room and self.had_sound

    @property
    def had_sound(self) -> bool:
        """Return whether the journal holds sound."""
        return any(len(each.pieces) for each in self.legs.values())

    @property
    def sound_state(self) -> str:
        """Return what became of the sound: kept, stopped, excluded, no_disk or none."""
        if self.stopped:
            return str(RecordingStatus.STOPPED)
        if self.has_sound:
            return "kept"
        if self.had_sound:
            return str(RecordingStatus.NO_DISK)
        told = [each.state for _, each in self.events if isinstance(each, RecordingState)]
        if self.ended is not None and self.ended.outcome is not None:
            told.append(self.ended.outcome)
        return str(told[-1]) if told and told[-1] != RecordingStatus.RECORDED else "none"

    @property
    def lost_s(self) -> float:
        """Return the seconds of all legs that should be there and are not; what was excluded meanwhile is not lost."""
        if not self.has_sound:
            return 0.0
        excluded = any(
            isinstance(each, RecordingState) and each.state == RecordingStatus.EXCLUDED
            for _, each in self.events
        )
        if not excluded:
            return sum(each.lost_s for each in self.legs.values())
        lowest = min(each.opened.rate for each in self.legs.values())
        return self.ended.samples_lost / lowest if self.ended else 0.0

    def _states(self) -> Iterable[StatusChanged]:
        return (each for _, each in self.events if isinstance(each, StatusChanged))


def gather(places: list[CallPlaces]) -> GatheredCall:
    """Read a call's events and note the places of its sound and windows.

    Raises:
        OSError: a segment cannot be read.
        LookupError: there is no begin of the call.
        JournalError: an event is not what it was when it came.
    """
    made: GatheredCall | None = None
    for place in places:
        for number, event in _events(place):
            if isinstance(event, CallBegun):
                made = GatheredCall(event)
            elif made is not None:
                _add(made, number, event)
    if made is None:
        raise LookupError("call without begin")
    if made.stopped:
        made.lines.clear()
        return made
    for place in places:
        _add_sound(made, place)
        made.windows += [(place.path, int(each["offset"]), int(each["rows"])) for each in place.windows]
    return made


def read_windows(call: GatheredCall) -> NDArray[np.void]:
    """Return a call's windows in their order, without those that were erased. Raises OSError."""
    with OpenFiles() as files:
        parts = [files.read(path, rows * WINDOW.itemsize, offset) for path, offset, rows in call.windows]
    rows = np.frombuffer(b"".join(parts), WINDOW)
    kept: NDArray[np.void] = rows[rows["flags"] & ROW_ERASED == 0]
    return kept


class OpenFiles:
    """Files that are read by place, opened once each."""

    def __init__(self) -> None:
        self._open: dict[Path, int] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for each in self._open.values():
            os.close(each)
        self._open.clear()

    def read(self, path: Path, length: int, offset: int) -> bytes:
        """Return so many bytes from a place. Raises OSError, also where the file is shorter."""
        if (file := self._open.get(path)) is None:
            file = self._open[path] = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        data = os.pread(file, length, offset)
        if len(data) < length:
            raise OSError(None, "shorter than it was", str(path))
        return data


def _events(place: CallPlaces) -> Iterable[tuple[int, object]]:
    with OpenFiles() as files:
        for number, offset, length, _, kind in place.events.tolist():
            payload = files.read(place.path, length, offset)
            yield number, event_of(Record(number, kind, payload))


def _add(call: GatheredCall, number: int, event: object) -> None:
    match event:
        case LegOpened():
            call.legs[event.leg] = GatheredLeg(event)
        case LegClosed():
            call.legs[event.leg].closed = event
        case Line():
            call.lines.append((number, event))
        case AlertRevision():
            call.alerts.append((number, event))
        case CallEnded():
            call.ended, call.ended_number = event, number
        case CommandDone() | StatusChanged() | RecordingState():
            call.events.append((number, event))
            if isinstance(event, RecordingState) and event.state == RecordingStatus.STOPPED:
                call.stopped = True


def _add_sound(call: GatheredCall, place: CallPlaces) -> None:
    rows = place.sound[place.sound["encoding"] != SoundEncoding.ERASED]
    pieces = np.empty(len(rows), PIECE_PLACE)
    for name in ("offset", "encoding", "width", "position", "samples"):
        pieces[name] = rows[name]
    pieces["file"] = len(call.files)
    call.files.append(place.path)
    for leg in np.unique(rows["leg"]).tolist():
        of = call.legs[leg]
        of.pieces = np.concatenate([of.pieces, pieces[rows["leg"] == leg]])


def _hung_up(done: CommandDone) -> bool:
    return done.command.get("action") == Action.HANG_UP and done.result.get("outcome") == Outcome.DONE


def _first_known(begun: Party, later: Iterable[Party]) -> Party:
    """Return the first party that has a number, else the first with a name."""
    told = [begun, *later]
    numbered = next((each for each in told if each.number), None)
    return numbered or next((each for each in told if each.name), begun)
