"""Brokers of both kinds, and the watch over what a test leaves behind."""

from __future__ import annotations

import asyncio
import logging
import os
import shutil
import signal
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
import structlog
import uvloop
from hypothesis import HealthCheck, settings
from tests.support import one_thread  # noqa: F401  (before numpy is loaded)
from tests.support.brokers import AnyBroker, Embedded
from tests.support.failures_at_once import pytest_configure  # noqa: F401  (a hook of this run)
from tests.support.installation import build_wheel, copy_sources
from tests.support.mosquitto import Mosquitto
from tests.support.postgres import one_postgres, postgres  # noqa: F401  (fixtures of this run)

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from pathlib import Path

pytest_plugins = ("tests.support.second_try", "tests.support.left_over")

# A run that a shell began in the background ignores Ctrl-C, and so would every program that it starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

# Commands speak English in tests, whatever this machine is set to; a test of the languages sets its own.
os.environ["LANG"] = "C"
for each in ("LC_ALL", "LC_MESSAGES"):
    os.environ.pop(each, None)

# No test is about time: a machine that is busy must not fail one. Examples are the same in each run, so that a change is
# judged by what it changes; new ones are looked for with `--hypothesis-profile=search`.
settings.register_profile("search", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.register_profile("same", settings.get_profile("search"), derandomize=True)
settings.load_profile("same")


@pytest_asyncio.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyBroker]:
    started: AnyBroker = Mosquitto(tmp_path) if request.param == "mosquitto" else Embedded()
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    """Mosquitto only, where the kind of broker makes no difference."""
    started = Mosquitto(tmp_path)
    await started.start()
    yield started
    await started.stop()


@pytest.fixture(params=["asyncio", "uvloop"])
def loop_of_the_program(request: pytest.FixtureRequest) -> asyncio.Runner:
    """The program runs on uvloop, which hands connections over in a way of its own."""
    return asyncio.Runner(loop_factory=uvloop.new_event_loop if request.param == "uvloop" else None)


@pytest.fixture(scope="session")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The wheel of the checkout, built once."""
    folder = tmp_path_factory.mktemp("wheel")
    source = folder / "source"
    copy_sources(source)
    built = build_wheel(source, folder)
    shutil.rmtree(source)
    return built


@pytest_asyncio.fixture
async def no_task_left() -> AsyncIterator[None]:
    """The test ends with the tasks that it began with."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=20)
    assert not {task for task in left if not task.done()}


@pytest.fixture(autouse=True)
def _log_as_before() -> Iterator[None]:
    """Commands that run in this process set the log up on a standard error that pytest takes away again."""
    before = list(logging.root.handlers)
    yield
    structlog.reset_defaults()
    logging.root.handlers[:] = before
