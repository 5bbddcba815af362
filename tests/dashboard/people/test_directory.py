"""The directory from the store to the agents and the pages, over a real broker."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.dashboard.test_supervisor_layout import show
from tests.support.full_board import open_full_board
from tests.support.json_requests import get, post
from tests.support.listener import listening
from tests.support.live_client import connected, live_client
from tests.support.office import CAN_EVERYTHING
from tests.support.signing import DASHBOARD

from kikimori.bus.directory_book import DirectoryBook
from kikimori_core.wire.key_store import TrustStore, given_key
from kikimori_core.wire.messages import Action, Party
from kikimori_core.wire.topics import Topics
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people.changes import Author
from kikimori_records.people.seatings import SeatingSource, seated_at, sit_down
from kikimori_records.people.superiors import add_superior, list_superiors

if TYPE_CHECKING:
    from collections.abc import Callable

    from aiohttp import ClientSession
    from playwright.async_api import Page
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.people.seatings import Seating
    from kikimori_records.store import Store

TOPIC = Topics("main").directory("dashboard-test")
BY = Author(ActorKind.PROGRAM, "test")


async def test_agents_are_told_what_changes(real: Mosquitto, url: str, admin: ClientSession) -> None:
    assert url
    book = DirectoryBook("main")
    await book.open(TrustStore(given=[given_key("dashboard", DASHBOARD)]))
    async with listening(real.settings, TOPIC) as listener:

        async def until(condition: Callable[[], bool]) -> None:
            await listener.until(
                lambda: [book.take(each.raw) for each in listener.heard] != [] and condition()
            )

        # The superior of the configuration is the first one.
        await until(lambda: book.superior() == Party(number="200", name="課長 木村"))
        assert book.named(Party(number="201")).name == "鈴木 大輔"
        _, person = await post(
            admin, "/api/people", {"name": "新人", "roles": ["operator"], "extensions": "２０９"}
        )
        assert person["extensions"] == ["209"]
        await until(lambda: book.named(Party(number="209")).name == "新人")
        status, found = await post(admin, "/api/superiors", {"name": "部長 高橋", "number": "２２０"})
        assert (status, [each["number"] for each in found["superiors"]]) == (200, ["200", "220"])
        first, second = found["superiors"]
        await post(admin, "/api/superiors/order", {"ids": [second["id"], first["id"]]})
        await until(lambda: book.superior() == Party(number="220", name="部長 高橋"))
        assert {"200", "220"} <= book.telephones
    # What is retained is there for an agent that connects later.
    async with listening(real.settings, TOPIC) as later:
        await later.until(lambda: bool(later.heard))
        assert (later.heard[0].raw, later.heard[0].retain) == (listener.heard[-1].raw, True)


async def test_the_former_superior_is_taken_over_once(url: str, store: Store, admin: ClientSession) -> None:
    assert url
    async with asyncio.timeout(60):
        while not (found := await list_superiors(store)):  # noqa: ASYNC110 - the store tells nobody
            await asyncio.sleep(0.05)
    assert [(each.name, each.number) for each in found] == [("課長 木村", "200")]
    await post(admin, f"/api/superiors/{found[0].id}/remove")
    async with asyncio.timeout(60):
        while await list_superiors(store):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    assert (await get(admin, "/api/superiors")) == {"superiors": []}


async def test_the_button_names_the_first_superior_within_hours(
    url: str, store: Store, agent: PeerAgent, page: Page
) -> None:
    await add_superior(store, "夜間 佐々木", "250", BY, hours={})
    async with live_client(url) as live:
        await live.until(
            lambda picture: (
                connected(picture) and "250" in [each["number"] for each in picture["site"]["superiors"]]
            )
        )
    (first, *_) = await list_superiors(store)
    await agent.call("c", operator=Party(number="204", name="佐藤"), **CAN_EVERYTHING)
    await agent.alert("c")
    await page.goto(url)
    card = page.locator(".card[data-call=c]")
    await expect(card.locator(".primary small")).to_have_text(f"→ {first.name}")
    await expect(card.locator("select.superior option")).to_have_count(len(await list_superiors(store)))
    await card.locator("select.superior").select_option("250")
    await expect(card.locator(".primary small")).to_have_text("→ 夜間 佐々木")
    await card.locator(".primary").click()
    command = await agent.command()
    assert (command.action, command.target) == (Action.HOLD_TRANSFER, "250")


async def test_outside_opening_hours_it_says_so_before_the_press(
    url: str, admin: ClientSession, agent: PeerAgent, page: Page
) -> None:
    await agent.call("c", operator=Party(number="204", name="佐藤"), **CAN_EVERYTHING)
    await agent.alert("c")
    async with asyncio.timeout(60):
        while not (found := (await get(admin, "/api/superiors"))["superiors"]):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    # One minute of the week, days away from now in any zone.
    day = "月火水木金土日"[(datetime.now(UTC) + timedelta(days=3)).weekday()]
    status, _ = await post(admin, f"/api/superiors/{found[0]['id']}", {"hours": f"{day} 03:00-03:01"})
    assert status == 200
    await page.goto(url)
    small = page.locator(".card[data-call=c] .primary small")
    await expect(small).to_have_text("→ 課長 木村（受付時間外）")
    await expect(page.locator(".card[data-call=c] .primary")).to_be_enabled()


async def seated(store: Store, extension: str) -> Seating:
    """Wait until somebody is known to sit at an extension."""
    async with asyncio.timeout(60):
        while extension not in (found := await seated_at(store, datetime.now(UTC))):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
    return found[extension]


async def test_a_name_that_the_pbx_tells_says_who_sits_there(
    url: str, store: Store, agent: PeerAgent
) -> None:
    assert url
    await agent.call("c", operator=Party(number="299", name="鈴木　大輔"))
    found = await seated(store, "299")
    assert (found.name, found.source) == ("鈴木 大輔", "pbx")
    # What stands there is told by the directory, or by somebody who is not in it: nobody sits down by that.
    await agent.call("d", operator=Party(number="298", name="鈴木 大輔", named_by="directory"))
    await agent.call("e", operator=Party(number="297", name="受付"))
    await agent.call("f", operator=Party(number="296", name="鈴木大輔"))
    await seated(store, "296")
    assert {"298", "297"}.isdisjoint(await seated_at(store, datetime.now(UTC)))


async def test_what_was_chosen_goes_before_what_the_pbx_tells(
    url: str, store: Store, agent: PeerAgent
) -> None:
    assert url
    await sit_down(store, "299", None, SeatingSource.KIOSK, BY, datetime.now(UTC))
    await agent.call("c", operator=Party(number="299", name="鈴木 大輔"))
    await agent.call("d", operator=Party(number="296", name="鈴木 大輔"))
    await seated(store, "296")
    assert (await seated(store, "299")).name is None


async def test_who_is_not_known_is_said_to_be_not_known(url: str, agent: PeerAgent, page: Page) -> None:
    await agent.call("c", operator=Party(number="299"))
    await agent.alert("c")
    await page.goto(url)
    await expect(page.locator(".card[data-call=c] .who")).to_have_text("内線 299 担当者不明")
    await agent.call("c", operator=Party(number="299", name="鈴木 大輔", named_by="directory"))
    await expect(page.locator(".card[data-call=c] .who")).to_have_text("鈴木 大輔 内線 299")


async def test_a_role_that_somebody_gives_themselves_is_shown_to_supervisors(
    url: str, admin: ClientSession, page: Page
) -> None:
    people = (await get(admin, "/api/people"))["people"]
    me = next(each["id"] for each in people if each["login"] == "admin")
    await page.goto(url)
    status, _ = await post(admin, f"/api/people/{me}", {"roles": ["admin", "supervisor"]})
    assert status == 200
    await expect(page.locator("#banners")).to_contain_text("山田 管理さんが自分に役割「監督者」を付けました")


@pytest.mark.parametrize("language", ["ja", "en"])
@pytest.mark.parametrize("size", [(1920, 1080), (1366, 768), (390, 844)])
async def test_a_card_with_a_choice_of_superiors_shows_all_its_controls(
    agent: PeerAgent, url: str, page: Page, admin: ClientSession, size: tuple[int, int], language: str
) -> None:
    await post(admin, "/api/superiors", {"name": "お客様対応統括部 高橋 課長", "number": "220"})
    await open_full_board(agent)
    await show(page, url, size, language)
    card = page.locator(".card[data-call=c-1]")
    await expect(card.locator("select.superior")).to_be_visible()
    cut = await card.evaluate(
        "(card) => [...card.querySelectorAll('.actions :is(button, select, label)')].filter((each) =>"
        " each.getBoundingClientRect().bottom > card.getBoundingClientRect().bottom).map((each) => each.textContent)"
    )
    assert cut == []
    await expect(card.locator(".primary")).to_be_in_viewport(ratio=1)
    assert await page.evaluate("document.documentElement.scrollWidth") <= size[0]
