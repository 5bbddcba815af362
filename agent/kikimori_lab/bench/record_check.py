"""Check of journals that were written: every sample of every leg stands in them once."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.events import LegClosed, event_of
from kikimori_core.journal.folder import SUFFIX
from kikimori_core.journal.framing import Kind
from kikimori_core.journal.reading import read_segment
from kikimori_core.journal.sound import decode_batch

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.journal.framing import Record

Leg = tuple[str, int, int]
"""Run, call and leg."""


@dataclass(slots=True)
class JournalCheck:
    """Findings in all journals below a folder."""

    samples: int = 0
    """Samples in the journals."""
    missing: int = 0
    """Samples that the end of their leg counts and that no piece holds, or two."""
    damaged: int = 0
    """Stretches that cannot be read, and legs without an end."""


def check_journals(folder: Path) -> JournalCheck:
    """Read all segments below `folder`. Holds nothing but a number for each leg in memory."""
    found = JournalCheck()
    heard: dict[Leg, int] = defaultdict(int)
    for path in sorted(folder.rglob(f"*{SUFFIX}")):
        for each in read_segment(path):
            if isinstance(each, Damage):
                found.damaged += 1
            else:
                _take(each, path.parent.name, found, heard)
    found.damaged += len(heard)
    return found


def _take(record: Record, run: str, found: JournalCheck, heard: dict[Leg, int]) -> None:
    if record.kind == Kind.SOUND:
        pieces = decode_batch(record.payload).pieces
        fields = (pieces[name].tolist() for name in ("call", "leg", "position", "samples"))
        for call, leg, position, samples in zip(*fields, strict=True):
            found.samples += samples
            found.missing += abs(position - heard[run, call, leg])
            heard[run, call, leg] = position + samples
    elif record.kind == Kind.LEG_CLOSED:
        closed = event_of(record)
        if isinstance(closed, LegClosed):
            found.missing += abs(closed.samples - heard.pop((run, closed.call, closed.leg), 0))
