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
    task = asyncio.create_task(_awaited(run))
    cancelled: asyncio.CancelledError | None = None
    while not task.done():
        try:
            await asyncio.wait([task])
        except asyncio.CancelledError as error:
            cancelled = error
            task.cancel()
    if cancelled is None:
        return task.result()
    if not task.cancelled():
        task.exception()  # or asyncio complains that nobody asked
    raise cancelled


async def _awaited(run: Callable[[], Awaitable[T]]) -> T:
    return await run()
