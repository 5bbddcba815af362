"""The program `kikimori` as its user runs it: a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.support.deadline import WITHIN_S

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

KIKIMORI = (sys.executable, "-m", "kikimori")


@dataclass(frozen=True, slots=True)
class ProgramResult:
    code: int
    out: str
    err: str


async def kikimori(
    *arguments: str | Path, env: Mapping[str, str] | None = None, within_s: float = 600, **options: Any
) -> ProgramResult:
    """Run to its end."""
    process = await asyncio.create_subprocess_exec(
        *KIKIMORI,
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "COLUMNS": "120", **(env or {})},
        **options,
    )
    try:
        async with asyncio.timeout(within_s):
            out, err = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode is not None
    return ProgramResult(process.returncode, out.decode(), err.decode())


@dataclass
class DashboardProcess:
    """`kikimori dashboard` that serves."""

    process: asyncio.subprocess.Process
    within_s: float
    url: str = ""
    told: list[str] = field(default_factory=list)
    """Lines of its standard error so far."""

    async def until(self, wanted: Callable[[str], bool]) -> str:
        """Read on to a wanted line, and return it."""
        assert self.process.stderr is not None
        async with asyncio.timeout(self.within_s):
            while line := (await self.process.stderr.readline()).decode():
                self.told.append(line)
                if wanted(line):
                    return line
        raise AssertionError("".join(self.told))


@asynccontextmanager
async def dashboard_process(
    config: Path, *arguments: str, started_by: tuple[str, ...] = (), within_s: float = WITHIN_S
) -> AsyncIterator[DashboardProcess]:
    """Start a dashboard, and tell it to end at the end; `started_by`: a command that starts the program behind it."""
    process = await asyncio.create_subprocess_exec(
        *(*started_by, *KIKIMORI, "dashboard", "--config", str(config), *arguments),
        stderr=asyncio.subprocess.PIPE,
    )
    serving = DashboardProcess(process, within_s)
    try:
        serving.url = (await serving.until(lambda line: line.startswith("dashboard "))).split()[1]
        yield serving
    finally:
        if process.returncode is None:
            process.terminate()
        _, rest = await process.communicate()
        serving.told.append(rest.decode())
