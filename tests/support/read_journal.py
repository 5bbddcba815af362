"""A journal read back: sound of each leg in its place, and the events of each call."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np

from kikimori_core.journal.events import CallBegun, CallEvent, LegOpened, NoteGap, event_of
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import Kind, Record
from kikimori_core.journal.reading import read_segment
from kikimori_core.journal.sound import SoundEncoding, decode_batch
from kikimori_core.journal.windows import decode_windows

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.journal.events import JournalEvent
    from kikimori_core.wire.values import Role

E = TypeVar("E", bound="JournalEvent")


@dataclass
class ReadCall:
    """Everything that a journal has of a call."""

    events: list[CallEvent] = field(default_factory=list)
    pieces: dict[int, list[tuple[int, bytes, int]]] = field(default_factory=dict)
    """Position, s16le and encoding, by leg."""
    windows: list[NDArray[np.void]] = field(default_factory=list)

    def of(self, kind: type[E]) -> list[E]:
        """Return the events of a kind."""
        return [each for each in self.events if isinstance(each, kind)]

    def sound(self, leg: int, samples: int) -> NDArray[np.int16]:
        """Return a leg's sound, zeros where none is written. No sample stands twice."""
        made = np.zeros(samples, np.int16)
        end = 0
        for position, pcm, _ in self.pieces.get(leg, []):
            assert position >= end, "sound stands twice"
            end = position + len(pcm) // 2
            made[position:end] = np.frombuffer(pcm, "<i2")
        return made

    def roles(self) -> dict[int, Role]:
        """Return the role of each leg."""
        return {each.leg: each.role for each in self.of(LegOpened)}

    @property
    def samples(self) -> int:
        """Return the samples of all legs."""
        return sum(len(pcm) // 2 for pieces in self.pieces.values() for _, pcm, _ in pieces)


@dataclass
class ReadJournal:
    """Content of a run's folder."""

    calls: dict[int, ReadCall] = field(default_factory=dict)
    gaps: list[NoteGap] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    damage: int = 0

    def call(self, call_id: str) -> ReadCall:
        """Return the one call of an id."""
        (found,) = [
            each
            for each in self.calls.values()
            if any(begun.call_id == call_id for begun in each.of(CallBegun))
        ]
        return found


def read_journal(folder: Path) -> ReadJournal:
    """Read all segments of a run; the numbers of records have no gap."""
    journal = ReadJournal()
    for path in segments_of(folder):
        for each in read_segment(path):
            if isinstance(each, Record):
                journal.numbers.append(each.number)
                _take(journal, each)
            else:
                journal.damage += 1
    assert journal.numbers == list(range(len(journal.numbers)))
    return journal


def only_run(root: Path) -> Path:
    """Return the folder of the one run of an agent."""
    (run,) = [each for each in root.iterdir() if each.is_dir()]
    return run


def _take(journal: ReadJournal, record: Record) -> None:
    if record.kind == Kind.SOUND:
        batch = decode_batch(record.payload)
        for index, piece in enumerate(batch.pieces):
            if piece["encoding"] != SoundEncoding.ERASED:
                call = journal.calls.setdefault(int(piece["call"]), ReadCall())
                entry = (int(piece["position"]), batch.pcm(index), int(piece["encoding"]))
                call.pieces.setdefault(int(piece["leg"]), []).append(entry)
    elif record.kind == Kind.WINDOWS:
        for row in decode_windows(record.payload):
            if not row["flags"] & 8:
                journal.calls.setdefault(int(row["call"]), ReadCall()).windows.append(row)
    else:
        event = event_of(record)
        if isinstance(event, NoteGap):
            journal.gaps.append(event)
        elif isinstance(event, CallEvent):
            journal.calls.setdefault(event.call, ReadCall()).events.append(event)
