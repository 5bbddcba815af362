"""From the supervisor's page to the telephones on a real Asterisk: each press is proved by what the telephones hear."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playwright.async_api import expect
from tests.support.asterisk.controlled import (
    CUSTOMER_HZ,
    MUSIC,
    OPERATOR_HZ,
    SOUND_HZ,
    SUPERIOR_HZ,
    controlled_office,
)
from tests.support.browser import chromium, store_of_people
from tests.support.deadline import WITHIN_S
from tests.support.ending import end_with_two
from tests.support.real_asterisk import needs_asterisk
from tests.support.sign_in import sign_in_page
from tests.support.sip_phone import Habit
from tests.support.stores import audited

from kikimori.config import AgentConfig
from kikimori.control.move_limit import GAP_S
from kikimori.office import open_office
from kikimori_core.model.call import Role
from kikimori_core.wire.actions import MOVES
from kikimori_dashboard import DashboardSettings
from kikimori_records.audit.entry import ActorKind
from kikimori_records.people.changes import Author
from kikimori_records.people.superiors import add_superior

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Locator
    from tests.support.asterisk.controlled import AsteriskOffice

pytestmark = needs_asterisk
WITHIN_MS = 60_000


def config(folder: Path, office: AsteriskOffice, *, ring_s: int = 20, **more: object) -> AgentConfig:
    """`ring_s`: long enough for what tests look at while it rings, on a busy machine too."""
    return AgentConfig.model_validate(
        {
            **more,
            "site": "demo",
            "agent_id": "demo",
            "state_dir": folder / "state",
            "speech": {"enabled": False},
            "audiosocket": {"port": 0, "announce_port": 0},
            "sides": {"customer_endpoints": ["PJSIP/trunk*"]},
            "control": {"internal": ["2??"]},
            "asterisk": {
                "tap": True,
                "ari_url": office.asterisk.ari_url,
                "ari_password_file": folder / "password",
                "ami_port": office.asterisk.ami_port,
                "ami_user": "least",
                "ami_password_file": folder / "password",
                "dial": office.settings.dial,
            },
            "pbx": {
                "kind": "asterisk",
                "superior": "200",
                "superior_name": "課長 木村",
                "ring_s": ring_s,
                "announcements": [
                    {"name": "hello", "title": "録音のお知らせ", "file": str(folder / "sound")}
                ],
            },
        }
    )


async def press(card: Locator, action: str, times: int = 1) -> None:
    """Press as somebody does who sees the page stand still; `times` = 2 for a button that asks first."""
    button = card.locator(f"[data-action={action}]")
    if action in MOVES:
        # The agent moves a call once in so long.
        await asyncio.sleep(GAP_S)
    for _ in range(times):
        await button.click(timeout=WITHIN_MS)


async def test_every_press_reaches_the_telephones(tmp_path: Path) -> None:
    habits = {"200": Habit.RING}
    async with (
        controlled_office(tmp_path, habits=habits, run=False) as office,
        store_of_people() as store,
        open_office(
            config(tmp_path, office), DashboardSettings(site="demo", port=0), broker_port=0, store=store
        ) as program,
        chromium() as browser,
    ):
        page = await browser.new_page(viewport={"width": 1400, "height": 900})
        await sign_in_page(page)
        await page.add_init_script("localStorage.setItem('kikimori.telephone', '205')")
        await page.goto(program.dashboard_url)
        await office.talk()
        await expect(page.locator("[data-call]")).to_have_count(1, timeout=WITHIN_MS)
        card = page.locator("#panel")
        await expect(card.locator(".who")).to_contain_text("204")

        # Listening in: the supervisor hears both, nobody hears the supervisor.
        await press(card, "listen")
        await expect(card.locator(".result")).to_have_text(
            "お手元の電話でモニタリングできます", timeout=WITHIN_MS
        )
        await office.heard(
            supervisor={CUSTOMER_HZ, OPERATOR_HZ}, customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}
        )
        office.supervisor.hang_up()

        # Hold, and back.
        await press(card, "hold", times=2)
        await expect(card.locator(".result")).to_have_text("保留にしました", timeout=WITHIN_MS)
        await office.heard(customer=MUSIC)
        await press(card, "unhold")
        await expect(card.locator(".result")).to_have_text("保留を解除しました", timeout=WITHIN_MS)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})

        # An announcement: both hear it over the conversation.
        await press(card, "announce")
        await card.locator(".choices button").click()
        await office.until(lambda: SOUND_HZ in office.customer.hears())
        await expect(card.locator(".result")).to_have_text("案内を流しました", timeout=WITHIN_MS)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})

        # The superior lets it ring: what is under way is shown, and taken back.
        await press(card, "hold_transfer", times=2)
        await expect(card.locator("[aria-busy]")).to_have_text(
            "保留中です。上席を呼び出しています…", timeout=WITHIN_MS
        )
        await office.heard(customer=MUSIC)
        await press(card, "take_back")
        await expect(card.locator(".result")).to_have_text("オペレーターへ戻しました", timeout=WITHIN_MS)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        await expect(card.locator(".came-back")).to_have_count(0)

        # Nobody answers: the customer comes back by itself, and everybody can see it.
        await press(card, "hold_transfer", times=2)
        await page.mouse.move(0, 0)  # while the pointer lies on a card, it stays where it is
        await expect(page.locator(".attention .came-back")).to_be_visible(timeout=WITHIN_MS)
        await expect(card.locator(".result")).to_contain_text("誰も出ませんでした", timeout=WITHIN_MS)
        await expect(card.locator(".result .where")).to_have_text("お客様はオペレーターと通話中です")
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})

        # One press now, the operator leaves; the superior answers.
        await card.get_by_label("抜ける").check()
        await press(card, "hold_transfer")
        await office.until(lambda: office.superior.ringing)
        office.superior.answer()
        await expect(card).to_have_attribute("data-status", "transferred", timeout=WITHIN_MS)
        await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)

        # The customer hears announcements as before, and then the call is ended.
        await press(card, "announce")
        await card.locator(".choices button").click()
        await office.heard(customer={SUPERIOR_HZ, SOUND_HZ}, superior={CUSTOMER_HZ, SOUND_HZ})
        await expect(card.locator(".result")).to_have_text("案内を流しました", timeout=WITHIN_MS)
        await asyncio.sleep(GAP_S)  # the agent moves a call once in so long
        await end_with_two(page, browser, program.dashboard_url, within_ms=WITHIN_MS)
        await office.heard(customer=None, superior=None)
        await page.mouse.move(0, 0)
        await expect(page.locator("[data-call]")).to_have_count(0, timeout=WITHIN_MS)
        await office.nobody()


async def test_a_superior_is_rung_though_no_page_is_open(tmp_path: Path) -> None:
    """Agent, dashboard and Asterisk together: the first superior is busy, the next one is rung and answers."""
    steps = {"louder_after_s": 0, "hold_after_s": 0, "ring_after_s": 1}
    habits = {"200": Habit.BUSY, "205": Habit.RING}
    async with (
        controlled_office(tmp_path, habits=habits, run=False) as office,
        store_of_people() as store,
    ):
        by = Author(ActorKind.SYSTEM, "test")
        for name, number in (("課長 木村", "200"), ("部長 大野", "205")):
            await add_superior(store, name, number, by)
        board = DashboardSettings.model_validate({"site": "demo", "port": 0, "unanswered": steps})
        async with open_office(
            config(tmp_path, office, unanswered=steps), board, broker_port=0, store=store
        ) as program:
            await office.talk()
            await office.until(lambda: bool(program.agent.desk.calls))
            (call_id,) = program.agent.desk.calls
            for digit in "*9":
                program.agent.desk.key(call_id, Role.OPERATOR, digit)
            await office.until(lambda: office.supervisor.ringing)
            office.supervisor.answer()
            # Nobody was moved.
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
            async with asyncio.timeout(WITHIN_S):
                while not (rung := await audited(store, "command.ring_superior")):  # noqa: ASYNC110  (a table tells nobody)
                    await asyncio.sleep(0.2)
            assert [(each["outcome"], each["object_id"]) for each in rung] == [("done", call_id)]
            assert rung[0]["details"]["target"] == "205"


async def test_a_recorded_call_is_told_of_it_and_one_without_that_is_a_problem(tmp_path: Path) -> None:
    """The announcement is heard over the first words; then its file is gone, and the next call goes on without it."""
    recording = {"enabled": True, "days": 1, "max_gb": 1, "announcement": "hello"}
    async with (
        controlled_office(tmp_path, run=False) as office,
        store_of_people() as store,
        open_office(
            config(tmp_path, office, recording=recording),
            DashboardSettings(site="demo", port=0),
            broker_port=0,
            store=store,
        ) as program,
    ):
        agent = program.agent
        office.customer.call("204")
        await office.until(lambda: SOUND_HZ in office.customer.hears())
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert agent._notice.problems() == ()
        office.customer.hang_up()
        await office.nobody()
        await office.until(lambda: not agent.desk.calls)
        (tmp_path / "sound.sln").unlink()
        await office.talk()
        await office.until(lambda: bool(agent._notice.problems()))
        (problem,) = agent._notice.problems()
        assert (problem.code, problem.parameters["reason"]) == ("recording_not_announced", "no_such_file")
