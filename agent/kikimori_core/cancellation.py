"""Cancellation that nothing can swallow."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

T = TypeVar("T")


async def run_cancellable(run: Callable[[], Awaitable[T]]) -> T:
    """Run in a task of its own and return its result; for a loop that tries again after an error.

    An error that comes in the moment of the cancellation replaces it: on Python 3.11 and 3.12 a TaskGroup raises its
    tasks' errors alone (https://github.com/python/cpython/issues/116720), and so does a `finally` that fails. A loop
    that took this for a lost connection would go on, and whoever waits for its end would wait for ever. Here the
    cancellation arrives outside the task, and is raised when the task has ended, however it ended.

    Raises:
        asyncio.CancelledError: cancelled.
        Exception: raised by `run`.
    """
    return await _ended(run, at_once=True)


async def run_whole(run: Callable[[], Awaitable[T]]) -> T:
    """Run to the end in a task of its own and return its result, also while the caller is cancelled; for short steps.

    A transaction that is cancelled while its database's thread works leaves a connection that nobody closes: on SQLite
    every later writer waits for it.

    Raises:
        asyncio.CancelledError: cancelled meanwhile; the step has been done, or has failed.
        Exception: raised by `run`.
    """
    return await _ended(run, at_once=False)


async def _ended(run: Callable[[], Awaitable[T]], *, at_once: bool) -> T:
    """Wait for the end of a task, however it ends, and raise a cancellation after it; `at_once` passes it on."""
    task = asyncio.create_task(_awaited(run))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
            if at_once:
                task.cancel()
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # or asyncio complains that nobody asked
    raise cancelled


async def _awaited(run: Callable[[], Awaitable[T]]) -> T:
    return await run()
