"""The dashboard on real brokers of both kinds: it learns, survives, comes back, and then shows the truth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import aiohttp
from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import connected, live_client
from tests.support.peer_agent import PeerAgent

from kikimori_core.wire.messages import Severity

if TYPE_CHECKING:
    from tests.support.brokers import AnyBroker
    from tests.support.mosquitto import Mosquitto


async def test_it_learns_what_was_there_before(broker: AnyBroker) -> None:
    async with PeerAgent(broker.settings).running() as agent:
        await agent.call("c")
        await agent.alert("c")
        async with dashboard(dashboard_settings(broker.settings)) as url, live_client(url) as watching:
            picture = await watching.until(connected)
            assert list(picture["calls"]) == ["c"]
            assert picture["calls"]["c"]["urgency"] == 3
            assert list(picture["alerts"]) == ["c.shouting.1"]
            assert picture["agents"]["agent-1"]["online"]


async def test_a_broker_stopped_and_started_again(broker: AnyBroker) -> None:
    """Calls that ended while nobody could say so are gone afterwards; one that goes on is there."""
    agent = PeerAgent(broker.settings)
    async with (
        dashboard(dashboard_settings(broker.settings)) as url,
        live_client(url) as watching,
        agent.running(),
    ):
        await agent.call("ends-meanwhile")
        await agent.call("goes-on")
        await agent.alert("ends-meanwhile")
        await watching.until(lambda picture: len(picture["calls"]) == 2 and picture["alerts"])
        await broker.stop()
        picture = await watching.until(lambda picture: not connected(picture))
        assert len(picture["calls"]) == 2
        await agent.end_call("ends-meanwhile")
        for topic in [each for each in agent.retained if "ends-meanwhile" in each]:
            del agent.retained[topic]
        agent.cleared = [
            agent.topics.call_state("ends-meanwhile"),
            agent.topics.alert("ends-meanwhile.shouting.1"),
        ]
        await broker.start()
        picture = await watching.until(
            lambda picture: connected(picture) and list(picture["calls"]) == ["goes-on"]
        )
        assert picture["alerts"] == {}


async def test_alerts_of_the_time_it_was_down_arrive(broker: AnyBroker) -> None:
    """Also such as were closed again: the broker keeps them in the dashboard's session."""
    settings = dashboard_settings(broker.settings)
    async with PeerAgent(broker.settings).running() as agent:
        await agent.call("c")
        async with dashboard(settings) as url, live_client(url) as watching:
            await watching.until(lambda picture: connected(picture) and picture["calls"])
        alert = await agent.alert("c", severity=Severity.WARNING)
        await agent.close_alert(alert)
        await agent.call("late")
        await agent.alert("late")
        async with dashboard(settings) as url, live_client(url) as watching:
            picture = await watching.until(connected)
            assert [each["alert_id"] for each in picture["missed"]["alerts"]] == ["c.shouting.1"]
            assert list(picture["alerts"]) == ["late.shouting.1"]


async def test_it_starts_without_a_broker_and_says_so(broker: AnyBroker) -> None:
    await broker.stop()
    async with dashboard(dashboard_settings(broker.settings)) as url, live_client(url) as watching:
        assert (await watching.next())["site"]["broker_connected"] is False
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as answer:
            assert answer.status == 503
        await broker.start()
        await watching.until(connected)


GARBAGE = [
    b"\xff\xfe",
    b"{}",
    b"[]",
    b"null",
    b"0" * 300_000,
    b"[" * 20_000,
    b'{"v":1,"call_id":"../x"}',
    '{"v":2,"call_id":"山"}'.encode(),
]


async def test_garbage_on_every_topic_is_counted_and_harms_nothing(agent: PeerAgent, url: str) -> None:
    topics = agent.topics
    everywhere = [
        topics.call_state("x"),
        topics.transcript("x"),
        topics.alert("x"),
        topics.health,
        topics.levels,
        topics.reply("dashboard-test"),
    ]
    async with live_client(url) as watching:
        await watching.until(connected)
        for topic in everywhere:
            for payload in GARBAGE:
                await agent.publish(topic, payload)
        # An honest message under another's name.
        await agent.publish(topics.call_state("y"), (await agent.call("after")))
        await watching.until(lambda picture: "after" in picture["calls"])
        async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as answer:
            figures = await answer.json()
        assert list(watching.picture["calls"]) == ["after"]
        # An empty marker-like reply is ours and ignored; everything else is counted.
        assert figures["bad_messages"] >= len(everywhere) * len(GARBAGE)


async def test_an_agent_that_dies_leaves_its_calls_marked(real: Mosquitto, url: str) -> None:
    dying = PeerAgent(real.settings)
    async with live_client(url) as watching, dying.running():
        await dying.call("c")
        await watching.until(lambda picture: "c" in picture["calls"] and not picture["calls"]["c"]["stale"])
        dying.abort()
        await watching.until(lambda picture: picture["calls"]["c"]["stale"])
        assert watching.picture["agents"]["agent-1"]["online"] is False


async def test_changes_of_one_moment_are_put_together(agent: PeerAgent, url: str) -> None:
    async with live_client(url) as watching:
        await watching.until(connected)
        for number in range(30):
            await agent.call(f"c-{number}")
        await watching.until(lambda picture: len(picture["calls"]) == 30)
        assert watching.snapshots == 1
        # Changes were put together: ten a second at most, not one per message.
        assert watching.deltas < 30


async def test_serving_ends_quickly_and_leaves_no_task(real: Mosquitto) -> None:
    before = asyncio.all_tasks()
    async with dashboard(dashboard_settings(real.settings)) as url, live_client(url) as watching:
        await watching.until(connected)
    left = {task for task in asyncio.all_tasks() - before if not task.done()}
    assert left == set()
