"""Check of journals that were written: how many samples stand in them, and that none stands in two places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.events import LegClosed, LegOpened, NoteGap, event_of
from kikimori_core.journal.folder import SUFFIX
from kikimori_core.journal.framing import Kind
from kikimori_core.journal.reading import read_segment
from kikimori_core.journal.sound import decode_batch

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.journal.framing import Record


@dataclass(slots=True)
class JournalCheck:
    """Findings in all journals below a folder. Samples of all legs together."""

    size: int = 0
    """Bytes of the files."""
    samples: int = 0
    """Samples in the journals."""
    shed: int = 0
    """Samples that the journals say were not written."""
    twice: int = 0
    """Samples that stand in two places, or behind the end of their leg."""
    damaged: int = 0
    """Stretches that cannot be read, and legs without an end."""


class _JournalReader:
    def __init__(self) -> None:
        self.found = JournalCheck()
        self.ends: dict[tuple[str, int, int], int] = {}
        """Position after the last sample of each open leg, by run, call and leg."""

    def take(self, run: str, record: Record) -> None:
        if record.kind == Kind.SOUND:
            self._sound(run, record.payload)
            return
        match event_of(record):
            case LegOpened(call=call, leg=leg):
                self.ends[run, call, leg] = 0
            case LegClosed(call=call, leg=leg, samples=samples):
                self.found.twice += max(self.ends.pop((run, call, leg)) - samples, 0)
            case NoteGap(sound_lost=lost):
                self.found.shed += lost

    def _sound(self, run: str, payload: bytes) -> None:
        pieces = decode_batch(payload).pieces
        fields = (pieces[name].tolist() for name in ("call", "leg", "position", "samples"))
        for call, leg, position, samples in zip(*fields, strict=True):
            self.found.samples += samples
            self.found.twice += max(self.ends[run, call, leg] - position, 0)
            self.ends[run, call, leg] = position + samples


def check_journals(folder: Path) -> JournalCheck:
    """Read all segments below `folder`."""
    reader = _JournalReader()
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        reader.found.size += path.stat().st_size
        for each in read_segment(path):
            if isinstance(each, Damage):
                reader.found.damaged += 1
            else:
                reader.take(path.parent.name, each)
    reader.found.damaged += len(reader.ends)
    return reader.found
