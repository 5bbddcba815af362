"""A whole agent for a benchmark, with the embedded broker beside it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from kikimori.agent import Agent
from kikimori.bus.broker import embedded_broker
from kikimori.bus.broker_users import everything
from kikimori.config import AgentConfig
from kikimori.integrations.audiosocket.settings import AudioSocketTable
from kikimori_core.journal.settings import RecordingTable
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from kikimori.addresses import Addresses
    from kikimori.config import SpeechTable

AgentT = TypeVar("AgentT", bound=Agent)


@asynccontextmanager
async def bench_agent(
    make: Callable[[AgentConfig], AgentT],
    state: Path,
    speech: SpeechTable,
    *,
    connections: int,
    recording: RecordingTable | None = None,
) -> AsyncIterator[tuple[AgentT, Addresses]]:
    """Run the agent that `make` makes, with AudioSocket for at most `connections`; its ports are real ones.

    Without `recording` no call is recorded.
    """
    config = AgentConfig(
        site="bench",
        agent_id="bench",
        state_dir=state,
        audiosocket=AudioSocketTable(port=0, announce_port=0, max_connections=connections),
        speech=speech,
        recording=recording or RecordingTable(),
    )
    user = everything()
    async with embedded_broker("127.0.0.1", 0, users=[user]) as broker, asyncio.TaskGroup() as tasks:
        mqtt = BrokerSettings(host="127.0.0.1", port=broker.port).with_login(user.name, user.password)
        agent = make(config.model_copy(update={"mqtt": mqtt}))
        tasks.create_task(agent.run(), name="agent")
        try:
            yield agent, await agent.ready
        finally:
            agent.stop.set()
