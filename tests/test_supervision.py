"""Background tasks that fail are started again, and it is said."""

from __future__ import annotations

import asyncio

import pytest
from structlog.testing import capture_logs
from tests.support.deadline import WITHIN_S
from tests.support.faults import SECRET, FaultyTap

from kikimori.supervision import Supervisor


async def test_a_task_that_fails_is_started_again_with_a_back_off() -> None:
    tap = FaultyTap(failures=3)
    supervisor = Supervisor(first_retry_s=0.01, last_retry_s=0.02)
    with capture_logs() as logs:
        task = asyncio.create_task(supervisor.keep("faulty", tap.run))
        async with asyncio.timeout(WITHIN_S):
            await tap.works.wait()
    assert (tap.runs, supervisor.restarts) == (4, 3)
    assert [each["retry_in_s"] for each in logs] == [0.01, 0.02, 0.02]
    assert {(each["event"], each["task"], each["error"]) for each in logs} == {
        ("task_failed", "faulty", "RuntimeError")
    }
    assert SECRET not in str(logs)
    assert [(each.code, each.detail) for each in supervisor.problems()] == [
        ("task_failed", "faulty: RuntimeError, 3 times in a row")
    ]
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_a_task_that_returns_is_done() -> None:
    supervisor = Supervisor()
    await supervisor.keep("once", _nothing)
    assert supervisor.problems() == ()


async def test_what_is_fatal_ends_it() -> None:
    tap = FaultyTap(failures=1)
    with pytest.raises(ExceptionGroup):
        await Supervisor().keep("faulty", tap.run, fatal=lambda _: True)


async def _nothing() -> None:
    return
