"""A short run of `kikimori bench chaos`: parts killed at random lose no alert, leave nothing over, show nothing twice."""

from __future__ import annotations

import asyncio
import json
import os
import signal
from pathlib import Path

from tests.support.program import KIKIMORI, kikimori
from tests.system.conftest import until


async def test_a_few_kills_of_each_part(tmp_path: Path) -> None:
    ended = await kikimori(
        "bench", "chaos", "--kills", "2", "--overlapping", "2", "--lines", "3", "--seed", "4", "--json",
        "--folder", tmp_path / "logs", within_s=540,
    )  # fmt: skip
    assert ended.out, ended.err
    report = json.loads(ended.out)
    assert (report["unseen"], report["stale"], report["doubled"]) == ([], [], [])
    assert report["raised"] > 0
    assert report["kills"] == {"broker": 2, "agent": 2, "dashboard": 2}
    assert ended.code == 0


async def test_ctrl_c_ends_it_in_order_and_tells_what_was_done(tmp_path: Path) -> None:
    logs = tmp_path / "logs"
    process = await asyncio.create_subprocess_exec(
        *KIKIMORI, "bench", "chaos", "--kills", "500", "--lines", "2", "--json", "--folder", logs,
        stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        async with asyncio.timeout(300):
            await until(
                lambda: (logs / "agent.log").exists() and b'"alert"' in (logs / "agent.log").read_bytes()
            )
            parts = _descendants(process.pid)
            os.killpg(process.pid, signal.SIGINT)
            out, _ = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    report = json.loads(out)
    assert (report["unseen"], report["stale"], report["doubled"]) == ([], [], [])
    assert sum(report["kills"].values()) < 1500
    assert report["overlapping"] == 0
    assert len(parts) >= 3
    await until(lambda: not any(Path(f"/proc/{each}/exe").exists() for each in parts))


def _descendants(pid: int) -> list[int]:
    """Return the processes below a process."""
    found = Path(f"/proc/{pid}/task").glob("*/children")
    children = [int(each) for path in found for each in path.read_text("ascii").split()]
    return children + [each for child in children for each in _descendants(child)]
