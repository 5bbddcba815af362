"""Loops that try again end when they are cancelled, though an error comes in the same moment."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S

from kikimori.supervision import Supervisor
from kikimori_core.cancellation import run_whole
from kikimori_core.wire.connection import BrokerError, only_broker_error, stay_connected

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


async def _fails_when_cancelled(began: asyncio.Event) -> None:
    """Lose the broker in the moment of the cancellation, in one of two tasks."""
    try:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(asyncio.Event().wait())
            tasks.create_task(_loses_the_broker(began))
    except BaseExceptionGroup as group:
        raise only_broker_error(group) from None


async def _loses_the_broker(began: asyncio.Event) -> None:
    began.set()
    try:
        await asyncio.Event().wait()
    finally:
        raise BrokerError("lost")


def _reconnects(began: asyncio.Event) -> Coroutine[None, None, None]:
    return stay_connected(lambda: _fails_when_cancelled(began), lambda _error, _wait: None)


def _restarts(began: asyncio.Event) -> Coroutine[None, None, None]:
    return Supervisor().keep("task", lambda: _fails_when_cancelled(began))


@pytest.mark.parametrize("loop", [_reconnects, _restarts])
async def test_a_loop_ends_that_is_cancelled_as_its_connection_breaks(
    loop: Callable[[asyncio.Event], Coroutine[None, None, None]],
) -> None:
    began = asyncio.Event()
    task = asyncio.create_task(loop(began))
    await began.wait()
    task.cancel()
    async with asyncio.timeout(WITHIN_S):
        await asyncio.wait([task])
    assert task.cancelled()


async def test_a_whole_step_is_done_before_its_cancellation_is_raised() -> None:
    began, go_on, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def step() -> None:
        began.set()
        await go_on.wait()
        done.set()

    task = asyncio.create_task(run_whole(step))
    await began.wait()
    for _ in range(2):
        task.cancel()
        await asyncio.sleep(0)
    go_on.set()
    async with asyncio.timeout(WITHIN_S):
        await asyncio.wait([task])
    assert task.cancelled()
    assert done.is_set()
