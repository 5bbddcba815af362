"""Brokers of both kinds, and a bus that runs for the length of a test."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio
from tests.support import sample
from tests.support.listener import WITHIN_S
from tests.support.mosquitto import Mosquitto, free_port

from kikimori.bus import Bus, Outbox
from kikimori.bus.broker import embedded_broker
from kikimori_wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable
    from datetime import datetime
    from pathlib import Path

    from kikimori_wire.messages import Command, CommandResult


class AnyBroker(Protocol):
    @property
    def settings(self) -> BrokerSettings: ...
    async def start(self) -> None: ...
    async def stop(self) -> None: ...


class Embedded:
    """The embedded broker, to be stopped and started again on the same port. Forgets everything in between."""

    def __init__(self) -> None:
        self.settings = BrokerSettings(port=free_port())
        self._running = AsyncExitStack()

    async def start(self) -> None:
        await self._running.enter_async_context(embedded_broker(self.settings.host, self.settings.port))

    async def stop(self) -> None:
        await self._running.aclose()


@pytest_asyncio.fixture(params=["mosquitto", "embedded"])
async def broker(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[AnyBroker]:
    started: AnyBroker = Mosquitto(tmp_path) if request.param == "mosquitto" else Embedded()
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture
async def real(tmp_path: Path) -> AsyncIterator[Mosquitto]:
    started = Mosquitto(tmp_path)
    await started.start()
    yield started
    await started.stop()


@pytest_asyncio.fixture(autouse=True)
async def no_task_left() -> AsyncIterator[None]:
    """Every test ends with the tasks that it began with."""
    yield
    left = asyncio.all_tasks() - {asyncio.current_task()}
    if left:
        await asyncio.wait(left, timeout=2)
    assert not {task for task in left if not task.done()}


async def refuse_commands(_command: Command) -> CommandResult:
    raise AssertionError("no command was expected")


class Office:
    """Starts buses on one outbox file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @asynccontextmanager
    async def bus(
        self,
        settings: BrokerSettings,
        *,
        on_command: Callable[[Command], Awaitable[CommandResult]] = refuse_commands,
        now: Callable[[], datetime] = lambda: sample.NOON,
        connected: bool = True,
    ) -> AsyncIterator[Bus]:
        outbox = await Outbox.open(self.path)
        bus = Bus(settings, sample.SITE, sample.AGENT, outbox, on_command=on_command, now=now)
        bus.set_health(sample.health())
        task = asyncio.create_task(bus.run())
        try:
            if connected:
                await until(lambda: bus.connected)
            yield bus
        finally:
            await bus.aclose()
            with suppress(asyncio.CancelledError):
                await task
            await outbox.aclose()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "state" / "outbox.sqlite3")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that announces itself to nobody."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - the bus offers its state for reading only
            await asyncio.sleep(0.005)
