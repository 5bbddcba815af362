"""The handover page (引き継ぎ): what a superior sees before picking up, and who may see it."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from playwright.async_api import expect
from tests.dashboard.test_audit_page import noted
from tests.support.accessibility_tree import OUT_OF_REACH, nameless
from tests.support.axe import assert_accessible
from tests.support.json_requests import get, post
from tests.support.live_client import connected, live_client
from tests.support.office import CAN_EVERYTHING, words
from tests.support.sign_in import client, sign_in_page

from kikimori_core.wire.messages import (
    ButtonEvidence,
    CallStatus,
    DurationEvidence,
    Outcome,
    Party,
    Role,
    Severity,
)
from kikimori_records.audit.entry import ActorKind
from kikimori_records.audit.queries import AuditFilter, newest
from kikimori_records.people import NewPerson, add, person_by_login
from kikimori_records.people.changes import Author, change_person
from kikimori_records.people.superiors import add_superior

if TYPE_CHECKING:
    from playwright.async_api import Page, Route
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.people import Person
    from kikimori_records.store import Store

BY = Author(ActorKind.PERSON, "山田")
INSULT = words("お前みたいな馬鹿じゃ話にならん", "馬鹿", "insult", 120)
THREAT = words("今からそっちに行くからな、覚えとけ", "覚えとけ", "threat", 160)
DEMAND = words("誠意を見せろ、金を返せ", "金を返せ", "unreasonable_demand", 150)
REFUSED = DurationEvidence(
    start_s=155, end_s=200, since="refusal", elapsed_s=45, threshold_s=40, quote="返金はいたしかねます"
)
HELP = ButtonEvidence(
    start_s=205, end_s=205, source="page", pressed_by="佐藤", reason="threat", comment="折り返しにしたいです"
)


async def ringing(agent: PeerAgent, number: str = "205") -> None:
    """Begin a call with everything that a handover tells; `number`: the superior's."""
    await agent.call(
        "c",
        operator=Party(number="204", name="佐藤 美咲"),
        queue="料金",
        **CAN_EVERYTHING,
        superior=Party(number=number, name="木村 さくら"),
    )
    await agent.say("c", Role.OPERATOR, "お調べします", 20)
    await agent.say("c", Role.CUSTOMER, "早くしてよ", 30)
    for rule, severity, evidence in (
        ("phrase-insult", Severity.WARNING, INSULT),
        ("phrase-threat", Severity.CRITICAL, THREAT),
        ("phrase-demand", Severity.WARNING, DEMAND),
        ("detention", Severity.WARNING, REFUSED),
        ("escalate", Severity.CRITICAL, HELP),
    ):
        await agent.alert(
            "c", rule=rule, kind=rule.partition("-")[0], severity=severity, evidence=(evidence,)
        )


async def test_the_rung_superior_sees_on_one_screen_what_it_is_about(
    agent: PeerAgent, url: str, page: Page
) -> None:
    """From the banner on their own page; the second at which the telephone rings is the one that counts."""
    await ringing(agent)
    await sign_in_page(page, "both")
    shown = asyncio.Event()

    async def answer_late(route: Route) -> None:
        await shown.wait()
        await route.continue_()

    await page.route("**/api/help-reasons", answer_late)
    await page.goto(url)
    async with client(url) as supervisor, live_client(url) as watching:
        await watching.until(lambda each: connected(each) and "c.escalate.1" in each["alerts"])
        card = page.locator(".card[data-call=c]")
        await expect(card).to_contain_text("threat　「折り返しにしたいです」")
        shown.set()
        await expect(card).to_contain_text("脅し・身の危険　「折り返しにしたいです」")
        moving = asyncio.create_task(post(supervisor, "/api/calls/c/commands", {"action": "hold_transfer"}))
        command = await agent.command()
        await agent.call("c", status=CallStatus.ON_HOLD)
        async with page.context.expect_page() as opening:
            await page.get_by_role("link", name="引き継ぎを見る").click()
        handover = await opening.value
        await expect(handover.locator("#state")).to_have_text("あなたの電話を呼び出し中")
        for size in ((1366, 768), (390, 844)):
            await handover.set_viewport_size({"width": size[0], "height": size[1]})
            for cell, text in (
                ("who", "山田 一郎"),
                ("who", "03-5555-0100"),
                ("who", "佐藤 美咲"),
                ("asked", "誠意を見せろ、金を返せ"),
                ("answered", "返金はいたしかねます"),
                ("worst", "覚えとけ"),
                ("worst", "馬鹿"),
                ("wish", "脅し・身の危険"),
                ("wish", "折り返しにしたいです"),
            ):
                found = handover.locator(f".cell.{cell}", has_text=text)
                await expect(found).to_be_in_viewport(ratio=1)
            await expect(handover.locator("#timer")).to_be_in_viewport(ratio=1)
            await expect(handover.locator(".worst li").first).to_contain_text("覚えとけ")
            assert await handover.evaluate("document.documentElement.scrollWidth") <= size[0]
        await assert_accessible(handover)
        assert await nameless(handover) == []
        assert await handover.evaluate(OUT_OF_REACH) == []
        await handover.locator("body").press("Tab")
        await expect(handover.locator(":focus")).to_have_count(1)
        await handover.keyboard.press("?")
        await expect(handover.get_by_role("dialog", name="キー操作")).to_be_visible()
        await handover.keyboard.press("Escape")
        await agent.call("c", status=CallStatus.TRANSFERRED)
        await agent.answer(command)
        await moving
        await expect(handover.locator("#state")).to_have_text("引き継ぎ済み")
        await expect(page.get_by_role("link", name="引き継ぎを見る")).to_have_count(0)
        await agent.end_call("c")
        await expect(handover.locator("#state")).to_have_text("通話は終わりました")
        await expect(handover.locator(".cell.asked")).to_contain_text("金を返せ")


