"""Asks every agent for its time every 30 s and when it must be confirmed, and says on the page whose clock differs from ours."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_dashboard.broker.subscriber import BrokerAwayError

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.actions.clocks import AgentClocks
    from kikimori_dashboard.actions.commands import Publisher
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

LOOK_EVERY_S = 0.5


async def keep_time(
    clocks: AgentClocks, state: SiteState, publisher: Publisher, changed: Callable[[], None]
) -> None:
    """Ask for times until cancelled."""
    loop = asyncio.get_running_loop()
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        online = [name for name, health in state.agents.items() if health.online]
        for agent_id in set(clocks.known()) - set(online):
            clocks.forget(agent_id)
        if state.broker_connected:
            for agent_id in online:
                if clocks.due(agent_id, loop.time(), unconfirmed=state.agent_book.unconfirmed(agent_id)):
                    await _ask(clocks, agent_id, publisher)
        differing = clocks.differing(datetime.now(UTC), loop.time())
        if differing != state.clocks_differing:
            if differing.keys() - state.clocks_differing.keys():
                log.warning("clocks_differ", ahead_s=differing)
            state.note_clocks(differing)
            changed()


async def _ask(clocks: AgentClocks, agent_id: str, publisher: Publisher) -> None:
    loop = asyncio.get_running_loop()
    question = clocks.ask(agent_id, publisher.reply_topic(agent_id), datetime.now(UTC), loop.time())
    try:
        await publisher.publish_command(agent_id, question)
    except BrokerAwayError:
        return
