"""A customer shouts on a real Asterisk: seen on the page with the reason, one press, music, the superior's telephone."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.asterisk.controlled import CUSTOMER_HZ, MUSIC, SUPERIOR_HZ, controlled_office
from tests.support.browser import chromium, store_of_people
from tests.support.deadline import WITHIN_S
from tests.support.real_asterisk import needs_asterisk
from tests.support.sign_in import sign_in_page
from tests.support.sip_phone import Habit
from tests.system.test_press_asterisk import WITHIN_MS, config

from kikimori.office import open_office
from kikimori_core.model.call import Role
from kikimori_dashboard import DashboardSettings
from kikimori_lab.demo.script import load_calls

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = needs_asterisk


async def test_one_press_while_a_customer_shouts(tmp_path: Path) -> None:
    recorded = next(call for call in load_calls() if call.name == "shouting")
    async with (
        controlled_office(tmp_path, habits={"200": Habit.RING}, run=False) as office,
        store_of_people() as store,
        open_office(
            config(tmp_path, office, ring_s=50),
            DashboardSettings(site="demo", port=0),
            broker_port=0,
            store=store,
        ) as program,
        chromium() as browser,
    ):
        page = await browser.new_page(viewport={"width": 1400, "height": 900})
        await sign_in_page(page)
        await page.goto(program.dashboard_url)
        await office.talk()
        office.customer.say(recorded.voices[Role.CUSTOMER])
        office.operator.say(recorded.voices[Role.OPERATOR])
        card = page.locator(".attention [data-call]")
        await expect(card).to_have_attribute("data-severity", "warning", timeout=WITHIN_S * 1000)
        await expect(card.locator(".why")).to_contain_text("本人のふだんの声より +")
        assert office.customer.speaks

        await card.locator("button.primary").click()
        await office.until(lambda: office.superior.ringing)
        # The customer shouts on, into the music.
        await office.heard(customer=MUSIC)
        await expect(card.locator(".status")).to_have_text("保留中", timeout=WITHIN_MS)
        office.customer.say(recorded.voices[Role.CUSTOMER][:0])
        office.superior.answer()
        await office.heard(superior={CUSTOMER_HZ}, customer={SUPERIOR_HZ})
        await expect(card.locator(".status")).to_have_text("上席対応中", timeout=WITHIN_MS)
        assert len(program.agent.desk.calls) == 1