async def seen(url: str, login: str, call: str = "") -> dict[str, Any]:
    async with client(url, login) as http:
        found: dict[str, Any] = await get(http, f"/api/handover{f'?call={call}' if call else ''}")
        return found


async def superior_of_another_team(agent: PeerAgent, url: str, store: Store) -> Person:
    """Make 木村 a superior at 250, of another team than a call's; return them once the dashboard knows them and the call."""
    kimura = await person_by_login(store, "both")
    assert kimura is not None
    await add_superior(store, "木村 さくら", "250", BY, person_id=kimura.id)
    await add(store, NewPerson("席", "seat", frozenset({"operator"}), frozenset({"204"}), team="第一"))
    await change_person(store, kimura.id, {"team": "第二"}, BY)
    await ringing(agent, "250")
    async with live_client(url) as watching:
        await watching.until(lambda each: connected(each) and "c.escalate.1" in each["alerts"])
        await watching.until(lambda each: each["site"]["superiors"])
    return kimura


async def test_who_sees_a_handover(agent: PeerAgent, url: str, store: Store) -> None:
    """Supervisors of the team, and a superior of another one while their telephone rings."""
    await superior_of_another_team(agent, url, store)
    async with client(url) as supervisor:
        assert (await seen(url, "supervisor"))["call"] is None
        found = (await seen(url, "supervisor", "c"))["call"]
        assert found["ringing"] is None
        assert [each["matched"] for each in found["worst"]] == ["覚えとけ", "馬鹿"]
        async with asyncio.timeout(60):
            while (await seen(url, "both", "c"))["call"] is not None:  # noqa: ASYNC110 - rights are looked at every second
                await asyncio.sleep(0.1)
        assert (await seen(url, "both"))["call"] is None

        moving = asyncio.create_task(
            post(supervisor, "/api/calls/c/commands", {"action": "hold_transfer", "target": "250"})
        )
        command = await agent.command()
        found = await seen(url, "both")
        assert (found["rings_for_you"], found["call"]["call_id"]) == (True, "c")
        assert (found["call"]["ringing"]["number"], found["call"]["ringing"]["name"]) == (
            "250",
            "木村 さくら",
        )
        assert (await seen(url, "supervisor", "c"))["rings_for_you"] is False
        await agent.answer(command, Outcome.FAILED, "no_answer")
        await moving
        assert (await seen(url, "both"))["call"] is None
    for login in ("operator", "wall", "admin"):
        async with client(url, login) as http, http.get("/api/handover?call=c") as answer:
            assert answer.status == 403
    await noted(store, "handover.open", 2)
    entries = await newest(store, AuditFilter(action="handover.open"))
    assert sorted(each.entry.actor_name for each in entries) == ["木村 さくら", "高橋 課長"]


