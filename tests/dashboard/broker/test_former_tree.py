"""Dashboards are updated first: agents of the version before go on as they were, and once updated leave no trace."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest_asyncio
from tests.support.browser import dashboard, dashboard_settings
from tests.support.former_peer import FormerPeer
from tests.support.live_client import connected, live_client
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import client

from kikimori_core.wire.key_store import Identity
from kikimori_core.wire.messages import Outcome, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.mosquitto import Mosquitto


@pytest_asyncio.fixture
async def url(real: Mosquitto) -> AsyncIterator[str]:
    """A dashboard that was not told any agent's key yet."""
    async with dashboard(dashboard_settings(real.settings), identity=Identity.in_memory()) as address:
        yield address


async def test_an_agent_of_the_version_before_is_shown_and_answers_presses(real: Mosquitto, url: str) -> None:
    async with FormerPeer(real.settings).running() as agent, live_client(url) as watching:
        await agent.call("c")
        await agent.alert("c")
        await agent.say("c", Role.CUSTOMER, "もしもし", 3)
        picture = await watching.until(
            lambda each: (
                connected(each) and "c" in each["calls"] and each["calls"]["c"]["lines"] and each["alerts"]
            )
        )
        assert picture["agents"]["agent-1"]["online"]
        assert picture["site"]["signatures"]["agent-1"]["standing"] == "unsigned"

        async def answer() -> None:
            await agent.answer(await agent.command(), Outcome.DONE)

        answering = asyncio.create_task(answer())
        async with (
            client(url) as http,
            http.post("/api/calls/c/commands", json={"action": "hold"}) as got,
        ):
            assert (await got.json())["outcome"] == "done"
        await answering
        await agent.end_call("c")
        await watching.until(lambda each: not each["calls"])


async def test_what_an_updated_agent_left_is_past(real: Mosquitto, url: str) -> None:
    """Even where its rights do not let it clear what it left; what it says now stands."""
    async with live_client(url) as watching:
        async with FormerPeer(real.settings).running() as before:
            await before.call("left")
            await before.alert("left")
            await before.call("goes-on")
            await watching.until(lambda each: connected(each) and len(each["calls"]) == 2 and each["alerts"])
        async with PeerAgent(real.settings).running() as updated:
            await updated.call("goes-on")
            await watching.until(lambda each: list(each["calls"]) == ["goes-on"] and not each["alerts"])
            assert watching.picture["agents"]["agent-1"]["online"]
            # A late message of the tree before changes nothing any more.
            late = FormerPeer(real.settings)
            await updated.publish(late.topics.call_state("goes-on"), b"", retain=True)
            await updated.publish(late.topics.call_state("left"), before.calls["left"], retain=True)
            await updated.call("after")
            await watching.until(lambda each: "after" in each["calls"])
            assert set(watching.picture["calls"]) == {"goes-on", "after"}


async def test_an_agent_cannot_speak_for_another(real: Mosquitto, url: str) -> None:
    """Neither by the topic nor by the payload."""
    async with (
        PeerAgent(real.settings).running() as agent,
        PeerAgent(real.settings, agent_id="agent-2").running() as other,
        live_client(url) as watching,
    ):
        await agent.call("c")
        alert = await agent.alert("c")
        await watching.until(lambda each: connected(each) and each["calls"] and each["alerts"])
        forged = alert.model_copy(update={"revision": 99, "agent_id": "agent-2"})
        await other.publish(agent.topics.alert(alert.alert_id).replace("agent-1", "agent-2"), forged)
        await other.publish(other.topics.alert(alert.alert_id), alert.model_copy(update={"revision": 99}))
        await other.publish(other.topics.alert(alert.alert_id), b"", retain=True)
        await other.publish(other.topics.call_state("c"), b"", retain=True)
        await other.publish(
            other.topics.call_state("c"), agent.calls["c"].model_copy(update={"agent_id": "agent-2"})
        )
        await other.say("c", Role.CUSTOMER, "偽", 1)
        await other.call("of-agent-2")
        await watching.until(lambda each: "of-agent-2" in each["calls"])
        assert watching.picture["calls"]["c"]["agent_id"] == "agent-1"
        assert watching.picture["calls"]["c"]["lines"] == []
        assert watching.picture["alerts"][alert.alert_id]["revision"] == 1
