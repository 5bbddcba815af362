"""Room that an agent's journals may take on its disk: measured, limited, warned of from half on."""

from __future__ import annotations

import asyncio
import os
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Iterator

MEASURED_EVERY_S = 2.0
WARNED_FROM = 0.5
"""Part of the limit from which on a problem is shown."""
GB = 1e9


class JournalRoom:
    """Bytes of the journals in `folder`, and their limit `most_bytes`."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        self.used = 0
        """Bytes at the last measurement, with those written since."""
        self._folder = folder
        self._most = most_bytes

    @property
    def has_room(self) -> bool:
        """Return whether sound may be written; may be asked from any thread."""
        return self.used < self._most

    def wrote(self, size: int) -> None:
        """Count bytes that were written since the last measurement."""
        self.used += size

    async def run(self) -> None:
        """Measure every 2 s, until cancelled."""
        while True:
            await self.measure()
            await asyncio.sleep(MEASURED_EVERY_S)

    async def measure(self) -> None:
        """Measure once; what was written while it measures may be counted at the next time."""
        self.used = await asyncio.to_thread(lambda: sum(_sizes(self._folder)))

    def problems(self) -> tuple[Problem, ...]:
        """Return the problem that half of the room is taken, or all of it; empty before."""
        if self.used < self._most * WARNED_FROM:
            return ()
        code = "journal_half_full" if self.has_room else "journal_full"
        figures = {"used_gb": f"{self.used / GB:.1f}", "max_gb": f"{self._most / GB:g}"}
        return (Problem.of(code, **figures),)


def _sizes(folder: Path) -> Iterator[int]:
    for path, _, names in os.walk(folder):
        for name in names:
            try:
                yield Path(path, name).stat().st_size
            except OSError:
                # Shipped and deleted since it was listed.
                continue