async def test_a_superior_of_another_team_keeps_the_handover_after_picking_up(
    agent: PeerAgent, url: str, store: Store, page: Page
) -> None:
    """Until the call ends; and a telephone that stops ringing is not called the end of the call."""
    kimura = await superior_of_another_team(agent, url, store)
    press = {"action": "hold_transfer", "target": "250"}
    async with client(url) as supervisor:
        await sign_in_page(page, "both")
        await page.goto(f"{url}/handover")
        state, asked = page.locator("#state"), page.locator(".cell.asked")
        for outcome, says in (
            (Outcome.FAILED, "あなたへの呼び出しは終わりました"),
            (Outcome.DONE, "引き継ぎ済み"),
        ):
            moving = asyncio.create_task(post(supervisor, "/api/calls/c/commands", press))
            command = await agent.command()
            await agent.call("c", status=CallStatus.ON_HOLD)
            await expect(state).to_have_text("あなたの電話を呼び出し中")
            done = outcome is Outcome.DONE
            await agent.call("c", status=CallStatus.TRANSFERRED if done else CallStatus.TALKING)
            await agent.answer(command, outcome, None if done else "no_answer")
            await moving
            await expect(state).to_have_text(says)
            await expect(asked).to_contain_text("金を返せ")
        assert (await seen(url, "both"))["rings_for_you"] is False
        await agent.end_call("c")
        await expect(state).to_have_text("通話は終わりました")
        # Whose role may not see it any more keeps nothing of it.
        await change_person(store, kimura.id, {"roles": frozenset({"operator"})}, BY)
        await expect(page.get_by_text("あなたの役割では、この操作はできません。")).to_be_visible()
        await expect(asked).to_have_count(0)


LONG = "先月も先々月も同じことがあったのに何も直っていないじゃないか、" * 4 + "誠意を見せろ、金を返せ"
BEYOND = """() => [...document.querySelectorAll(".cell, .cell *")]
  .filter((each) => each.scrollHeight > each.clientHeight + 1 && getComputedStyle(each).overflowY !== "visible")
  .map((each) => each.textContent)"""
"""Texts of which a part is cut off."""


async def test_long_words_are_whole_on_every_screen(agent: PeerAgent, url: str, page: Page) -> None:
    """The demand of a Japanese sentence stands at its end: nothing of it is cut off, nor of the operator's wish."""
    await ringing(agent)
    asked = words(LONG, "金を返せ", "unreasonable_demand", 170)
    wish = "折り返しにしたいです。返金の件は経理の山本さんが先週お断りの書面を送りました。ご家族の入院のお話もありました。"
    await agent.alert("c", rule="phrase-demand", kind="phrase", severity=Severity.CRITICAL, evidence=(asked,))
    await agent.alert(
        "c", rule="escalate", kind="escalate", severity=Severity.CRITICAL,
        evidence=(HELP.model_copy(update={"comment": wish}),),
    )  # fmt: skip
    await sign_in_page(page, "both")
    await page.goto(f"{url}/handover?call=c")
    await expect(page.locator(".cell.asked")).to_contain_text(LONG)
    await expect(page.locator(".cell.wish")).to_contain_text(wish)
    for width, height in ((1366, 768), (1280, 720), (390, 844), (320, 640)):
        await page.set_viewport_size({"width": width, "height": height})
        assert await page.evaluate(BEYOND) == [], width
        assert await page.evaluate("document.documentElement.scrollWidth") <= width
        # All of it can be reached by keyboard.
        await page.locator("#main").focus()
        await page.keyboard.press("End")
        await expect(page.locator(".cell.wish .text")).to_be_in_viewport(ratio=1)
    await assert_accessible(page)


@pytest.mark.parametrize("said", [True, False])
async def test_without_a_finding_the_last_words_stand_there_as_such(
    agent: PeerAgent, url: str, *, said: bool
) -> None:
    await agent.call("c", operator=Party(number="204"))
    if said:
        await agent.say("c", Role.OPERATOR, "お調べします", 20)
        await agent.say("c", Role.CUSTOMER, "早くしてよ", 30)
    async with live_client(url) as watching:
        await watching.until(
            lambda each: (
                connected(each) and "c" in each["calls"] and len(each["calls"]["c"]["lines"]) == 2 * said
            )
        )
        found = (await seen(url, "supervisor", "c"))["call"]
    expected = [("早くしてよ", False), ("お調べします", False)] if said else [None, None]
    assert [
        each and (each["text"], each["found"]) for each in (found["asked"], found["answered"])
    ] == expected
    assert (found["wish"], found["worst"]) == (None, [])
