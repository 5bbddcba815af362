"""Failures stay where they are: in one call, one way in, one background task of a whole agent."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from playwright.async_api import expect
from structlog.testing import capture_logs
from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.deadline import WITHIN_S
from tests.support.faults import FAULTY, SECRET, FaultyTap
from tests.support.sign_in import sign_in_page
from tests.support.telephone import RATE, on_the_line
from tests.system.conftest import SITE, agent_config, running, until

from kikimori.agent import Agent
from kikimori.ways_in import make_taps
from kikimori_core.model.call import Role
from kikimori_lab.demo.script import load_calls

if TYPE_CHECKING:
    from pathlib import Path

    import pytest
    from tests.support.brokers import AnyBroker

    from kikimori.config import AgentConfig
    from kikimori_core.wire.messages import Health

SHOUT = next(each for each in load_calls() if each.name == "shout-from-start").voices[Role.CUSTOMER]


def with_a_faulty_rule(config: AgentConfig) -> Agent:
    agent = Agent(config)
    agent.rules = (*agent.rules, FAULTY)
    return agent


def own_problems(health: Health) -> list[str]:
    """Return the codes without that of an alert that no page draws here, which comes after 20 s."""
    return [each.code for each in health.problems if each.code != "alert_unseen"]


async def test_a_rule_fails_in_one_call(broker: AnyBroker, tmp_path: Path) -> None:
    """The call's card shows it and help can be called; the other call is judged to its end."""
    pcm = SHOUT[: 22 * RATE].tobytes()
    with capture_logs() as logs:
        async with (
            running(agent_config(tmp_path, broker.settings), with_a_faulty_rule) as agent,
            dashboard(dashboard_settings(broker.settings, site=SITE)) as url,
            chromium() as browser,
        ):
            addresses = await agent.ready
            page = await browser.new_page()
            await sign_in_page(page)
            await page.goto(url)
            card = page.locator("[data-call=faulty]")
            async with (
                on_the_line(addresses, call="faulty", role="customer") as customer,
                on_the_line(addresses, call="faulty", role="operator") as operator,
                on_the_line(addresses, call="sound", role="customer") as other,
            ):
                await asyncio.gather(*(each.speak(pcm) for each in (customer, operator, other)))
                about = card.locator(".row-about")
                await expect(about).to_have_text("障害：見守られていません", timeout=WITHIN_S * 1000)
                await card.click()
                await page.mouse.move(0, 0)  # nothing moves under the pointer
                await expect(page.locator("#panel .stale")).to_contain_text("プログラムの障害")
                await expect(page.locator("[data-call=sound] .why")).to_contain_text("大声・怒声")
                await expect(page.locator("[data-call=sound] .stale")).to_be_hidden()
                await expect(card).to_have_attribute("data-severity", "calm")
                await expect(page.locator("main")).to_contain_text(
                    "プログラムの障害（以後は見守られていません）"
                )
                banner = page.locator("#banners", has_text="見守られていない通話があります")
                await expect(banner).to_be_visible(timeout=WITHIN_S * 1000)
                await operator.press("*9")
                urgent = page.locator(".card[data-call=faulty]")
                await expect(urgent).to_have_attribute("data-severity", "critical")
                await expect(page.locator("#rows [data-call=faulty]")).to_have_count(0)
            await until(lambda: not agent.desk.calls)
            await expect(page.locator("[data-call=sound]")).to_have_count(0)
    failed = [each["call_id"] for each in logs if each["event"] == "call_failed"]
    assert failed == ["faulty"]
    assert SECRET not in str(logs)


async def test_a_way_in_fails_and_is_started_again(broker: AnyBroker, tmp_path: Path) -> None:
    tap = FaultyTap(failures=2)

    def with_a_faulty_tap(config: AgentConfig) -> Agent:
        return Agent(config, taps=lambda *parts: [tap, *make_taps(*parts)])

    async with running(agent_config(tmp_path, broker.settings), with_a_faulty_tap) as agent:
        addresses = await agent.ready
        async with on_the_line(addresses, call="c1") as telephone:
            await telephone.press("*9")
            async with asyncio.timeout(WITHIN_S):
                await tap.works.wait()
            health = agent._health()
            assert own_problems(health) == ["task_failed"]
            assert health.problems[0].detail.startswith("faulty: RuntimeError")
            assert SECRET not in health.model_dump_json()
            assert health.counters["tasks_restarted"] == 2
            await telephone.speak(bytes(RATE))
            await until(lambda: "c1" in agent.desk.calls)


async def test_a_background_task_fails_and_is_started_again(
    broker: AnyBroker, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Hearing as a whole fails once, between two calls' audio; what comes after is heard."""
    async with running(agent_config(tmp_path, broker.settings)) as agent:
        addresses = await agent.ready
        failed = asyncio.Event()
        retire = agent.desk._retire

        def fail_once() -> None:
            if not failed.is_set():
                failed.set()
                raise RuntimeError(SECRET)
            retire()

        monkeypatch.setattr(agent.desk, "_retire", fail_once)
        async with on_the_line(addresses, call="c1", role="customer") as telephone:
            await telephone.speak(SHOUT[: 16 * RATE].tobytes())
            assert failed.is_set()
            await until(
                lambda: agent.desk.calls["c1"]._judge is not None and agent.bus._board.open_revisions() != {}
            )
            assert own_problems(agent._health()) == ["task_failed"]
