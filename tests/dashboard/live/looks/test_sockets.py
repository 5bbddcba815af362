"""Pages that say what they draw, over real sockets: garbage, haste, what is sent at once, and pages of before."""

from __future__ import annotations

import asyncio
import json
import random
from typing import TYPE_CHECKING, Any

import aiohttp
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.live_client import LiveClient, connected, live_client
from tests.support.office import leg

from kikimori_core.wire.messages import Role
from kikimori_dashboard.live.live import MOST_FROM_BROWSER
from kikimori_dashboard.live.looks import pump
from kikimori_dashboard.live.looks.message import MOST_CARDS, MOST_ROWS, Look, read_look

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

GARBAGE = (
    '{"type":"look","cards":["c"],"rows":[],"whole":null,"more":1}',
    '{"type":"look","cards":"c"}',
    '{"type":"look","cards":[1]}',
    '{"type":"look","cards":[null]}',
    '{"type":"look","cards":[""]}',
    '{"type":"look","whole":["c"]}',
    '{"type":"look","whole":7}',
    '{"type":"look","rows":{"c":1}}',
    json.dumps({"type": "look", "cards": ["c"] * (MOST_CARDS + 1)}),
    json.dumps({"type": "look", "rows": ["c"] * (MOST_ROWS + 1)}),
    json.dumps({"type": "look", "whole": "c" * 1000}),
    '{"cards":["c"]}',
    "[" * 10_000,
    "x" * (MOST_FROM_BROWSER + 1),
)


async def look(client: LiveClient, **drawn: Any) -> None:
    await client.socket.send_str(json.dumps({"type": "look", **drawn}))


async def until(client: LiveClient, part: str, name: str) -> Any:
    """Read until a message tells something of a part under a name."""
    while True:
        found = (await client.next()).get(part, {}).get(name)
        if found is not None:
            return found


@given(st.text() | st.binary().map(lambda each: each.decode("latin-1")))
@settings(max_examples=100, deadline=None)
def test_no_text_fails_otherwise_than_by_being_refused(text: str) -> None:
    assert read_look(text) is None


@given(
    st.recursive(
        st.none() | st.booleans() | st.floats() | st.integers() | st.text(),
        lambda each: st.lists(each) | st.dictionaries(st.sampled_from(["cards", "rows", "whole", "x"]), each),
    ),
    st.fixed_dictionaries(
        {},
        optional={
            name: st.lists(st.text() | st.integers()) | st.text() for name in ("cards", "rows", "whole")
        },
    ),
)
@settings(max_examples=100, deadline=None)
def test_what_is_taken_is_what_was_meant(value: Any, fields: dict[str, Any]) -> None:
    for said in (value, {"type": "look", **fields}):
        taken = read_look(json.dumps(said))
        if taken is not None:
            assert taken == Look(**said)
            assert len(taken.cards) <= MOST_CARDS
            assert all(isinstance(each, str) and each for each in (*taken.cards, *taken.rows))


async def test_garbage_ends_that_socket_only_and_haste_ends_none(url: str, agent: PeerAgent) -> None:
    await agent.call("c")
    async with (
        live_client(url, look=True) as calm,
        live_client(url, page="operator", login="operator") as operator,
    ):
        await calm.until(lambda picture: connected(picture) and "c" in picture["calls"])
        for garbage in GARBAGE:
            async with live_client(url, look=True) as other:
                await other.socket.send_str(garbage)
                async with asyncio.timeout(60):
                    while (await other.receive()).type is aiohttp.WSMsgType.TEXT:
                        pass
                assert other.socket.closed
        # Only a supervisor's page that asked for it says what it draws.
        await look(operator, cards=["c"])
        async with asyncio.timeout(60):
            while (await operator.receive()).type is aiohttp.WSMsgType.TEXT:
                pass
        draw = random.Random(1)  # noqa: S311
        for _ in range(50):
            await look(calm, cards=[f"c{draw.randrange(99)}" for _ in range(20)], rows=["nobody"], whole="c")
        await look(calm, cards=["c"], whole="c")
        await agent.say("c", Role.CUSTOMER, "まだですか", 9)
        await agent.levels(c=(leg(-13, over=14, effort=0.93), leg(-50, speaking=False)))
        told = await until(calm, "levels", "c")
        assert told == {"s": 200.0, "customer": [-13, 14, 93]}
        assert not calm.socket.closed


async def test_an_alert_and_an_answer_do_not_wait_for_the_interval(
    url: str, agent: PeerAgent, monkeypatch: pytest.MonkeyPatch
) -> None:
    await agent.call("c")
    async with live_client(url, look=True) as page:
        await page.until(lambda picture: connected(picture) and "c" in picture["calls"])
        # Whatever waits for the interval would come after the test.
        monkeypatch.setattr(pump, "CARDS_EVERY_S", 3600.0)
        await look(page, cards=["c"], whole="c")
        await agent.say("c", Role.CUSTOMER, "責任者を出せ", 9)
        await agent.alert("c")
        await page.until(lambda picture: picture["alerts"])
        assert page.picture["calls"]["c"]["lane"] == "attention"


async def test_a_page_of_the_release_before_gets_all_as_before(url: str, agent: PeerAgent) -> None:
    await agent.call("c")
    await agent.say("c", Role.CUSTOMER, "もしもし", 1)
    async with live_client(url) as page:
        await page.until(lambda picture: connected(picture) and picture["calls"].get("c", {}).get("lines"))
        await agent.levels(c=(leg(-13.4, over=14, effort=0.93), leg(-50, speaking=False)))
        await page.until(lambda picture: picture["levels"].get("c"))
        assert page.picture["levels"]["c"]["customer"] == {
            "level_db": -13.4,
            "speaking": True,
            "over_calm_db": 14.0,
            "effort": 0.93,
            "noise": False,
        }
        await agent.say("c", Role.CUSTOMER, "まだですか", 9)
        await page.until(lambda picture: len(picture["calls"]["c"]["lines"]) == 2)
