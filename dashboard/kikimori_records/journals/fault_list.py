"""Faults of one run, counted by code and call; those that are new or counted on wait for the database."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from kikimori_records.journals.faults import FaultCode, JournalFault

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST = 1000
"""Faults of different code or call that are kept of a run; further ones are counted together."""

AMOUNTS = {"bytes", "records", "records_lost", "sound_lost"}
"""Details that are added up."""


class FaultList:
    """Faults that were found in a run."""

    def __init__(self) -> None:
        self._found: dict[tuple[FaultCode, int | None], JournalFault] = {}
        self._changed: set[tuple[int, FaultCode]] = set()
        self._counted: dict[tuple[FaultCode, int | None], set[tuple[int, FaultCode, int | None]]] = {}
        """Record, code and call of those in each, at most `MOST`: a journal is read again after a compaction."""

    def add(self, faults: Iterable[JournalFault]) -> None:
        """Count faults; one of a record that is counted already counts once."""
        for each in faults:
            key = (each.code, each.call)
            if key not in self._found and len(self._found) >= MOST:
                key = (FaultCode.MORE_FAULTS, None)
            mark, counted = (each.number, each.code, each.call), self._counted.setdefault(key, set())
            if mark in counted:
                continue
            if len(counted) < MOST:
                counted.add(mark)
            if (known := self._found.get(key)) is None:
                known = JournalFault(each.number, key[0], key[1], 0, dict(each.details))
                self._found[key] = known
            else:
                for name in AMOUNTS & each.details.keys():
                    known.details[name] = (known.details.get(name) or 0) + (each.details[name] or 0)
            known.count += 1
            self._changed.add((known.number, known.code))

    @property
    def waiting(self) -> bool:
        """Return whether something waits for the database."""
        return bool(self._changed)

    def take(self) -> list[JournalFault]:
        """Return what waits for the database: of one record and code always all calls."""
        changed, self._changed = self._changed, set()
        return [replace(each) for each in self._found.values() if (each.number, each.code) in changed]

    def put_back(self, faults: Iterable[JournalFault]) -> None:
        """Let faults wait again that did not reach the database."""
        self._changed |= {(each.number, each.code) for each in faults}
