"""Room that an agent's journals take on its disk: measured, and warned of when half of it is taken."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path

from kikimori_core.wire.messages import Problem

MEASURED_EVERY_S = 2.0
WARNED_FROM = 0.5
"""Part of the limit from which on a problem is shown."""
GB = 1e9


class JournalRoom:
    """Bytes of the journals in `folder`, and their limit `most_bytes`, which the writer keeps."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.used = 0
        """Bytes at the last measurement."""
        self._folder = folder
        self._most = most_bytes

    async def run(self) -> None:
        """Measure every 2 s, until cancelled."""
        while True:
            await self.measure()
            await asyncio.sleep(MEASURED_EVERY_S)

    async def measure(self) -> None:
        """Measure once."""
        self.used = await asyncio.to_thread(used_bytes, self._folder)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problem that half of the room is taken; that there is none left is the writer's to tell."""
        if not self._most or not self._most * WARNED_FROM <= self.used < self._most:
            return ()
        figures = {"used_gb": f"{self.used / GB:.1f}", "max_gb": f"{self._most / GB:g}"}
        return (Problem.of("journal_half_full", **figures),)


def used_bytes(folder: Path) -> int:
    """Return the bytes of all files in a folder and below; those that cannot be looked at are left out."""
    total = 0
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                total += Path(base, name).lstat().st_size
            except OSError:
                # Such as one that was shipped and deleted since it was listed.
                continue
    return total
