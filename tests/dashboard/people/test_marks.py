"""Claims and false alarms, pressed by two supervisors in real browsers and by clients."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from playwright.async_api import expect
from sqlalchemy import select
from tests.support import sample
from tests.support.json_requests import get, post
from tests.support.live_client import connected, live_client
from tests.support.sign_in import add_people, client
from tests.support.stores import audited

from kikimori_core.wire.messages import Party
from kikimori_dashboard.access.people_book import who_of
from kikimori_dashboard.people.mark_desk import MarkDesk
from kikimori_dashboard.people.reasons import false_reasons
from kikimori_dashboard.people.review_desk import ReviewDesk
from kikimori_dashboard.site.state import SiteState
from kikimori_records.alerts.claims import claim, open_claims
from kikimori_records.reviews import ReviewedKind, mark_reviewed
from kikimori_records.schema import claims

if TYPE_CHECKING:
    from aiohttp import ClientSession
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store


async def alert_of(agent: PeerAgent, url: str) -> str:
    """Raise an alert and return its id once the dashboard has it."""
    await agent.call("c", operator=Party(number="204", name="佐藤 美咲"))
    await agent.alert("c")
    async with live_client(url) as live:
        picture = await live.until(lambda picture: connected(picture) and picture["alerts"])
    return str(next(iter(picture["alerts"])))


async def test_of_two_at_once_one_has_it_and_the_other_sees_whom(
    url: str, store: Store, agent: PeerAgent, supervisor: ClientSession
) -> None:
    alert = await alert_of(agent, url)
    async with client(url, "both") as second:
        answers = await asyncio.gather(
            *(post(each, f"/api/alerts/{alert}/claim") for each in (supervisor, second) * 5)
        )
        assert {status for status, _ in answers} == {200}
        assert len({answer["name"] for _, answer in answers}) == 1
        assert len({answer["own"] for _, answer in answers[:2]}) == 2
        async with live_client(url) as live:
            picture = await live.until(
                lambda picture: connected(picture) and "claim" in picture["alerts"][alert]
            )
        assert picture["alerts"][alert]["claim"]["name"] == answers[0][1]["name"]
        owner, other = (supervisor, second) if answers[0][1]["own"] else (second, supervisor)
        assert await post(other, f"/api/alerts/{alert}/release") == (200, {"released": False})
        assert await post(owner, f"/api/alerts/{alert}/release") == (200, {"released": True})
    assert await open_claims(store) == []


async def test_only_supervisors_may(url: str, agent: PeerAgent) -> None:
    alert = await alert_of(agent, url)
    for login in ("operator", "records", "admin", "wall"):
        async with client(url, login) as session:
            for what in ("claim", "release", "false", "false/undo"):
                status, _ = await post(session, f"/api/alerts/{alert}/{what}", {"reason": "noise"})
                assert status == 403, (login, what)
                status, _ = await post(session, f"/api/alerts/none/{what}", {"reason": "noise"})
                assert status == 403, (login, what)


async def test_a_claim_is_shown_to_all_and_let_go(url: str, agent: PeerAgent, page: Page) -> None:
    alert = await alert_of(agent, url)
    await page.goto(url)
    row = page.locator("#inbox .marks")
    await row.get_by_role("button", name="私が対応").click()
    await expect(row.locator(".claimed")).to_have_text("あなたが対応中")
    async with client(url, "both") as other:
        status, answer = await post(other, f"/api/alerts/{alert}/claim")
        assert (status, answer["own"], answer["name"]) == (200, False, "高橋 課長")
    await row.get_by_role("button", name="手放す").click()
    await expect(row.get_by_role("button", name="私が対応")).to_be_visible()
    async with client(url, "both") as other:
        await post(other, f"/api/alerts/{alert}/claim")
    await expect(row.locator(".claimed")).to_have_text("木村 さくらさんが対応中")
    await expect(row.get_by_role("button", name="私が対応")).to_have_count(0)


class Desk:
    """A `MarkDesk` on a store, whose clocks and pages the test sets."""

    def __init__(self, store: Store) -> None:
        self.now = datetime.now(UTC)
        self.seconds = 0.0
        self.pages: set[str] = set()
        self.state = SiteState()
        self.desk = MarkDesk(
            store, self.state, lambda: None, self.pages.__contains__, lambda: self.now, lambda: self.seconds
        )

    async def after(self, seconds: float) -> None:
        self.seconds += seconds
        self.now += timedelta(seconds=seconds)
        await self.desk.look()


async def test_a_claim_ends_a_minute_after_the_last_page(store: Store) -> None:
    people = await add_people(store)
    person = people["supervisor"]
    made = Desk(store)
    alert = sample.alert()
    made.pages.add(person.id)
    await made.desk.claim(alert, who_of(person))
    await made.after(600)
    # A page that is loaded anew is away for a moment.
    made.pages.clear()
    await made.after(1)
    await made.after(58)
    made.pages.add(person.id)
    await made.after(1)
    made.pages.clear()
    await made.after(1)
    await made.after(59)
    assert len(await open_claims(store)) == 1
    await made.after(1)
    assert await open_claims(store) == []
    async with store.read() as connection:
        row = (await connection.execute(select(claims))).mappings().one()
    assert row["release_reason"] == "page_gone"


async def test_a_claim_of_another_dashboard_stands_while_its_page_is_used(store: Store) -> None:
    person = (await add_people(store))["supervisor"]
    await claim(store, "alert", person.id, datetime.now(UTC))
    made = Desk(store)
    await made.after(0)
    await made.after(61)
    assert len(await open_claims(store)) == 1
    await made.after(120)
    assert await open_claims(store) == []


async def test_a_claim_ends_with_its_alert(store: Store) -> None:
    person = (await add_people(store))["supervisor"]
    made = Desk(store)
    made.pages.add(person.id)
    made.state.begin_reading_retained()
    made.state.end_reading_retained()
    await made.desk.claim(sample.alert(), who_of(person))
    await made.after(30)
    assert len(await open_claims(store)) == 1
    await made.after(60)
    assert await open_claims(store) == []


async def test_a_false_alarm_takes_one_tap_and_can_be_taken_back(
    url: str, store: Store, agent: PeerAgent, page: Page
) -> None:
    await alert_of(agent, url)
    await page.goto(url)
    row = page.locator("#inbox .marks")
    await row.get_by_role("button", name="誤検知").click()
    taps = row.get_by_role("group").get_by_role("button")
    await expect(taps).to_have_count(len(false_reasons()))
    await taps.filter(has_text="ふだんの声").click()
    await expect(row.locator(".false")).to_have_text("誤検知: ふだんの声・もともと大きな声（高橋 課長）")
    await row.get_by_role("button", name="取り消す").click()
    await expect(row.locator(".false")).to_have_count(0)
    await expect(row.get_by_role("button", name="誤検知")).to_be_visible()
    async with asyncio.timeout(30):
        while len(found := await audited(store, "alert.false")) < 2:  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert [each["action"] for each in found] == ["alert.false", "alert.false_undo"]
    assert found[0]["details"]["reason"] == "usual_voice"
    assert found[0]["actor_name"] == "高橋 課長"


async def test_a_reason_is_one_of_the_list(url: str, agent: PeerAgent, supervisor: ClientSession) -> None:
    alert = await alert_of(agent, url)
    for body in ({"reason": "because"}, {}, {"reason": 1}, {"reason": "noise", "more": 1}):
        status, answer = await post(supervisor, f"/api/alerts/{alert}/false", body)
        assert (status, answer["reason"]) == (422, "bad_request")
    assert (await post(supervisor, "/api/alerts/none/claim"))[0] == 404
    assert len(await get(supervisor, "/api/false-alarm-reasons")) == len(false_reasons())


async def test_reviews_of_another_dashboard_are_read(store: Store) -> None:
    people = await add_people(store)
    state = SiteState()
    raised = sample.alert(call_id="c")
    state.take_call(sample.call(call_id="c"))
    state.take_alert(raised)
    changes: list[None] = []
    desk = ReviewDesk(store, state, lambda: changes.append(None))
    mine, other = people["supervisor"].id, people["both"].id
    await mark_reviewed(
        store, ReviewedKind.ALERT, raised.alert_id, call_id="c", person_id=mine, at=datetime.now(UTC)
    )
    for _ in range(2):
        await desk.look()
        assert json.loads(desk.of(mine)) == [raised.alert_id]
    assert json.loads(desk.of(other)) == []
    assert len(changes) == 1
    await desk.take_back(raised, who_of(people["supervisor"]))
    assert json.loads(desk.of(mine)) == []


async def test_the_keyboard_stays_where_an_alert_is_marked(url: str, agent: PeerAgent, page: Page) -> None:
    """A press draws its button anew, on the card, in the panel and in the list; the next press is where the first was."""
    await alert_of(agent, url)
    await page.goto(url)
    for place in (".card .claim", "#panel .why", "#inbox"):
        claim = page.locator(f"{place} [data-mark=claim]")
        await claim.focus()
        await page.keyboard.press("Enter")
        release = page.locator(f"{place} [data-mark=release]")
        await expect(release).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(claim).to_be_focused()
    false = page.locator("#panel [data-mark=reasons]")
    await false.focus()
    await page.keyboard.press("Enter")
    await expect(false).to_be_focused()
    await expect(false).to_have_attribute("aria-expanded", "true")
