"""The whole office: from the customer's voice to the supervisor's press and the customer's hold."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.browser import chromium, store_of_people
from tests.support.deadline import WITHIN_S
from tests.support.ending import end_with_two
from tests.support.sign_in import sign_in_page
from tests.system.conftest import until

from kikimori.control.move_limit import GAP_S
from kikimori.office import open_office
from kikimori_dashboard import DashboardSettings
from kikimori_lab.cli.demo import demo_config
from kikimori_lab.demo.pbx import SimulatedPbx
from kikimori_lab.demo.script import load_calls

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from playwright.async_api import Locator, Page

    from kikimori.calls.leg import LiveLeg
    from kikimori.office import Office


@asynccontextmanager
async def shouting_call(
    tmp_path: Path, pbx: SimulatedPbx
) -> AsyncIterator[tuple[Office, Page, Locator, asyncio.Task[None]]]:
    """Play a call whose customer shouts; gives the office, a supervisor's page, the call's card with its alert, the call."""
    script = next(each for each in load_calls() if each.name == "shout-from-start")
    pages = DashboardSettings(site="demo", port=0)
    config = demo_config(tmp_path, speech=False)
    async with (
        store_of_people() as store,
        open_office(config, pages, broker_port=0, pbx=pbx, store=store) as office,
        chromium() as browser,
    ):
        assert office.addresses.announce is not None
        assert office.addresses.audiosocket is not None
        page = await browser.new_page()
        await sign_in_page(page)
        await page.goto(office.dashboard_url)
        async with pbx.connected(office.addresses.announce, office.addresses.audiosocket):
            playing = asyncio.create_task(pbx.play(script, "c1"))
            card = page.locator(".attention [data-call=c1]")
            await expect(card.locator(".why")).to_contain_text("大声・怒声", timeout=WITHIN_S * 1000)
            yield office, page, card, playing


async def test_from_the_voice_to_the_superior(tmp_path: Path) -> None:
    """One press: the customer's audio stops while on hold, then a superior's leg stands beside the customer's."""
    async with shouting_call(tmp_path, SimulatedPbx()) as (office, page, card, playing):
        legs = list(office.agent.desk.calls["c1"].legs)

        await card.locator(".primary").click()
        await until(lambda: office.agent.desk.calls["c1"].status == "on_hold")
        # Two moments of the hold: the customer says nothing that is heard, and time goes on.
        customer = next(leg for leg in legs if leg.role == "customer")
        heard_s, gap = customer.heard_s, customer.gap_samples
        await until(lambda: customer.heard_s > heard_s + 0.4 and customer.gap_samples > gap)

        panel = page.locator("#panel")
        await expect(panel.locator(".result")).to_have_text("保留にして上席へ転送しました")
        await expect(panel).to_have_attribute("data-status", "transferred")
        await until(lambda: not any(leg in legs for leg in _operators(office.agent.desk.calls["c1"].legs)))
        # And back: an operator's leg again, the superior's is gone.
        superiors = _operators(office.agent.desk.calls["c1"].legs)
        back = panel.locator("[data-action=take_back]")
        await asyncio.sleep(GAP_S)  # the agent moves a call once in so long
        await back.click()
        await back.click()
        await expect(panel.locator(".result")).to_have_text("オペレーターへ戻しました")
        assert office.agent.desk.calls["c1"].status == "talking"
        await until(
            lambda: not any(leg in superiors for leg in _operators(office.agent.desk.calls["c1"].legs))
        )

        browser = page.context.browser
        assert browser is not None
        await end_with_two(page, browser, office.dashboard_url)
        async with asyncio.timeout(WITHIN_S):
            await playing
        # Who reads the call in the panel sees that it is over.
        await expect(panel).to_have_attribute("data-status", "ended")
        await page.mouse.move(0, 0)
        await expect(page.locator("[data-call=c1]")).to_have_count(0)
        await expect(page.locator("#closed-list")).to_contain_text("大声・怒声")


async def test_a_customer_on_hold_goes_back_to_the_operator(tmp_path: Path) -> None:
    """The lane counts down, and the card says that nobody ended the hold."""
    pbx = SimulatedPbx(longest_hold_s=5.0)
    async with shouting_call(tmp_path, pbx) as (office, _, card, playing):
        call = office.agent.desk.calls["c1"]
        await card.get_by_role("button", name="保留", exact=True).click()
        await until(lambda: call.status == "on_hold")
        times = pbx.hold_times(call.info)
        assert times is not None
        assert times.hold_s <= 5.0
        await until(lambda: call.status == "talking")
        assert pbx.hold_times(call.info) is None
        await expect(card.locator(".came-back")).to_contain_text("保留から戻りました")
        playing.cancel()


def _operators(legs: list[LiveLeg]) -> list[LiveLeg]:
    return [leg for leg in legs if leg.role == "operator"]
