"""Plugin: a test run fails when a process that it started is still there at its end, and ends it.

A process counts whose parent is this one, or was started by one that is (the run adopts orphans), or that bears the
run's mark. If the run itself is killed, `reaper` ends what it started. In a run of several workers each counts its own
and tells the run. A process left by a test that failed and then passed by its second try is told and does not fail
the run: the failure cut the test off where it would have ended it.
"""

from __future__ import annotations

import ctypes
import os
import subprocess
import sys
import uuid
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psutil
import pytest
from tests.support.reaper import ALL_WELL, MARK, marked
from tests.support.second_try import AGAIN

if TYPE_CHECKING:
    from collections.abc import Iterator

PR_SET_CHILD_SUBREAPER = 36
GONE_WITHIN_S = float(os.environ.get("KIKIMORI_TEST_GONE_WITHIN_S", "60"))
"""Longest time in s for a process to end after it was told to, on a busy machine; later it fails the run."""

REAPER: pytest.StashKey[subprocess.Popen[bytes]] = pytest.StashKey()
LEFT: pytest.StashKey[list[tuple[str, str]]] = pytest.StashKey()
"""Processes: the test that started each ("" = unknown), and the process in words."""
OF_WORKER = "kikimori_left_over"
"""Key of a worker's processes in what it tells the run at its end."""


def pytest_sessionstart(session: pytest.Session) -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)
    os.environ[MARK] = uuid.uuid4().hex
    session.config.stash[REAPER] = subprocess.Popen(
        [sys.executable, "-m", "tests.support.reaper"],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        start_new_session=True,
        cwd=Path(__file__).parents[2],
    )


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session) -> None:
    """Look for what is left; last, when the workers of this run have ended."""
    reaper = session.config.stash.get(REAPER, None)
    if reaper is None:
        return
    left = _end_left_over(os.environ[MARK], reaper.pid)
    reaper.communicate(ALL_WELL)
    told: dict[str, object] | None = getattr(session.config, "workeroutput", None)
    if told is not None:
        told[OF_WORKER] = left
    left = session.config.stash.setdefault(LEFT, []) + left
    session.config.stash[LEFT] = left
    again = session.config.stash.get(AGAIN, [])
    if told is None and any(test not in again for test, _ in left):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(optionalhook=True)
def pytest_testnodedown(node: Any) -> None:
    """Take what a worker has told. `node` is xdist's, which has no type of its own for it."""
    told: list[tuple[str, str]] = getattr(node, "workeroutput", {}).get(OF_WORKER, [])
    node.config.stash.setdefault(LEFT, []).extend(told)


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> Iterator[None]:
    """Name them last: whoever keeps only the end of a long output has them."""
    yield
    for test, each in config.stash.get(LEFT, []):
        terminalreporter.write_line(
            f"LEFT OVER, and ended now: {each} of {test or 'an unknown test'}", red=True
        )


def _end_left_over(mark: str, reaper: int) -> list[tuple[str, str]]:
    """End what is still there; return each as in `LEFT`."""
    mine = {each.pid: each for each in (*psutil.Process().children(recursive=True), *marked(mark))}
    mine.pop(reaper, None)
    _, alive = psutil.wait_procs(list(mine.values()), timeout=GONE_WITHIN_S)
    left = []
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            if process.status() != psutil.STATUS_ZOMBIE:
                megabytes = process.memory_info().rss / 1e6
                what = f"process {process.pid}, {megabytes:.0f} MB: {' '.join(process.cmdline())[:200]}"
                left.append((_test_of(process), what))
                process.kill()
    psutil.wait_procs(alive, timeout=GONE_WITHIN_S)
    return left


def _test_of(process: psutil.Process) -> str:
    """Return the test that was running when a process was started, as pytest told it in the environment; "" = unknown."""
    with suppress(psutil.Error):
        return process.environ().get("PYTEST_CURRENT_TEST", "").rpartition(" (")[0]
    return ""
