"""Agent's own record of commands: person, role, dashboard, target and result.

Written beside the work: no press waits for the disk. What a flood of refused commands would fill the disk with is counted.
"""

from __future__ import annotations

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from kikimori.control.chain import ChainEnd, append, end_of
from kikimori_core.messages import text
from kikimori_core.wire.keys import fingerprint
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.bus.gate import OpenedCommand
    from kikimori_core.wire.messages import CommandResult

log = structlog.get_logger()

MOST_WAITING = 10_000
REFUSED_A_MINUTE = 60
"""Refused commands in a minute that are written one by one; of more only the number."""
MINUTE_S = 60.0
RETRY_S = 5.0


class CommandRecord:
    """A `kikimori.bus.commands.CommandWitness`. `run` writes for as long as the agent lives, `aclose` what is left."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._end: ChainEnd | None = None
        self._waiting: deque[dict[str, Any]] = deque()
        self._came = asyncio.Event()
        self._writing = asyncio.Lock()
        self._fault: str = ""
        self._left_out = 0
        self._minute = 0.0
        self._refused = 0

    def taken(self, opened: OpenedCommand, sender: str) -> None:
        self._put({"event": "taken", **_about(opened, sender)})

    def answered(self, opened: OpenedCommand, sender: str, result: CommandResult) -> None:
        came = {"outcome": str(result.outcome), "reason": result.reason}
        self._put({"event": "answered", **_about(opened, sender), **came})

    def refused(self, opened: OpenedCommand | None, sender: str, reason: str) -> None:
        now = asyncio.get_running_loop().time()
        if now - self._minute >= MINUTE_S:
            self._minute, self._refused = now, 0
        self._refused += 1
        if self._refused > REFUSED_A_MINUTE:
            self._left_out += 1
            return
        about = _about(opened, sender) if opened is not None else {}
        self._put({"event": "refused", **about, "reason": reason})

    def _put(self, entry: dict[str, Any]) -> None:
        if len(self._waiting) >= MOST_WAITING:
            self._left_out += 1
            return
        said = {"at": datetime.now(UTC).isoformat(timespec="milliseconds"), **entry}
        if self._left_out:
            said["left_out"], self._left_out = self._left_out, 0
        self._waiting.append({name: value for name, value in said.items() if value is not None})
        self._came.set()

    async def run(self) -> None:
        while True:
            await self._came.wait()
            self._came.clear()
            if not await self._write():
                await asyncio.sleep(RETRY_S)
                self._came.set()

    async def aclose(self) -> None:
        await self._write()

    async def _write(self) -> bool:
        """Write the waiting entries; False when the disk refuses."""
        async with self._writing:
            some = list(self._waiting)
            if not some:
                return True
            try:
                self._end = await asyncio.to_thread(self._append, some)
            except OSError as error:
                self._fault = text("file_reason", file=self._path, reason=error.strerror or error)
                # Half of it may be on the disk.
                self._end = None
                log.error("record_not_written", error=type(error).__name__)
                return False
            self._fault = ""
            for _ in some:
                self._waiting.popleft()
            return True

    def _append(self, some: list[dict[str, Any]]) -> ChainEnd:
        return append(self._path, self._end or end_of(self._path), some)

    def problems(self) -> tuple[Problem, ...]:
        """Return the problem that the record cannot be written; empty while it can."""
        if not self._fault:
            return ()
        return (Problem.of("record_not_written", fault=self._fault),)


def _about(opened: OpenedCommand, sender: str) -> dict[str, Any]:
    command = opened.command
    return {
        "command_id": command.command_id,
        "call_id": command.call_id,
        "action": str(command.action),
        "target": command.target,
        "person": command.issued_by,
        "person_id": command.person_id,
        "role": command.role,
        "why": command.reason,
        "dashboard": sender or None,
        "key": fingerprint(opened.envelope.key) if opened.envelope is not None else None,
        **({} if command.ending is None else command.ending.model_dump()),
    }
