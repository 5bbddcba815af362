"""`kikimori records` as a program of its own, on HTTPS with an office's certificate."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S
from tests.support.program import KIKIMORI

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def records_process(config: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Start it, wait until it serves, and kill it at the end."""
    process = await asyncio.create_subprocess_exec(
        *KIKIMORI, "records", "--config", str(config), stderr=asyncio.subprocess.PIPE
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            async for line in process.stderr:
                if line.startswith(b"records service: https://"):
                    break
            else:
                pytest.fail("it ended")
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()
