"""Tooltips of what a page cuts for want of room: long names are whole there, on every page that shows a call."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import expect
from tests.support.axe import assert_accessible
from tests.support.cut_texts import cut_texts
from tests.support.full_board import LONG_CALLER, LONG_NAME
from tests.support.live_client import connected, live_client
from tests.support.office import CAN_EVERYTHING
from tests.support.sign_in import sign_in_page

from kikimori_core.wire.messages import CallStatus, Party
from kikimori_core.wire.ringing_calls import RingingCall

if TYPE_CHECKING:
    from playwright.async_api import Page
    from tests.support.peer_agent import PeerAgent

SIZES = ((1920, 1080), (1366, 768), (390, 844))
LONG_QUEUE = "料金プラン・ご契約内容変更専用窓口（法人のお客様）"


async def long_names(agent: PeerAgent) -> None:
    """Begin calls of which every name is long: urgent, calm, on hold, transferred and ringing."""
    names = {
        "operator": Party(number="251", name=LONG_NAME),
        "caller": Party(number="03-5555-0142", name=LONG_CALLER),
        "superior": Party(number="200", name=LONG_NAME),
        "queue": LONG_QUEUE,
    }
    now = datetime.now(UTC)
    await agent.call("bad", **(names | {"operator": Party(number="201", name=LONG_NAME)}), **CAN_EVERYTHING)
    await agent.alert("bad")
    await agent.call("calm", **names, **CAN_EVERYTHING)
    await agent.call("held", status=CallStatus.ON_HOLD, held_at=now, **names, **CAN_EVERYTHING)
    await agent.call("taken", status=CallStatus.TRANSFERRED, **names, **CAN_EVERYTHING)
    ringing = RingingCall(
        call_id="ring",
        tap="asterisk",
        since=now - timedelta(seconds=4),
        caller=names["caller"],
        phones=("204", "205"),
        queue=LONG_QUEUE,
    )
    await agent.ring(ringing)


@pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}")
async def test_a_long_name_is_whole_in_its_tooltip(
    agent: PeerAgent, url: str, page: Page, size: tuple[int, int]
) -> None:
    await long_names(agent)
    async with live_client(url) as live:
        await live.until(lambda picture: connected(picture) and len(picture["calls"]) == 4)
    await page.set_viewport_size({"width": size[0], "height": size[1]})
    await sign_in_page(page, "both")
    await page.goto(url)
    await expect(page.locator(".card[data-call=bad]")).to_be_visible()
    await expect(page.locator(".row[data-call=calm] .who")).to_have_text(LONG_NAME)
    cut = {"wall": await cut_texts(page)}
    await assert_accessible(page)
    await page.get_by_role("button", name="座席表").click()
    await expect(page.locator(".tile").first).to_be_visible()
    cut["seats"] = await cut_texts(page)
    await page.goto(f"{url}/operator?ext=201")
    await expect(page.get_by_role("button", name="応援を呼ぶ")).to_be_visible()
    cut["operator"] = await cut_texts(page)
    await page.goto(f"{url}/handover?call=bad")
    await expect(page.locator(".cell.who")).to_be_visible()
    cut["handover"] = await cut_texts(page)
    assert cut == {"wall": [], "seats": [], "operator": [], "handover": []}
