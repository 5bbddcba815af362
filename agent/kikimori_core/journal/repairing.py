"""Repair of a run's segments after the writer ended without a word: what its last second left half written is cut."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.folder import first_of, segments_of, sync_folder
from kikimori_core.journal.framing import MAX_HEAD, SEGMENT_PREFIX, DamageCode
from kikimori_core.journal.reading import locate

_KEPT = {DamageCode.FROM_FUTURE}


@dataclass(frozen=True, slots=True)
class Repair:
    """Result of a repair."""

    next_number: int
    """Number after the last whole record; 0 where there is none."""
    cut_bytes: int = 0
    """Bytes cut after the last whole record."""
    set_aside: tuple[Path, ...] = ()
    """Last segments without a whole record, renamed to `….kkj.damaged`; one with nothing but a head is removed instead."""
    damage: tuple[Damage, ...] = ()
    """Damage of the examined segments: cut, or (before the last whole record) left as it is."""


def repair(folder: Path) -> Repair:
    """Cut the last segment after its last whole record; a second repair then finds nothing to do.

    A segment of a newer format is left as it is. No writer may have the segments open.
    """
    cut, damage, aside = 0, list[Damage](), list[Path]()
    for path in reversed(segments_of(folder)):
        end, number, found = _examine(path)
        damage += found
        if any(each.offset == 0 and each.code in _KEPT for each in found):
            return Repair(first_of(path), cut, tuple(aside), tuple(damage))
        if end:
            cut += _cut(path, end)
            return Repair(number, cut, tuple(aside), tuple(damage))
        size = path.stat().st_size
        if size <= SEGMENT_PREFIX + MAX_HEAD:
            path.unlink()
            cut += size
        else:
            aside.append(path.rename(path.with_name(f"{path.name}.damaged")))
        sync_folder(folder)
    return Repair(0, cut, tuple(aside), tuple(damage))


def _examine(path: Path) -> tuple[int, int, list[Damage]]:
    """Return the place after the last whole record (0 = none), the number after it, and the damage."""
    end, number, damage = 0, first_of(path), list[Damage]()
    for each in locate(path):
        if isinstance(each, Damage):
            damage.append(each)
        else:
            end, number = each.end, each.record.number + 1
    return end, number, damage


def _cut(path: Path, end: int) -> int:
    """Return the number of bytes that were cut after `end`."""
    if (cut := path.stat().st_size - end) == 0:
        return 0
    file = os.open(path, os.O_WRONLY | os.O_CLOEXEC)
    try:
        os.ftruncate(file, end)
        os.fsync(file)
    finally:
        os.close(file)
    return cut
