"""Agent and dashboard of `kikimori bench chaos`, as processes of their own that can be killed and started again."""

from __future__ import annotations

import asyncio
import json
import sys
import time
from typing import TYPE_CHECKING

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path
    from typing import Any

READY_WITHIN_S = 90.0


class KillableProcess:
    """A process that writes JSON lines to its standard error; `heard` is given each."""

    def __init__(
        self, command: Sequence[str], log_file: Path, is_ready: str, heard: Callable[[dict[str, Any]], None]
    ) -> None:
        """`is_ready`: text of the line that reports readiness."""
        self._command = tuple(command)
        self._log_file = log_file
        self._is_ready = is_ready
        self._heard = heard
        self.killed_at: list[float] = []
        """Time of each kill, by the wall clock."""
        self._process: asyncio.subprocess.Process | None = None
        self._reading: asyncio.Task[None] | None = None

    async def start(self) -> None:
        """Start, and wait until it is ready.

        Raises:
            KikimoriError: it ended instead.
        """
        ready = asyncio.Event()
        # In a session of its own: Ctrl-C is for the bench, which ends it in order.
        self._process = process = await asyncio.create_subprocess_exec(
            *self._command,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            start_new_session=True,
        )
        self._reading = asyncio.create_task(self._read(process, ready))
        waiting = asyncio.create_task(ready.wait())
        await asyncio.wait(
            [waiting, self._reading], timeout=READY_WITHIN_S, return_when=asyncio.FIRST_COMPLETED
        )
        waiting.cancel()
        if not ready.is_set():
            await self.kill()
            raise KikimoriError.of("not_started", program=self._command[2], path=self._log_file)

    async def _read(self, process: asyncio.subprocess.Process, ready: asyncio.Event) -> None:
        if process.stdout is None:
            return
        with self._log_file.open("ab") as log:
            while line := await process.stdout.readline():
                log.write(line)
                log.flush()
                if self._is_ready.encode() in line:
                    ready.set()
                if line.startswith(b"{"):
                    self._heard(json.loads(line))

    async def kill(self) -> None:
        """SIGKILL."""
        if self._process is not None and self._process.returncode is None:
            self.killed_at.append(time.time())
            self._process.kill()
            await self._process.wait()
        await self._read_to_the_end()

    async def stop(self) -> None:
        """SIGTERM."""
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()
        await self._read_to_the_end()

    async def _read_to_the_end(self) -> None:
        if self._reading is not None:
            await self._reading


def program(*arguments: str) -> list[str]:
    return [sys.executable, "-m", *arguments]
