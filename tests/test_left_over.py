"""No process outlives a test run: not one that a test forgot, nor those of a run that was killed."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import pytest
from tests.support.browser import playwright_driver
from tests.support.deadline import WITHIN_S

ROOT = Path(__file__).parent.parent

FORGETFUL = """
import subprocess, sys, time
from contextlib import suppress
from pathlib import Path

def test_forgets(tmp_path):
    # One child, and one of a child that ends at once; the second without the run's mark.
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
    orphan = subprocess.run(
        [sys.executable, "-c", "import subprocess, sys; print(subprocess.Popen("
         "[sys.executable, '-c', 'import time; time.sleep(1000)'], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env={}).pid)"],
        capture_output=True, text=True, check=True,
    )
    Path(r"PIDS").write_text(f"{child.pid} {orphan.stdout}")
    if WAITS:
        time.sleep(1000)
"""

FORGETS_ONCE = """
import subprocess, sys
from contextlib import suppress
from pathlib import Path

def test_forgets():
    mark = Path(r"FOLDER") / "mark"
    if not mark.exists():
        mark.touch()
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(1000)"])
        Path(r"PIDS").write_text(f"{child.pid} {child.pid}")
        raise AssertionError("the first time")
"""


async def run(
    folder: Path, *arguments: str, waits: bool, text: str = FORGETFUL
) -> tuple[asyncio.subprocess.Process, list[int]]:
    """Start a test run with one test that forgets two processes; return it with their numbers, once they are there."""
    pids = folder / "pids"
    test = folder / "test_forgetful.py"
    test.write_text(text.replace("PIDS", str(pids)).replace("WAITS", str(waits)), encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "pytest", "-q", "-p", "tests.support.left_over", "-p", "no:cacheprovider"),
        *("-c", os.devnull, "--rootdir", str(folder), str(test), *arguments),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
        env={**os.environ, "PYTHONPATH": str(ROOT), "KIKIMORI_TEST_GONE_WITHIN_S": "1"},
    )
    async with asyncio.timeout(WITHIN_S):
        while not pids.exists() or len(pids.read_text(encoding="utf-8").split()) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return process, [int(each) for each in pids.read_text(encoding="utf-8").split()]


async def gone(pids: list[int]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while any(_runs(pid) for pid in pids):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _runs(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_run_that_leaves_a_process_fails_and_ends_it(tmp_path: Path) -> None:
    process, pids = await run(tmp_path, waits=False)
    async with asyncio.timeout(WITHIN_S):
        out, _ = await process.communicate()
    assert "1 passed" in out.decode()
    assert out.decode().count("LEFT OVER, and ended now: process ") == 2
    assert "of test_forgetful.py::test_forgets" in out.decode()
    assert process.returncode == 1
    assert not any(_runs(pid) for pid in pids)


@pytest.mark.parametrize("workers", ["0", "2"])
async def test_what_a_failed_first_try_leaves_is_told_and_does_not_fail_the_run(
    tmp_path: Path, workers: str
) -> None:
    once = FORGETS_ONCE.replace("FOLDER", str(tmp_path))
    process, pids = await run(
        tmp_path, "-p", "tests.support.second_try", "-n", workers, waits=False, text=once
    )
    async with asyncio.timeout(WITHIN_S):
        out, _ = await process.communicate()
    assert "1 passed" in out.decode()
    assert out.decode().count("LEFT OVER, and ended now: process ") == 1
    assert process.returncode == 0, out.decode()
    assert not any(_runs(pid) for pid in pids)


async def test_what_a_worker_of_a_run_leaves_fails_the_run(tmp_path: Path) -> None:
    process, pids = await run(tmp_path, "-n", "2", waits=False)
    async with asyncio.timeout(WITHIN_S):
        out, _ = await process.communicate()
    assert "1 passed" in out.decode()
    assert out.decode().count("LEFT OVER, and ended now: process ") == 2
    assert process.returncode == 1
    assert not any(_runs(pid) for pid in pids)


async def test_a_run_that_is_killed_leaves_nothing_that_bears_its_mark(tmp_path: Path) -> None:
    process, (child, orphan) = await run(tmp_path, waits=True)
    process.send_signal(signal.SIGKILL)
    await process.wait()
    await gone([child])
    os.kill(orphan, signal.SIGKILL)  # without environment nobody can know whose it is


async def test_a_browser_that_is_cut_off_at_its_start_is_ended() -> None:
    """A failing test leaves no process of Playwright, which would fail the run."""
    for after_s in (0.0, 0.01, 0.1, 0.3):
        with suppress(TimeoutError):
            async with asyncio.timeout(after_s), playwright_driver():
                pass
    async with asyncio.timeout(WITHIN_S):
        while any("run-driver" in _command(each) for each in psutil.Process().children()):  # noqa: ASYNC110
            await asyncio.sleep(0.05)


def _command(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []
