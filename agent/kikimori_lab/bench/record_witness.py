"""Copies of journals that survive their deletion: hard links, made while agent and records service write and delete."""

from __future__ import annotations

import asyncio
import os
from contextlib import suppress
from typing import TYPE_CHECKING

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.folder import SUFFIX
from kikimori_core.journal.reading import read_segment

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.journal.framing import Record

LOOK_EVERY_S = 0.02


class JournalWitness:
    """Hard links to every segment below `folder`, which has a folder for each run; in `links`, on the same disk."""

    def __init__(self, folder: Path, links: Path) -> None:
        self._folder = folder
        self._links = links
        self._linked: set[tuple[str, str]] = set()
        """Names of run and file."""

    async def run(self) -> None:
        """Link what is new, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Link what is new now."""
        for path in (each for run in _listed(self._folder) for each in _listed(run)):
            name = (path.parent.name, path.name)
            if path.suffix != SUFFIX or name in self._linked:
                continue
            linked = self._links / path.parent.name / path.name
            linked.parent.mkdir(parents=True, exist_ok=True)
            with suppress(OSError):
                # Deleted since it was listed, though it was there a moment ago: told by the missing records.
                os.link(path, linked)
            self._linked.add(name)

    def runs(self) -> list[str]:
        """Return the runs, the oldest first."""
        return sorted(each.name for each in self._links.iterdir()) if self._links.exists() else []

    def records(self, run: str) -> tuple[dict[int, Record], list[int]]:
        """Return the whole records of a run by number, and the numbers that stand twice."""
        found: dict[int, Record] = {}
        twice: list[int] = []
        for path in sorted((self._links / run).glob(f"*{SUFFIX}")):
            for each in read_segment(path):
                if isinstance(each, Damage):
                    continue  # what a kill left half written; the next process cuts it
                if each.number in found:
                    twice.append(each.number)
                found[each.number] = each
        return found, twice


def _listed(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing where it was removed meanwhile, or is a file."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
