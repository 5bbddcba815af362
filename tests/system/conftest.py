"""Whole agents, on a real Mosquitto and on the embedded broker."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S
from tests.support.signing import introduce

from kikimori.agent import Agent
from kikimori.config import AgentConfig, SpeechTable
from kikimori.integrations.audiosocket.settings import AudioSocketTable
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

SITE = "test"
AGENT_ID = "agent"


@pytest.fixture(autouse=True)
def _every_task_ends(no_task_left: None) -> None:
    """For all tests of this folder."""


def agent_config(state: Path, broker: BrokerSettings, *, speech: SpeechTable | None = None) -> AgentConfig:
    introduce(state, AGENT_ID)
    return AgentConfig(
        site=SITE,
        agent_id=AGENT_ID,
        state_dir=state,
        mqtt=broker,
        audiosocket=AudioSocketTable(port=0, announce_port=0),
        speech=speech or SpeechTable(enabled=False),
    )


@asynccontextmanager
async def running(config: AgentConfig, make: Callable[[AgentConfig], Agent] = Agent) -> AsyncIterator[Agent]:
    """Run an agent; at the end it is told to stop as SIGTERM would tell it, and must end by itself."""
    agent = make(config)
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
