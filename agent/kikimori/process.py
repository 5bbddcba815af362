"""This process: its event loop, and the signals that end it."""

from __future__ import annotations

import asyncio
import signal
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import uvloop

from kikimori.errors import KikimoriError
from kikimori_core.wire.open_files import need_open_files

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Coroutine, Iterator


@asynccontextmanager
async def stop_on_signals() -> AsyncIterator[asyncio.Event]:
    """Give an event that SIGINT and SIGTERM set. A second signal ends the task without waiting."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    task = asyncio.current_task()

    def told() -> None:
        if stop.is_set() and task is not None:
            task.cancel()
        stop.set()

    for number in _signals():
        loop.add_signal_handler(number, told)
    try:
        yield stop
    finally:
        for number in _signals():
            loop.remove_signal_handler(number)


def _signals() -> Iterator[signal.Signals]:
    yield from (signal.SIGINT, signal.SIGTERM)


def run_until_done(main: Coroutine[None, None, int]) -> int:
    """Run a command on uvloop: its sockets cost a tenth of the standard loop's.

    Raises:
        KikimoriError: this process may have too few files open.
    """
    try:
        need_open_files()
    except KikimoriError:
        main.close()
        raise
    try:
        return uvloop.run(main)
    except asyncio.CancelledError:
        return 130


def run_service(serve: Callable[[], Coroutine[None, None, None]]) -> int:
    """Run a service until it ends, or SIGINT or SIGTERM stops it, and return the exit code.

    Raises:
        KikimoriError: as `run_until_done` does, and as the service itself, in a group.
    """
    return run_until_done(_served(serve))


async def _served(serve: Callable[[], Coroutine[None, None, None]]) -> int:
    async with stop_on_signals() as stop, asyncio.TaskGroup() as tasks:
        serving, told = tasks.create_task(serve()), tasks.create_task(stop.wait())
        await asyncio.wait([serving, told], return_when=asyncio.FIRST_COMPLETED)
        serving.cancel()
        told.cancel()
        with suppress(asyncio.CancelledError):
            await serving
    return 0
