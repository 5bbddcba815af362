"""Try of the way that the operator's button takes: dashboard, broker, agents. Alarms nobody and touches no call.

The agents answer the question for their time, which they answer to everybody; whether they would take a press from this
dashboard they say in their health.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_dashboard.actions.clocks import time_question
from kikimori_dashboard.broker.subscriber import BrokerAwayError

if TYPE_CHECKING:
    from kikimori_core.wire.messages import CommandResult
    from kikimori_dashboard.actions.commands import Publisher
    from kikimori_dashboard.site.state import SiteState

WITHIN_S = 5.0
"""Seconds in which an agent answers; a press waits longer, but who tries wants to know."""
REFUSES = "unknown_dashboard_key"
"""Problem of an agent that does not take presses from a dashboard."""


@dataclass(frozen=True, slots=True)
class ReachedAgent:
    """Answer of one agent."""

    agent_id: str
    took_s: float | None
    """Seconds until its answer; None = there was none, or it is off."""
    refuses: bool
    """True = it does not know this dashboard's key: the question was answered, a press would not be."""


@dataclass(frozen=True, slots=True)
class ReachResult:
    broker: bool
    """True = the broker took the questions."""
    agents: tuple[ReachedAgent, ...]


class ReachTry:
    """Tries of one dashboard. Who asks while one is under way shares its result."""

    def __init__(self, state: SiteState) -> None:
        self._state = state
        self._waiting: dict[str, asyncio.Future[None]] = {}
        self._running: asyncio.Task[ReachResult] | None = None

    def answered(self, result: CommandResult) -> bool:
        """Take an answer; False when it answers no question of a try."""
        future = self._waiting.get(result.command_id)
        if future is None:
            return False
        if not future.done():
            future.set_result(None)
        return True

    async def run(self, publisher: Publisher) -> ReachResult:
        """Ask every agent, and return who answered within `WITHIN_S`."""
        if self._running is None or self._running.done():
            self._running = asyncio.create_task(self._run(publisher), name="reach")
        return await asyncio.shield(self._running)

    async def _run(self, publisher: Publisher) -> ReachResult:
        if not self._state.broker_connected:
            return ReachResult(broker=False, agents=())
        try:
            agents = await asyncio.gather(
                *(self._ask(publisher, each) for each in sorted(self._state.agents))
            )
        except BrokerAwayError:
            return ReachResult(broker=False, agents=())
        return ReachResult(broker=True, agents=tuple(agents))

    async def _ask(self, publisher: Publisher, agent_id: str) -> ReachedAgent:
        health = self._state.agents[agent_id]
        refuses = any(each.code == REFUSES for each in health.problems)
        if not health.online:
            return ReachedAgent(agent_id, None, refuses)
        loop = asyncio.get_running_loop()
        question = time_question(publisher.reply_topic(agent_id), datetime.now(UTC))
        answer = self._waiting[question.command_id] = loop.create_future()
        asked_at, took_s = loop.time(), None
        try:
            with suppress(TimeoutError):
                async with asyncio.timeout(WITHIN_S):
                    await publisher.publish_command(agent_id, question)
                    await answer
                    took_s = loop.time() - asked_at
        finally:
            del self._waiting[question.command_id]
        return ReachedAgent(agent_id, took_s, refuses)


def view_of(result: ReachResult) -> dict[str, object]:
    """Return the answer to the page."""
    return {
        "broker": result.broker,
        "agents": [
            {
                "agent_id": each.agent_id,
                "ms": None if each.took_s is None else round(each.took_s * 1000),
                "refuses": each.refuses,
            }
            for each in result.agents
        ],
    }
