"""A telephone that rings on a real Asterisk: who is calling on both pages, one alert, one call; and nothing of a call that nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.dashboard.test_callers_page import known_customer
from tests.support.asterisk.controlled import controlled_office
from tests.support.browser import chromium, store_of_people
from tests.support.real_asterisk import needs_asterisk
from tests.support.sign_in import sign_in_browser
from tests.support.sip_phone import Habit
from tests.system.test_press_asterisk import WITHIN_MS, config

from kikimori.office import open_office
from kikimori_core.journal.settings import RecordsTable
from kikimori_core.wire.messages import AlertState
from kikimori_dashboard import DashboardSettings

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.wire.messages import Alert

pytestmark = needs_asterisk

KNOWN = """
exten => 210,1,Set(CALLERID(num)=0312345678)
 same => n,Dial(PJSIP/204&PJSIP/201,30)
"""


async def test_a_repeat_caller_rings_hangs_up_rings_again_and_is_answered(tmp_path: Path) -> None:
    ring = {"204": Habit.RING, "201": Habit.RING}
    recording = {"enabled": True, "days": 30, "max_gb": 1}
    async with (
        controlled_office(tmp_path, habits=ring, run=False, more=KNOWN) as office,
        store_of_people() as store,
    ):
        await known_customer(store, tmp_path)
        async with (
            open_office(
                config(tmp_path, office, recording=recording, records={"dir": tmp_path}),
                DashboardSettings(site="demo", port=0, records=RecordsTable(dir=tmp_path)),
                broker_port=0,
                store=store,
            ) as program,
            chromium() as browser,
        ):
            alerts: list[Alert] = []
            tell = program.agent.alert_changed

            def note(alert: Alert) -> None:
                alerts.append(alert)
                tell(alert)

            program.agent.alert_changed = note  # type: ignore[method-assign]
            context = await browser.new_context(viewport={"width": 1366, "height": 768})
            await sign_in_browser(context, "both")
            operator, supervisor = await context.new_page(), await context.new_page()
            await operator.goto(f"{program.dashboard_url}operator?ext=204")
            await supervisor.goto(program.dashboard_url)
            (tap,) = [each for each in program.agent.taps if each.name == "asterisk"]
            await office.until(lambda: getattr(tap, "_was_connected", False))

            office.customer.call("210")
            await expect(operator.locator(".ringing .big")).to_have_text("山田 太郎 様", timeout=WITHIN_MS)
            await expect(operator.locator(".ringing")).to_contain_text("内線 201 でも鳴っています")
            chip = supervisor.locator("#ringing .ring")
            await expect(chip).to_have_attribute("data-severity", "notice", timeout=WITHIN_MS)
            assert program.agent.desk.calls == {}
            office.customer.hang_up()
            await expect(chip).to_have_count(0, timeout=WITHIN_MS)
            await expect(operator.locator(".ringing")).to_have_count(0)
            await office.until(lambda: alerts[-1].state is AlertState.CLOSED)
            assert len({each.alert_id for each in alerts}) == 1
            counters = program.agent.desk.counters() | program.agent._recording.counters()
            assert counters["rings_seen"] == 1
            assert [counters["calls_begun"], counters["record_calls_heard"]] == [0, 0]

            alerts.clear()
            office.customer.call("210")
            await expect(chip).to_have_attribute("data-severity", "notice", timeout=WITHIN_MS)
            office.operator.answer()
            await expect(operator.locator(".known")).to_contain_text("山田 太郎 様", timeout=WITHIN_MS)
            await expect(chip).to_have_count(0)
            await expect(supervisor.locator("[data-call]")).to_have_count(1)
            await office.until(lambda: len(alerts) == 2)
            await expect(supervisor.locator("#inbox [data-alert]")).to_have_count(1)
            office.customer.hang_up()
            await office.until(lambda: not program.agent.desk.calls)
            assert len({each.alert_id for each in alerts}) == 1
            assert [each.revision for each in alerts] == list(range(1, len(alerts) + 1))
            await office.until(lambda: program.agent._recording.counters()["record_calls_heard"] == 1)
            counters = program.agent._recording.counters()
            assert counters["record_calls_recorded"] + counters["record_calls_excluded"] == 1
