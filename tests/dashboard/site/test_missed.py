"""Alerts that were over before anybody saw them: none vanishes before somebody says that it was seen."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import aiohttp
from playwright.async_api import expect
from tests.dashboard.site.test_state import alert, seen
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.live_client import connected, live_client
from tests.support.peer_agent import PeerAgent
from tests.support.sample import NOON
from tests.support.sign_in import cookie, sign_in_page

from kikimori_core.wire.messages import Alert, AlertState, ClosedBecause
from kikimori_dashboard.site.missed import MAX_MISSED, SHOWN_MISSED
from kikimori_dashboard.site.state import SiteState

if TYPE_CHECKING:
    from tests.support.brokers import AnyBroker

LONG_AFTER = NOON + timedelta(days=3)


def closed(number: int, *, revision: int = 2, because: ClosedBecause = ClosedBecause.CALMED) -> Alert:
    return alert(
        "c", alert_id=f"c.{number}", revision=revision, state=AlertState.CLOSED, closed_because=because
    )


def missed(state: SiteState) -> list[str]:
    return [each.alert_id for _, each in state.alert_book.missed.shown()[0]]


def test_what_comes_closed_stays_until_it_is_acknowledged() -> None:
    state = SiteState()
    for number in range(SHOWN_MISSED + 50):
        state.take_alert(closed(number))
    state.forget_old(LONG_AFTER)
    assert missed(state) == [f"c.{number}" for number in range(SHOWN_MISSED)]
    assert state.closed == {}
    numbers = [number for number, _ in state.alert_book.missed.shown()[0]]
    assert len(state.acknowledge_missed(numbers[0], numbers[-1])) == SHOWN_MISSED
    # Another page had shown the same: its press takes nothing that it has not shown.
    assert state.acknowledge_missed(numbers[0], numbers[-1]) == []
    assert missed(state) == [f"c.{number}" for number in range(SHOWN_MISSED, SHOWN_MISSED + 50)]
    assert len(state.closed) == SHOWN_MISSED


def test_what_was_open_on_a_page_for_some_seconds_was_seen() -> None:
    state = SiteState()
    for number in (1, 2, 3):
        state.take_alert(alert("c", alert_id=f"c.{number}"))
        if number == 1:
            seen(state)
        if number == 2:
            state.look(watched=True)
    state.look(watched=False)  # the supervisor went home
    for number in (1, 2, 3):
        state.take_alert(closed(number))
    assert missed(state) == ["c.2", "c.3"]
    assert list(state.closed) == ["c.1"]


def test_old_messages_in_one_burst_were_on_no_page() -> None:
    """A page is open, and the broker tells what happened while it was away: opened, grown, closed."""
    state = SiteState()
    state.look(watched=True)
    state.take_alert(alert("c", alert_id="c.1"))
    state.look(watched=True)
    state.take_alert(alert("c", alert_id="c.1", revision=2))
    state.take_alert(closed(1, revision=3))
    state.take_alert(alert("c", alert_id="c.1", revision=2))
    state.remove_alert("c.1")
    assert missed(state) == ["c.1"]


def test_what_was_taken_back_is_no_news() -> None:
    state = SiteState()
    state.take_alert(closed(1, because=ClosedBecause.TAKEN_BACK))
    assert missed(state) == []


def test_a_later_revision_changes_it_and_an_open_one_takes_it_away() -> None:
    state = SiteState()
    state.take_alert(closed(1))
    state.take_alert(closed(2))
    state.take_alert(closed(1, revision=3))
    assert [(number, each.revision) for number, each in state.alert_book.missed.shown()[0]] == [
        (1, 3),
        (2, 2),
    ]
    state.take_alert(alert("c", alert_id="c.1", revision=4))
    assert missed(state) == ["c.2"]
    assert list(state.alerts) == ["c.1"]


def test_what_there_is_no_room_for_is_counted() -> None:
    state = SiteState()
    for number in range(MAX_MISSED + 7):
        state.take_alert(closed(number))
    assert len(state.alert_book.missed) == MAX_MISSED
    assert (missed(state)[0], state.alert_book.missed.dropped) == ("c.7", 7)
    state.acknowledge_missed(1, MAX_MISSED + 7)
    assert state.alert_book.missed.dropped == 0


async def test_after_an_outage_every_alert_of_it_is_shown_until_it_is_confirmed(broker: AnyBroker) -> None:
    """Through the broker's queue, on the supervisor's page of a real browser."""
    settings = dashboard_settings(broker.settings)
    async with PeerAgent(broker.settings).running() as agent, chromium() as browser:
        async with dashboard(settings) as url, live_client(url) as watching:
            await watching.until(connected)
        for number in range(120):
            await agent.call(f"c{number}")
            await agent.close_alert(await agent.alert(f"c{number}"))
        async with dashboard(settings) as url:
            page = await browser.new_page()
            await sign_in_page(page)
            await page.goto(url)
            await expect(page.locator("#missed h2")).to_have_text("見ていない間に終了した警告（120件）")
            await expect(page.locator("#banners")).to_contain_text("120件")
            await expect(page.locator("#missed li")).to_have_count(100)
            button = page.get_by_role("button", name="確認しました")
            await button.click()
            await expect(page.locator("#missed li")).to_have_count(20)
            await button.click()
            await expect(page.locator("#missed")).to_be_hidden()
            async with aiohttp.ClientSession(url) as http, http.get("/healthz") as answer:
                assert (await answer.json())["missed_alerts"] == 0


async def test_only_this_page_may_say_so(url: str) -> None:
    async with aiohttp.ClientSession(url, headers=cookie()) as http:
        for headers, body, status in (
            ({}, {"first": 1, "last": 1}, 403),
            ({"Origin": "http://evil.example"}, {"first": 1, "last": 1}, 403),
            ({"Origin": url}, {"first": 0, "last": 1}, 422),
            ({"Origin": url}, {"first": 1, "last": 1, "all": True}, 422),
            ({"Origin": url}, {"first": 1, "last": 1}, 200),
        ):
            async with http.post("/api/missed/seen", json=body, headers=headers) as answer:
                assert answer.status == status
