"""Room for received journals: what one agent may have waiting, and what the disk must keep free."""

from __future__ import annotations

import asyncio
import os
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.messages import Problem
from kikimori_records.folder import APART, INCOMING

if TYPE_CHECKING:
    from collections.abc import Iterator

log = structlog.get_logger()

FLOOR_BYTES = 256 << 20
"""Free bytes that journals leave to the database and the files of calls; of a small disk a twentieth."""
MEASURED_EVERY_S = 10.0
TOLD_FOR_S = 60.0
"""Time in s for which a refusal is shown: an agent that is refused asks again within 30 s."""
GB = 1e9


class IncomingRoom:
    """Room in a folder of records. Used on the event loop; measures in threads."""

    def __init__(self, folder: Path, most_bytes: int) -> None:
        """`most_bytes`: most of one agent, with what was kept apart of it; 0 = only the disk limits it."""
        self._folder = folder
        self._most_bytes = most_bytes
        self._used: dict[str, tuple[float, int]] = {}
        """Time of the measurement and bytes, by agent; what came since is added."""
        self._full: dict[str, tuple[float, int]] = {}
        """Time of the last refusal and bytes, by agent."""
        self._short: tuple[float, int] = (-TOLD_FOR_S, 0)
        """Time of the last refusal for the disk's sake, and its free bytes."""

    async def refusal(self, agent_id: str, size: int) -> str | None:
        """Return the reason for which `size` more bytes of an agent are not taken; None = they are, and are counted."""
        now = time.monotonic()
        free, floor = await asyncio.to_thread(_free, self._folder)
        if free - size < floor:
            self._short = (now, free)
            return f"{free} bytes are free"
        at, used = self._used.get(agent_id, (now - MEASURED_EVERY_S, 0))
        is_over = bool(self._most_bytes) and used + size > self._most_bytes
        if now - at >= MEASURED_EVERY_S or is_over:
            at, used = now, await asyncio.to_thread(self._measured, agent_id)
        if self._most_bytes and used + size > self._most_bytes:
            if agent_id not in self._full:
                log.error("agent_journals_full", agent_id=agent_id, used=used)
            self._full[agent_id] = (now, used)
            return f"{used} bytes of this agent wait"
        self._full.pop(agent_id, None)
        self._used[agent_id] = (at, used + size)
        return None

    def problems(self) -> tuple[Problem, ...]:
        """Return what is refused now."""
        now = time.monotonic()
        found = [
            Problem.of(
                "records_agent_full",
                agent_id=agent_id,
                used_gb=f"{used / GB:.1f}",
                max_gb=f"{self._most_bytes / GB:g}",
            )
            for agent_id, (at, used) in sorted(self._full.items())
            if now - at < TOLD_FOR_S
        ]
        at, free = self._short
        if now - at < TOLD_FOR_S:
            found.append(Problem.of("records_disk_short", free_gb=f"{free / GB:.1f}", folder=self._folder))
        return tuple(found)

    def _measured(self, agent_id: str) -> int:
        return sum(_sizes(self._folder / INCOMING / agent_id)) + sum(_sizes(self._folder / APART / agent_id))


def _sizes(folder: Path) -> Iterator[int]:
    for base, _, names in os.walk(folder):
        for name in names:
            try:
                yield Path(base, name).lstat().st_size
            except OSError:
                # Such as a segment that has become needless since it was listed.
                continue


def _free(folder: Path) -> tuple[int, int]:
    """Return the free bytes of the disk, and those that must stay so."""
    usage = shutil.disk_usage(folder)
    return usage.free, min(FLOOR_BYTES, usage.total // 20)
