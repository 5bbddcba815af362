"""Report of the running agent: the problems of its ways in."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori.bus.outbox_store import is_in_use
from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.errors import KikimoriError
from kikimori.watch.agent import AgentView
from kikimori_core.messages import both

if TYPE_CHECKING:
    from kikimori.config import AgentConfig
    from kikimori.watch.picture import TapRow

WAIT_S = 2.0
"""Seconds to wait for its health, which is retained: it comes at once, or there is none."""


async def look_at_running(config: AgentConfig) -> list[Diagnosis]:
    """Read the health of the agent that this configuration is for."""
    outbox = config.state_path() / f"outbox-{config.agent_id}.sqlite3"
    if config.mqtt.username and is_in_use(outbox):
        # A broker that takes the user's name for the client's would end the agent's connection for ours.
        return [Diagnosis("agent", CheckState.OK, *both("agent_runs"))]
    view = AgentView(config)
    try:
        async with view.running():
            row = await _row(view, f"agent {config.agent_id}")
    except KikimoriError:
        return []  # said of the broker
    if row is None or any(each.code == "agent_offline" for each in row.problems):
        return []  # before the first start that is as it should be
    if not row.problems:
        return [Diagnosis("agent", CheckState.OK, *both("agent_well"))]
    return [Diagnosis("agent", CheckState.WARNING, *each.texts()) for each in row.problems]


async def _row(view: AgentView, name: str) -> TapRow | None:
    until = asyncio.get_running_loop().time() + WAIT_S
    while True:
        row = next((each for each in view.picture().taps if each.name == name), None)
        if row is not None or asyncio.get_running_loop().time() > until:
            return row
        await asyncio.sleep(0.05)
