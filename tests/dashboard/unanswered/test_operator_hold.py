"""The operator's page while nobody answers: hold is offered, and ended again; and outside opening hours it says so first."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from playwright.async_api import expect
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.sign_in import sign_in_browser

from kikimori_core.wire.messages import Action, CallStatus, Outcome, Party
from kikimori_core.wire.opening_hours import DAYS, Hours
from kikimori_core.wire.unanswered import UnansweredTable
from kikimori_dashboard.people.directory_desk import help_now
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people.changes import Author
from kikimori_records.people.superiors import SuperiorRow, add_superior

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

CAN = (Action.HOLD, Action.UNHOLD, Action.HOLD_TRANSFER)
MONDAY = datetime(2026, 11, 2, 20, 0, tzinfo=ZoneInfo("Asia/Tokyo"))
OFFICE: Hours = {"mon": (("09:00", "18:00"),), "tue": (("09:00", "18:00"),)}


def test_who_is_there_now_and_when_the_first_is_back() -> None:
    late = SuperiorRow("1", "木村", "200", 1, {"tue": (("12:00", "18:00"),)})
    early = SuperiorRow("2", "田中", "201", 2, OFFICE)
    assert help_now([], MONDAY) is None
    closed = help_now([late, early], MONDAY)
    opens = MONDAY.replace(day=3, hour=9)
    assert closed == {"name": None, "opens_at": opens.isoformat()}
    assert help_now([late, SuperiorRow("3", "林", "202", 3)], MONDAY) == {"name": "林", "opens_at": None}


async def test_the_operator_may_hold_while_nobody_answers(
    real: Mosquitto, store: Store, agent: PeerAgent
) -> None:
    steps = UnansweredTable(louder_after_s=0, hold_after_s=0.5, ring_after_s=0)
    settings = dashboard_settings(real.settings).model_copy(update={"unanswered": steps})
    other_day = DAYS[(datetime.now(ZoneInfo("Asia/Tokyo")).weekday() + 3) % 7]
    hours: Hours = {other_day: (("09:00", "18:00"),)}
    await add_superior(store, "木村", "200", Author(ActorKind.SYSTEM, "test"), hours=hours)
    async with dashboard(settings, store=store) as url, chromium() as browser:
        context = await browser.new_context()
        await sign_in_browser(context, "operator")
        page = await context.new_page()
        await page.goto(f"{url}/operator?ext=201")
        await agent.call("c", operator=Party(number="201"), capabilities=CAN)
        await expect(page.locator(".fact")).to_contain_text("受付時間外")
        await agent.alert("c", rule="escalate")
        hold = page.locator("[data-action=hold]")
        await expect(hold).to_have_text("保留にする")
        await expect(page.locator(".say .quote")).to_contain_text("少々お待ちください")
        await hold.click()
        await agent.answer(await agent.command(), Outcome.FAILED, "pbx_away", "Connection refused")
        await expect(page.get_by_text("電話機の保留ボタンを押してください")).to_be_visible()
        await hold.click()
        command = await agent.command()
        assert (command.action, command.role) == (Action.HOLD, "operator")
        await agent.answer(command)
        await agent.call("c", operator=Party(number="201"), capabilities=CAN, status=CallStatus.ON_HOLD)
        await page.locator("[data-action=unhold]").click()
        assert (await agent.command()).action is Action.UNHOLD
