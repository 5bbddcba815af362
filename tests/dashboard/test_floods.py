"""Floods by somebody who may write: every button goes on working, and what was there is still there."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import aiohttp
import pytest
from tests.support.browser import dashboard, dashboard_settings
from tests.support.flood import flood
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import client

from kikimori_core.wire.backlog import FULL_AT, Backlog
from kikimori_core.wire.messages import Outcome
from kikimori_core.wire.topics import Topics

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.mosquitto import Mosquitto

pytestmark = pytest.mark.timeout(300)

MANY = 200_000
WITHIN_S = 150
STRANGER = Topics("main").of("stranger")


def garbage() -> Iterator[tuple[str, bytes]]:
    """Half of it no JSON, half of it no message, each on a topic of its own."""
    for number in range(MANY):
        topic = STRANGER.alert(f"a{number}") if number % 2 else STRANGER.call_state(f"c{number}")
        yield topic, b"\xff garbage" if number % 3 else b'{"v": 1, "call_id": 7}'


async def press(url: str, agent: PeerAgent) -> str:
    """Press on the page; the agent's answer as the page gets it."""

    async def answer() -> None:
        # As an agent does: whoever asks again is answered again.
        while True:
            await agent.answer(await agent.commands.get())

    async with client(url) as session, asyncio.timeout(WITHIN_S):
        answering = asyncio.create_task(answer())
        async with session.post(f"{url}/api/calls/c/commands", json={"action": "hold_transfer"}) as said:
            result = await said.json()
        answering.cancel()
        assert said.status == 200, result
    outcome: str = result["outcome"]
    return outcome


async def figures(url: str) -> dict[str, int]:
    async with aiohttp.ClientSession() as session, session.get(f"{url}/healthz") as said:
        found: dict[str, int] = json.loads(await said.text())
        return found


async def until_there(url: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not ((now := await figures(url))["ready"] and now["calls"]):  # noqa: ASYNC110  (HTTP tells nobody)
            await asyncio.sleep(0.2)


async def test_what_strangers_retained_disables_no_button(real: Mosquitto) -> None:
    async with PeerAgent(real.settings).running() as agent:
        await agent.call("c")
        await flood(real.settings, garbage(), retain=True)
        async with dashboard(dashboard_settings(real.settings)) as url:
            await until_there(url)
            assert await press(url, agent) == Outcome.DONE
            async with asyncio.timeout(WITHIN_S):
                while (await figures(url))["bad_messages"] <= FULL_AT:  # noqa: ASYNC110  (HTTP tells nobody)
                    await asyncio.sleep(0.2)
            assert (await figures(url))["calls"] == 1
            assert await press(url, agent) == Outcome.DONE


async def test_garbage_while_it_works_disables_no_button(real: Mosquitto) -> None:
    async with (
        PeerAgent(real.settings).running() as agent,
        dashboard(dashboard_settings(real.settings)) as url,
    ):
        await agent.call("c")
        await until_there(url)
        flooding = asyncio.create_task(flood(real.settings, garbage()))
        assert await press(url, agent) == Outcome.DONE
        async with asyncio.timeout(WITHIN_S):
            await flooding
        assert await press(url, agent) == Outcome.DONE
        assert (await figures(url))["ready"]


async def test_a_full_backlog_stops_its_source_and_drops_nothing() -> None:
    backlog: Backlog[int] = Backlog()
    told: list[str] = []
    backlog.stop = lambda: told.append("stop")
    backlog.go_on = lambda: told.append("go on")
    for number in range(FULL_AT + 3):
        backlog.put_nowait(number)
    assert told == ["stop"]
    assert [await backlog.get() for _ in range(FULL_AT + 3)] == list(range(FULL_AT + 3))
    assert told == ["stop", "go on"]
