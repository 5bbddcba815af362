"""Ending a call with two people by HTTP: nobody ends one alone, and both names are in the order and in the audit."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.dashboard.ending.ending_office import ENDING, entries, heard_call, propose, refused
from tests.support.browser import dashboard, dashboard_settings
from tests.support.json_requests import get, post
from tests.support.live_client import live_client
from tests.support.sign_in import client

from kikimori_core.wire.messages import Action, Outcome
from kikimori_records import people

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.store import Store

COMMANDS = "/api/calls/c/commands"


async def person_id(store: Store, login: str) -> str:
    found = await people.person_by_login(store, login)
    assert found is not None
    return found.id


async def test_two_people_end_a_call_and_both_names_go_with_it(
    url: str, store: Store, agent: PeerAgent
) -> None:
    await heard_call(url, agent)
    async with client(url) as first, client(url, "both") as second, live_client(url, login="both") as live:
        path = await propose(first, words="三度お願いした")
        picture = await live.until(lambda picture: "ending" in picture["calls"]["c"])
        shown = picture["calls"]["c"]["ending"]
        assert (shown["state"], shown["name"], shown["people"]) == ("proposed", "高橋 課長", 2)
        assert shown["reason"]["ja"] == "暴言・大声"
        assert len(picture["calls"]["c"]["stops"]) == 2
        # Not the proposer, from however many tabs.
        assert await refused(first, f"{path}/agree") == (409, "second_person_needed")
        assert await refused(first, f"{path}/end") == (409, "not_agreed")
        assert (await post(second, f"{path}/agree"))[0] == 200
        await live.until(lambda picture: picture["calls"]["c"]["ending"]["state"] == "agreed")
        ending = asyncio.create_task(post(first, f"{path}/end"))
        command = await agent.command()
        assert (command.action, command.reason, command.role) == (Action.HANG_UP, "暴言・大声", "supervisor")
        decided = command.ending
        assert decided is not None
        assert (decided.proposed_by, decided.agreed_by) == ("高橋 課長", "木村 さくら")
        assert decided.proposed_person_id == await person_id(store, "supervisor")
        assert decided.agreed_person_id == await person_id(store, "both")
        assert (decided.warnings, decided.words) == (2, "三度お願いした")
        await agent.answer(command)
        status, answer = await ending
        assert (status, answer["outcome"]) == (200, "done")
        await live.until(lambda picture: picture["calls"]["c"]["ending"]["state"] == "ended")
    found = await entries(store, 5)
    told = [(each["action"], each["actor_name"], each["outcome"]) for each in found]
    assert told == [
        ("ending.propose", "高橋 課長", "done"),
        ("ending.agree", "高橋 課長", "refused"),
        ("ending.end", "高橋 課長", "refused"),
        ("ending.agree", "木村 さくら", "done"),
        ("ending.end", "高橋 課長", "done"),
    ]
    assert all(each["details"]["extension"] for each in found)  # so that the operator is told
    last = found[-1]["details"]
    assert (last["proposed_by"], last["agreed_by"]) == ("高橋 課長", "木村 さくら")
    assert (last["why"], last["warnings"]) == ("abuse", 2)
    # Words about a customer are no matter for a record of three years.
    assert "三度" not in str(found)


async def test_no_press_ends_a_call_beside_the_decision(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url) as session, client(url, "operator") as operator:
        body = {"action": "hang_up", "reason": "abuse"}
        assert await refused(session, COMMANDS, body) == (409, "ending_needed")
        assert await refused(operator, COMMANDS, body) == (403, "not_allowed")
    assert agent.commands.empty()


async def test_an_operator_and_a_supervisor_are_two_people(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url, "operator") as operator, client(url) as supervisor:
        async with live_client(url, page="operator", login="operator") as live:
            path = await propose(operator, "threat")
            await live.until(lambda picture: "ending" in picture["calls"]["c"])
            assert (await post(supervisor, f"{path}/agree"))[0] == 200
            picture = await live.until(lambda picture: picture["calls"]["c"]["ending"]["state"] == "agreed")
            assert picture["calls"]["c"]["ending"]["say"]["ja"].startswith("身の危険")
        ending = asyncio.create_task(post(operator, f"{path}/end"))
        command = await agent.command()
        assert (command.role, command.issued_by) == ("operator", "鈴木 大輔")
        assert command.ending is not None
        assert (command.ending.proposed_by, command.ending.agreed_by) == ("鈴木 大輔", "高橋 課長")
        await agent.answer(command, Outcome.INSTRUCTED, detail="受話器を置いてください。")
        assert (await ending)[1]["outcome"] == "instructed"


async def test_who_has_no_part_in_it(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent, extension="205")  # not the operator's
    async with client(url) as session:
        path = await propose(session)
    for login in ("operator", "records", "admin", "wall"):
        async with client(url, login) as session:
            for each in ("/api/calls/c/stop-requests", f"{path}/agree", f"{path}/refuse", f"{path}/end"):
                assert await refused(session, each) == (403, "not_allowed"), (login, each)
            assert await refused(session, ENDING, {"reason": "abuse"}) == (403, "not_allowed")


async def test_what_is_asked_wrongly(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url) as session, client(url, "both") as second:
        for body in (
            {},
            {"reason": "nothing"},
            {"reason": "abuse", "words": "a\nb"},
            {"reason": "abuse", "words": " "},
        ):
            assert await refused(session, ENDING, body) == (422, "bad_request"), body
        path = await propose(session)
        assert await refused(session, ENDING, {"reason": "demand"}) == (409, "already_proposed")
        assert await refused(second, ENDING, {"reason": "demand"}) == (409, "already_proposed")
        assert await refused(second, f"{ENDING}/{'0' * 32}/agree") == (409, "proposal_over")
        assert await refused(second, f"{path}/withdraw") == (403, "not_allowed")
        assert (await post(second, f"{path}/refuse"))[0] == 200
        assert await refused(second, f"{path}/agree") == (409, "proposal_over")
        again = await propose(second)
        assert (await post(second, f"{again}/withdraw"))[0] == 200
        assert await refused(session, f"{again}/agree") == (409, "proposal_over")
        listed = await get(session, "/api/ending-reasons")
        assert {each["id"]: each["needed"] for each in listed["reasons"]} == {
            "abuse": 2, "demand": 2, "detention": 2, "sexual": 1, "threat": 0, "other": 2,
        }  # fmt: skip


async def test_the_customer_is_asked_to_stop_before(url: str, store: Store, agent: PeerAgent) -> None:
    await heard_call(url, agent, stop_requests=())
    async with client(url) as first, client(url, "both") as second, client(url, "operator") as operator:
        path = await propose(first)
        assert await refused(second, f"{path}/agree") == (409, "too_few_warnings")
        assert await post(operator, "/api/calls/c/stop-requests") == (200, {"count": 1})
        # Said in two sentences, or pressed by two at once: one occasion.
        assert await post(first, "/api/calls/c/stop-requests") == (200, {"count": 1})
        assert await refused(second, f"{path}/agree") == (409, "too_few_warnings")
    found = await entries(store, 5)
    assert [each["actor_name"] for each in found if each["action"] == "ending.warn"] == [
        "鈴木 大輔",
        "高橋 課長",
    ]


async def test_both_press_at_once(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url) as first, client(url, "both") as second:
        both = await asyncio.gather(*(post(each, ENDING, {"reason": "abuse"}) for each in (first, second)))
        assert sorted(status for status, _ in both) == [200, 409]
        path = f"{ENDING}/{next(answer['id'] for status, answer in both if status == 200)}"
        other = first if both[1][0] == 200 else second
        assert (await post(other, f"{path}/agree"))[0] == 200
        orders = [asyncio.create_task(post(each, f"{path}/end")) for each in (first, second)]
        await agent.answer(await agent.command())
        assert sorted([(await each)[0] for each in orders]) == [200, 409]
    assert agent.commands.empty()


async def test_who_loses_the_right_decides_nothing_any_more(url: str, store: Store, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url, "both") as first, client(url) as second:
        path = await propose(first)
        await people.change(store, await person_id(store, "both"), roles=frozenset({"operator"}))
        assert await refused(second, f"{path}/agree") == (409, "not_by_these")
        await people.change(store, await person_id(store, "both"), roles=frozenset({"supervisor"}))
        assert (await post(second, f"{path}/agree"))[0] == 200
        await people.change(store, await person_id(store, "both"), roles=frozenset({"records"}))
        assert await refused(second, f"{path}/end") == (409, "not_by_these")
    assert agent.commands.empty()


async def test_a_session_that_ended_agrees_to_nothing(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url) as first, client(url, "both") as second:
        path = await propose(first)
        assert (await post(second, "/api/logout"))[0] == 200
        assert await refused(second, f"{path}/agree") == (401, "no_session")
        assert await refused(first, f"{path}/end") == (409, "not_agreed")


async def test_the_call_ends_in_between(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url) as first, client(url, "both") as second, live_client(url) as live:
        path = await propose(first)
        assert (await post(second, f"{path}/agree"))[0] == 200
        await live.until(lambda picture: picture["calls"]["c"].get("ending", {}).get("state") == "agreed")
        await agent.end_call("c")
        await live.until(lambda picture: "c" not in picture["calls"])
        assert await refused(first, f"{path}/end") == (404, "no_such_call")
    assert agent.commands.empty()


async def test_an_order_that_failed_may_be_given_again(url: str, agent: PeerAgent) -> None:
    await heard_call(url, agent)
    async with client(url) as first, client(url, "both") as second:
        path = await propose(first)
        assert (await post(second, f"{path}/agree"))[0] == 200
        for outcome in (Outcome.FAILED, Outcome.DONE):
            order = asyncio.create_task(post(second, f"{path}/end"))
            await agent.answer(
                await agent.command(), outcome, None if outcome is Outcome.DONE else "pbx_error"
            )
            assert (await order)[1]["outcome"] == outcome.value
        assert await refused(first, f"{path}/end") == (409, "proposal_over")


async def test_one_person_confirms_with_a_second_press(
    real: Mosquitto, store: Store, agent: PeerAgent
) -> None:
    """Two dashboards, of which one lets nobody confirm within this test, and the other at once."""

    def settings(seconds: int, name: str) -> DashboardSettings:
        table = {"people": 1, "confirm_after_s": seconds}
        return dashboard_settings(real.settings, client_id=name, ending=table)

    async with (
        dashboard(settings(60, "dashboard-test"), store=store) as url,
        dashboard(settings(0, "dashboard-second"), store=store) as later,
        client(url) as session,
        client(later) as session_later,
        client(url, "operator") as operator,
    ):
        await heard_call(url, agent)
        await heard_call(later, agent)
        path = await propose(operator)
        assert (await refused(operator, f"{path}/agree"))[1] in ("read_first", "not_by_these")
        assert (await post(operator, f"{path}/withdraw"))[0] == 200
        path = await propose(session)
        assert await refused(session, f"{path}/agree") == (409, "read_first")
        assert (await post(session_later, f"{path}/agree"))[0] == 200
        order = asyncio.create_task(post(session, f"{path}/end"))
        command = await agent.command()
        assert command.ending is not None
        assert command.ending.proposed_by == command.ending.agreed_by == "高橋 課長"
        await agent.answer(command)
        assert (await order)[0] == 200


@pytest.mark.parametrize("configured", [None, 2])
async def test_one_supervisor_alone_needs_a_second_person_where_the_office_says_so(
    real: Mosquitto, store: Store, agent: PeerAgent, configured: int | None
) -> None:
    """An office that has not written `people` goes on with the one supervisor that it has."""
    await people.change(store, await person_id(store, "both"), roles=frozenset({"operator"}))
    table = {"confirm_after_s": 0} | ({"people": configured} if configured else {})
    settings = dashboard_settings(real.settings, ending=table)
    async with dashboard(settings, store=store) as url, client(url) as session:
        await heard_call(url, agent)
        path = await propose(session)
        status, answer = await post(session, f"{path}/agree")
        assert (status, answer.get("reason")) == (
            (409, "second_person_needed") if configured else (200, None)
        )


async def test_at_two_dashboards_and_after_a_restart(
    real: Mosquitto, url: str, store: Store, agent: PeerAgent
) -> None:
    await heard_call(url, agent)
    async with client(url) as first:
        path = await propose(first)
    settings = dashboard_settings(real.settings, client_id="dashboard-second")
    async with dashboard(settings, store=store) as other, live_client(other, login="both") as live:
        picture = await live.until(lambda picture: picture["calls"].get("c", {}).get("ending"))
        assert picture["calls"]["c"]["ending"]["name"] == "高橋 課長"
        async with client(other, "both") as second, live_client(url) as here:
            assert (await post(second, f"{path}/agree"))[0] == 200
            await here.until(
                lambda picture: picture["calls"].get("c", {}).get("ending", {}).get("state") == "agreed"
            )


async def test_a_proposal_expires(real: Mosquitto, store: Store, agent: PeerAgent) -> None:
    settings = dashboard_settings(real.settings)
    short = settings.ending.model_copy(update={"expires_s": 1.0})
    async with dashboard(settings.model_copy(update={"ending": short}), store=store) as url:
        await heard_call(url, agent)
        async with client(url) as first, client(url, "both") as second, live_client(url) as live:
            path = await propose(first)
            await live.until(
                lambda picture: picture["calls"]["c"].get("ending", {}).get("state") == "expired"
            )
            assert await refused(second, f"{path}/agree") == (409, "proposal_over")
            await propose(second)
