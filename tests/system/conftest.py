"""Whole agents, on a real Mosquitto and on the embedded broker."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING, Protocol

import pytest
import pytest_asyncio
from tests.support.mosquitto import Mosquitto, free_port

from kikimori.agent import Agent
from kikimori.bus.broker import embedded_broker
from kikimori.config import AgentConfig, AudioSocketTable, SpeechTable
from kikimori_wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SITE = "test"
AGENT_ID = "agent"
WITHIN_S = 30


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


def agent_config(state: Path, broker: BrokerSettings, *, speech: SpeechTable | None = None) -> AgentConfig:
    return AgentConfig(
        site=SITE,
        agent_id=AGENT_ID,
        state_dir=state,
        mqtt=broker,
        audiosocket=AudioSocketTable(port=0, announce_port=0),
        speech=speech or SpeechTable(enabled=False),
    )


@asynccontextmanager
async def running(config: AgentConfig) -> AsyncIterator[Agent]:
    """Run an agent; at the end it is told to stop as SIGTERM would tell it, and must end by itself."""
    agent = Agent(config)
    task = asyncio.create_task(agent.run())
    try:
        task.add_done_callback(lambda _: agent.ready.cancel())
        try:
            await agent.ready
        except asyncio.CancelledError:
            await task
            raise
        yield agent
    finally:
        agent.stop.set()
        async with asyncio.timeout(WITHIN_S):
            await task


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that announces itself to nobody."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - what is looked at offers its state for reading only
            await asyncio.sleep(0.01)
