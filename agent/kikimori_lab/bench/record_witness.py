"""Copies of journals that survive their deletion: hard links, made while agent and records service write and delete."""

from __future__ import annotations

import asyncio
import itertools
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
        self._linked: set[Path] = set()

    async def run(self) -> None:
        """Link what is new, until cancelled."""
        while True:
            self.look()
            await asyncio.sleep(LOOK_EVERY_S)

    def look(self) -> None:
        """Link what is new now. A file that took another one's name, as after a kill in its first record, is new too."""
        for path in (each for run in _listed(self._folder) for each in _listed(run)):
            if path.suffix != SUFFIX:
                continue
            with suppress(FileNotFoundError):
                # Deleted since it was listed, though it was there a moment ago: told by the missing records.
                linked = self._links / path.parent.name / str(path.stat().st_ino) / path.name
                if linked in self._linked:
                    continue
                linked.parent.mkdir(parents=True, exist_ok=True)
                with suppress(FileExistsError):
                    os.link(path, linked)
                self._linked.add(linked)

    def runs(self) -> list[str]:
        """Return the runs, the oldest first."""
        return sorted(each.name for each in self._links.iterdir()) if self._links.exists() else []

    def records(self, run: str) -> tuple[dict[int, Record], list[int]]:
        """Return the whole records of a run by number, and the numbers that stand twice.

        Of the files that had a name one after another the first with a record counts: those after it are its compactions,
        those before it were deleted after a kill in their first record.
        """
        found: dict[int, Record] = {}
        twice: list[int] = []
        for _, same_name in itertools.groupby(self._files(run), lambda each: each.name):
            written = next(filter(None, map(self._whole, same_name)), [])
            for each in written:
                if each.number in found:
                    twice.append(each.number)
                found[each.number] = each
        return found, twice

    @staticmethod
    def _whole(path: Path) -> list[Record]:
        """Return the whole records of a file: what a kill left half written, the next process cuts."""
        return [each for each in read_segment(path) if not isinstance(each, Damage)]

    def _files(self, run: str) -> list[Path]:
        """Return the links of a run by name; those of one name in the order of their last change."""
        return sorted(
            (self._links / run).glob(f"*/*{SUFFIX}"),
            key=lambda each: (each.name, each.stat().st_mtime_ns),
        )


def _listed(folder: Path) -> list[Path]:
    """Return what is in a folder; nothing where it was removed meanwhile, or is a file."""
    try:
        return list(folder.iterdir())
    except OSError:
        return []
