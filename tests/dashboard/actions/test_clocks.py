"""Clocks that differ: a press is issued in the agent's time and carried out, and the page warns from three seconds."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support import sample
from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import live_client
from tests.support.peer_agent import PeerAgent
from tests.support.sample import NOON
from tests.support.sign_in import client

from kikimori_core.wire.messages import ASK_TIME, Outcome
from kikimori_dashboard.actions.clocks import AgentClocks

if TYPE_CHECKING:
    from tests.support.brokers import AnyBroker

AGENT = sample.AGENT
MEASURED_WITHIN_S = 5
"""Half of what the question and its answer take, at most; a press in the dashboard's own time would be off by twelve."""


def measured(*, ahead_s: float, trip_s: float = 0.2, clocks: AgentClocks | None = None) -> AgentClocks:
    """Clocks after one question at monotonic 100 s, answered after `trip_s`."""
    clocks = clocks or AgentClocks()
    question = clocks.ask(AGENT, "r", NOON, 100.0)
    at = NOON + timedelta(seconds=ahead_s + trip_s / 2)
    answer = sample.result(question.command_id, action=ASK_TIME, outcome=Outcome.REFUSED, at=at)
    assert clocks.take(answer, 100.0 + trip_s)
    return clocks


def test_the_agents_time_is_known_after_a_round_trip() -> None:
    clocks = measured(ahead_s=12)
    later = NOON + timedelta(seconds=20)
    assert clocks.now_of(AGENT, later, 120.0) == later + timedelta(seconds=12)
    assert clocks.now_of("another", later, 120.0) == later
    # Our wall clock was set meanwhile: the agent's time is the same.
    assert clocks.now_of(AGENT, NOON, 120.0) == later + timedelta(seconds=12)
    assert clocks.differing(later, 120.0) == {AGENT: 12}


@pytest.mark.parametrize(("ahead_s", "warned"), [(2.8, {}), (3.1, {AGENT: 3}), (-12.0, {AGENT: -12})])
def test_a_warning_from_three_seconds(ahead_s: float, warned: dict[str, int]) -> None:
    assert measured(ahead_s=ahead_s).differing(NOON, 100.0) == warned


def test_it_is_asked_every_thirty_seconds_and_again_when_the_answer_was_lost() -> None:
    clocks = AgentClocks()
    assert clocks.due(AGENT, 100.0)
    clocks.ask(AGENT, "r", NOON, 100.0)
    assert not clocks.due(AGENT, 104.9)
    assert clocks.due(AGENT, 105.0)
    clocks = measured(ahead_s=0)
    assert not clocks.due(AGENT, 130.0)
    assert clocks.due(AGENT, 130.3)


def test_a_slow_answer_does_not_replace_what_is_known() -> None:
    clocks = measured(ahead_s=1)
    measured(ahead_s=9, trip_s=40.0, clocks=clocks)
    assert clocks.differing(NOON, 100.0) == {}
    # But is better than nothing.
    assert measured(ahead_s=9, trip_s=40.0).differing(NOON, 100.0) == {AGENT: 9}


@pytest.mark.parametrize("ahead_s", [12, -12])
async def test_a_press_is_issued_in_the_agents_time(broker: AnyBroker, ahead_s: int) -> None:
    """Twelve seconds: more than a press lives. The command stands in the agent's time, and the page says so."""
    agent = PeerAgent(broker.settings)
    agent.clock_ahead = timedelta(seconds=ahead_s)
    async with (
        agent.running(),
        dashboard(dashboard_settings(broker.settings)) as url,
        live_client(url) as watching,
        client(url) as session,
    ):
        await agent.call("c")
        picture = await watching.until(lambda picture: picture["site"]["clocks"] and picture["calls"])
        assert abs(picture["site"]["clocks"]["agent-1"] - ahead_s) <= MEASURED_WITHIN_S
        pressed = asyncio.create_task(
            session.post(f"{url}/api/calls/c/commands", json={"action": "hold_transfer"})
        )
        command = await agent.command()
        now = datetime.now(UTC) + agent.clock_ahead
        assert command.issued_at <= now + timedelta(seconds=MEASURED_WITHIN_S)
        assert now < command.expires_at
        await agent.answer(command)
        assert (await pressed).status == 200
