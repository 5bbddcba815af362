"""The program `kikimori` as its user runs it: a process of its own."""

from __future__ import annotations

import asyncio
import os
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
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
