"""The server decides which calls a browser gets: by role, team and extension, over real sockets."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from tests.support.live_client import LiveClient, connected, live_client
from tests.support.office import leg
from tests.support.sign_in import add_session, client, token_of

from kikimori_core.wire.messages import Party, Role
from kikimori_core.wire.ringing_calls import RingingCall
from kikimori_records.people import NewPerson, add, change, person_by_login

if TYPE_CHECKING:
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

WORDS = "さっきも言っただろう"


def rings(call_id: str, *phones: str) -> RingingCall:
    since = datetime.now(UTC)
    caller = Party(number="0355550100")
    return RingingCall(call_id=call_id, tap="asterisk", since=since, caller=caller, phones=phones)


async def two_calls(agent: PeerAgent) -> None:
    for call, extension in (("own", "201"), ("others", "205")):
        await agent.call(call, operator=Party(number=extension))
        await agent.say(call, Role.CUSTOMER, WORDS, 5)
        await agent.alert(call)
    await agent.levels(own=(leg(-13, over=14, effort=0.93), leg(-50)), others=(leg(-20), leg(-50)))


async def shown(watching: LiveClient, *calls: str) -> None:
    await watching.until(lambda picture: connected(picture) and picture["calls"].keys() == set(calls))


async def test_an_operator_gets_the_own_call_without_words_and_scores(url: str, agent: PeerAgent) -> None:
    async with live_client(url, page="operator", login="operator") as first:
        await two_calls(agent)
        await shown(first, "own")
        await first.until(lambda picture: picture["alerts"])
        async with live_client(url, page="operator", login="operator") as later:
            await shown(later, "own")
            await later.until(lambda picture: picture["alerts"])
            for picture in (first.picture, later.picture):
                told = json.dumps(picture, ensure_ascii=False)
                assert {each["call_id"] for each in picture["alerts"].values()} == {"own"}
                assert picture["levels"] == {}
                assert picture["extensions"].keys() <= {"201"}
                assert picture["calls"]["own"]["lines"] == []
                for hidden in (WORDS, "others", '"205"', "effort", "over_calm_db", "level_db", "urgency"):
                    assert hidden not in told
        await agent.end_call("own")
        await shown(first)


async def test_a_call_that_goes_to_another_extension_is_taken_back(url: str, agent: PeerAgent) -> None:
    await two_calls(agent)
    async with live_client(url, page="operator", login="operator") as watching:
        await shown(watching, "own")
        await watching.until(lambda picture: picture["alerts"])
        await agent.call("own", operator=Party(number="205"))
        await shown(watching)
        await agent.call("own", operator=Party(number="201"))
        await shown(watching, "own")
        await watching.until(lambda picture: picture["alerts"])


async def test_who_is_both_has_the_own_call_and_the_whole_site(url: str, agent: PeerAgent) -> None:
    await two_calls(agent)
    async with (
        live_client(url, login="both") as supervising,
        live_client(url, page="operator", login="both") as own,
    ):
        await shown(supervising, "own", "others")
        await shown(own, "own", "others")
        assert supervising.picture["calls"]["own"]["lines"]
        assert own.picture["calls"]["own"]["lines"] == []


async def test_a_supervisor_of_a_team_gets_its_calls(url: str, store: Store, agent: PeerAgent) -> None:
    """And those of extensions of which nobody knows the team. A change of teams counts at once."""
    operator = await person_by_login(store, "operator")
    assert operator is not None
    await change(store, operator.id, team="sales")
    await add(store, NewPerson("小川", None, frozenset({"operator"}), frozenset({"205"}), team="billing"))
    billing = await add(store, NewPerson("課長", "billing", frozenset({"supervisor"}), team="billing"))
    await add_session(store, billing.id, token_of("billing"))
    async with live_client(url, login="billing") as watching:
        await two_calls(agent)
        await agent.call("unknown", operator=Party())
        await shown(watching, "others", "unknown")
        await watching.until(lambda picture: picture["levels"].get("others"))
        assert "own" not in json.dumps(watching.picture["levels"])
        await agent.say("others", Role.CUSTOMER, "まだですか", 9)
        await agent.say("own", Role.CUSTOMER, "秘密の言葉", 9)
        await watching.until(lambda picture: len(picture["calls"]["others"]["lines"]) == 2)
        assert "秘密" not in json.dumps(watching.picture, ensure_ascii=False)
        async with client(url, "billing") as http:
            for call, status in (("own", 403), ("others", 409)):
                body = {"action": "announce"}
                async with http.post(f"/api/calls/{call}/commands", json=body) as answer:
                    assert answer.status == status
        await change(store, operator.id, team="billing")
        await shown(watching, "own", "others", "unknown")


async def test_a_ring_is_told_where_a_telephone_rings_that_one_may_see(url: str, agent: PeerAgent) -> None:
    await agent.ring(rings("both", "205", "201"), rings("others", "205"))
    await agent.alert("both", rule="repeat", raised_s=0.0)
    async with live_client(url, page="operator", login="operator") as watching:
        await watching.until(lambda picture: connected(picture) and picture["ringing"].keys() == {"both"})
        await watching.until(lambda picture: picture["alerts"])
        await agent.ring(rings("both", "205"), rings("others", "205"))
        await watching.until(lambda picture: not picture["ringing"])
        assert watching.picture["alerts"] == {}
        await agent.ring(rings("both", "201"))
        picture = await watching.until(lambda picture: picture["ringing"])
        assert picture["ringing"]["both"]["known"] is None
        assert "tap" not in picture["ringing"]["both"]
        assert picture["calls"] == {}
        await agent.ring()
        await watching.until(lambda picture: not picture["ringing"])


@pytest.mark.parametrize("look", [False, True])
async def test_what_rings_is_over_when_its_agent_is_gone(url: str, agent: PeerAgent, look: bool) -> None:
    async with live_client(url, look=look) as watching:
        await agent.ring(rings("c1", "201"), rings("c2", "202"), more=7)
        await watching.until(lambda picture: picture["ringing"].keys() == {"c1", "c2"})
        await watching.until(lambda picture: picture["site"]["ringing_more"] == 7)
        agent.abort()
        await watching.until(lambda picture: not picture["ringing"])
        await watching.until(lambda picture: picture["site"]["ringing_more"] == 0)
    async with live_client(url, look=look) as later:
        await later.until(connected)
        assert later.picture["ringing"] == {}
