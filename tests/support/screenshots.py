"""Pictures of both pages with realistic content: `python -m tests.support.screenshots --out DIR`."""

from __future__ import annotations

import argparse
import asyncio
import tempfile
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.browser import chromium, dashboard, dashboard_settings
from tests.support.mosquitto import mosquitto
from tests.support.office import last_minute, open_office, talk_before
from tests.support.peer_agent import PeerAgent
from tests.support.sign_in import sign_in_browser

from kikimori_core.wire.messages import (
    Action,
    ButtonEvidence,
    CallStatus,
    Outcome,
    Problem,
    Severity,
    SpeechStatus,
)

if TYPE_CHECKING:
    from playwright.async_api import Browser, BrowserContext, Page
    from tests.support.mosquitto import Mosquitto

DESKTOP = {"width": 1920, "height": 1080}
LAPTOP = {"width": 1280, "height": 800}
README = {"width": 1600, "height": 900}
PHONE = {"width": 390, "height": 844}
TABLET = {"width": 1024, "height": 700}


class Photographer:
    def __init__(self, browser: Browser, url: str, out: Path) -> None:
        self.browser = browser
        self.url = url
        self.out = out

    async def open(
        self, path: str, size: dict[str, int], *, scheme: str = "light", language: str = "ja"
    ) -> tuple[BrowserContext, Page]:
        context = await self.browser.new_context(
            viewport={"width": size["width"], "height": size["height"]},
            color_scheme="dark" if scheme == "dark" else "light",
            reduced_motion="reduce",
        )
        await context.add_init_script(f"localStorage.setItem('kikimori.language', '{language}')")
        await sign_in_browser(context)
        page = await context.new_page()
        await page.goto(self.url + path)
        return context, page

    async def save(self, page: Page, name: str, *, whole: bool = False) -> None:
        await page.screenshot(path=self.out / f"{name}.png", full_page=whole)

    async def picture(
        self,
        path: str,
        name: str,
        size: dict[str, int],
        wait_for: str,
        *,
        scheme: str = "light",
        language: str = "ja",
        whole: bool = False,
    ) -> None:
        context, page = await self.open(path, size, scheme=scheme, language=language)
        await page.wait_for_selector(wait_for)
        await self.save(page, name, whole=whole)
        await context.close()


async def calm(camera: Photographer, agent: PeerAgent) -> None:
    await camera.picture("/", "calm-no-calls", DESKTOP, ".strip .headline")
    await agent.call("c-1")
    await agent.call("c-2")
    await camera.picture("/", "calm-two-calls", DESKTOP, "[data-call=c-2]")
    await agent.end_call("c-1")
    await agent.end_call("c-2")


async def supervisor(camera: Photographer, agent: PeerAgent) -> None:
    await open_office(agent)
    await talk_before(agent, "c-204")
    await last_minute(agent)
    watching, page = await camera.open("/", DESKTOP)
    await page.locator("#missed button").click()  # the alert that was over before anybody looked
    await page.wait_for_selector("#missed", state="hidden")
    await watching.close()
    there = ".attention [data-call=c-203]"
    for scheme in ("light", "dark"):
        await camera.picture("/", f"ten-calls-{scheme}", DESKTOP, there, scheme=scheme)
    await camera.picture("/", "supervisor", README, there)
    await camera.picture("/", "ten-calls-en", DESKTOP, there, language="en")
    await camera.picture("/", "ten-calls-1280", LAPTOP, there)
    await camera.picture("/", "phone", PHONE, there)
    await camera.picture("/", "phone-whole", PHONE, there, whole=True, scheme="dark")
    context, page = await camera.open("/", DESKTOP)
    await page.wait_for_selector(".card[data-call=c-204]")
    button = page.locator(".card[data-call=c-204] .primary")
    await button.click()
    await page.wait_for_selector(".card[data-call=c-204] .primary[aria-busy]")
    await camera.save(page, "pressed")
    await agent.call("c-204", status=CallStatus.TRANSFERRED)
    await agent.answer(await agent.command())
    await page.wait_for_selector(".card[data-call=c-204] .result[data-mood=good]")
    await page.mouse.move(0, 0)  # nothing moves under the pointer
    await page.wait_for_selector("#lane [data-call=c-204]")
    await camera.save(page, "transferred")
    await page.wait_for_selector(".card[data-call=c-201]")
    await page.locator(".card[data-call=c-201] .primary").click()
    await agent.answer(await agent.command(), Outcome.FAILED, "no_answer")
    await page.wait_for_selector(".card[data-call=c-201] .result[data-mood=bad]")
    await page.wait_for_selector(".card[data-call=c-203]")
    await page.locator(".card[data-call=c-203] .primary").click()
    await agent.answer(
        await agent.command(),
        Outcome.INSTRUCTED,
        detail="お客様に断らず保留ボタンを押してください。次に転送ボタン、内線 200 を押し、上席が出たら受話器を置いてください。",
    )
    await page.wait_for_selector(".card[data-call=c-203] .result[data-mood=todo]")
    await page.locator(".card[data-call=c-201] .who").click()
    await camera.save(page, "failed-instructed-opened")
    await context.close()


async def control(
    camera: Photographer, agent: PeerAgent, size: dict[str, int], name: str, *, scheme: str, language: str
) -> None:
    """Show what a PBX that can do everything adds: quiet, until somebody looks for it."""
    context, page = await camera.open("/", size, scheme=scheme, language=language)
    call = page.locator(".card[data-call=c-204]")
    await page.wait_for_selector(".card[data-call=c-204]")
    await camera.save(page, f"{name}-0-quiet")
    await call.locator("[data-action=listen]").click()
    await page.wait_for_selector("dialog.ask")
    await camera.save(page, f"{name}-1-own-telephone")
    await page.keyboard.type("210")
    await page.keyboard.press("Enter")
    await call.locator("[data-action=listen][aria-busy]").wait_for()
    await agent.answer(await agent.command())
    await call.locator(".result[data-mood=good]").wait_for()
    await call.locator(".opener").click()
    await call.locator("[data-action=announce]").click()
    await call.locator(".choices button").first.wait_for()
    await camera.save(page, f"{name}-2-announcements")
    await page.keyboard.press("Escape")
    await call.locator("[data-action=hang_up]").click()
    await page.locator("#panel [data-act=propose]").wait_for()
    await camera.save(page, f"{name}-3-hang-up")
    await page.keyboard.press("Escape")
    await page.wait_for_selector(".card[data-call=c-204]")
    await call.locator(".primary").click()
    await agent.call("c-204", status=CallStatus.ON_HOLD)
    command = await agent.command()
    await page.wait_for_selector(".card[data-call=c-204][data-status=on_hold]")
    await camera.save(page, f"{name}-4-ringing")
    await agent.call("c-204", status=CallStatus.TALKING)
    await agent.answer(command, Outcome.FAILED, "no_answer")
    await call.locator(".came-back").wait_for()
    await page.wait_for_selector(".card[data-call=c-204]")
    await camera.save(page, f"{name}-5-came-back")
    await call.locator(".primary").click()
    await agent.call("c-204", status=CallStatus.TRANSFERRED)
    await agent.answer(await agent.command())
    await page.mouse.move(0, 0)
    await page.locator("#lane [data-call=c-204] [data-action=take_back]").wait_for()
    await camera.save(page, f"{name}-6-transferred")
    await page.locator("#rows").scroll_into_view_if_needed()  # rows out of sight are not drawn
    await page.locator(".calls [data-call=c-206]").click()
    await page.locator(".calls [data-call=c-206]").scroll_into_view_if_needed()
    await camera.save(page, f"{name}-7-calm-selected")
    await agent.call("c-204", status=CallStatus.TALKING)
    await context.close()


async def wrong(camera: Photographer, agent: PeerAgent, broker: Mosquitto) -> None:
    await agent.health(
        speech=SpeechStatus.OFF,
        problems=(
            Problem(code="no_speech_model", detail="no model", remedy="kikimori models fetch vosk-ja-small"),
        ),
    )
    await camera.picture("/", "speech-off", DESKTOP, ".banner.warn code")
    await agent.health(online=False)
    await camera.picture("/", "agent-offline", DESKTOP, ".card .stale:not([hidden])")
    await agent.health()
    context, page = await camera.open("/", DESKTOP)
    await page.wait_for_selector(".card[data-call=c-201][data-stale=no]")
    await broker.stop()
    await page.locator(".banner.bad", has_text="MQTT").wait_for()
    await camera.save(page, "broker-lost")
    await broker.start()
    await page.wait_for_selector(".card[data-call=c-201][data-stale=no]")
    await context.close()


async def operator(
    camera: Photographer, agent: PeerAgent, size: dict[str, int], language: str, name: str
) -> None:
    path = "/operator?ext=301"
    call = f"c-{name}"
    context, page = await camera.open("/operator", size, language=language)
    await page.wait_for_selector(".choose")
    await camera.save(page, f"{name}-0-choose")
    await page.goto(f"{camera.url}/operator?ext=399")
    await page.wait_for_selector(".idle[data-state=never]")
    await camera.save(page, f"{name}-1-never-heard")
    await page.goto(camera.url + path)
    from_now = datetime.now(UTC) - timedelta(seconds=210)
    operator_party = agent.calls["c-202"].operator.model_copy(update={"number": "301"})
    await agent.call(call, operator=operator_party, started_at=from_now)
    await page.wait_for_selector(".help:enabled")
    await camera.save(page, f"{name}-2-in-call")
    shouting = await agent.alert(call)
    await page.wait_for_selector(".say .quote")
    await camera.save(page, f"{name}-3-shouting")
    await page.keyboard.press("F9")
    await agent.answer(await agent.command())
    escalate = await agent.alert(
        call,
        rule="escalate",
        severity=Severity.CRITICAL,
        title=("オペレーターが応援を求めています", "The operator asks for help"),
        evidence=(ButtonEvidence(start_s=211, end_s=211, source="page", pressed_by="operator 301"),),
        raised_s=211,
    )
    await page.wait_for_selector("[data-help=called]")
    await camera.save(page, f"{name}-4-called")
    other, supervising = await camera.open("/", DESKTOP, language=language)
    await supervising.wait_for_selector(f".card[data-call={call}]")
    await supervising.locator(f".card[data-call={call}] .primary").click()
    await page.wait_for_selector("[data-help=seen]")
    await camera.save(page, f"{name}-5-seen")
    await agent.call(call, status=CallStatus.ON_HOLD)
    await page.wait_for_selector("[data-help=on_hold]")
    await camera.save(page, f"{name}-6-on-hold")
    await agent.call(call, status=CallStatus.TRANSFERRED)
    await agent.answer(await agent.command())
    await page.wait_for_selector("[data-help=transferred]")
    await camera.save(page, f"{name}-7-transferred")
    await other.close()
    await agent.call(call, status=CallStatus.TALKING)
    other, supervising = await camera.open("/", DESKTOP, language=language)
    await supervising.wait_for_selector(f".card[data-call={call}]")
    await supervising.locator(f".card[data-call={call}] .primary").click()
    command = await agent.command()
    assert command.action is Action.HOLD_TRANSFER
    await agent.answer(
        command,
        Outcome.INSTRUCTED,
        detail="お客様に断らず保留ボタンを押してください。次に転送ボタン、内線 200 を押し、上席が出たら受話器を置いてください。",
    )
    await page.locator(".say", has_text="内線 200").wait_for()
    await camera.save(page, f"{name}-8-instructed")
    await other.close()
    await agent.close_alert(shouting)
    await agent.close_alert(escalate)
    await agent.end_call(call)
    await page.wait_for_selector(".idle[data-state=heard]")
    await camera.save(page, f"{name}-9-waiting")
    await context.close()


async def dashboard_away(camera: Photographer, agent: PeerAgent, served: AsyncExitStack) -> None:
    """Stop the dashboard under an operator's page; the last picture that can be taken."""
    await agent.call("c-away", operator=agent.calls["c-202"].operator.model_copy(update={"number": "301"}))
    context, page = await camera.open("/operator?ext=301", TABLET)
    await page.wait_for_selector(".help:enabled")
    await served.aclose()
    await page.wait_for_selector(".help:disabled")
    await camera.save(page, "operator-ja-dashboard-away")
    await context.close()


async def main(out: Path) -> None:
    with tempfile.TemporaryDirectory() as folder:
        async with mosquitto(Path(folder), persistent=False) as broker, chromium() as browser:
            agent = PeerAgent(broker.settings)
            async with agent.running(), AsyncExitStack() as served:
                url = await served.enter_async_context(dashboard(dashboard_settings(broker.settings)))
                camera = Photographer(browser, url, out)
                await calm(camera, agent)
                await supervisor(camera, agent)
                await agent.call("c-204", status=CallStatus.TALKING)
                await control(camera, agent, LAPTOP, "control-ja", scheme="light", language="ja")
                await control(camera, agent, PHONE, "control-phone", scheme="dark", language="ja")
                await control(camera, agent, LAPTOP, "control-en", scheme="dark", language="en")
                await operator(camera, agent, TABLET, "ja", "operator-ja")
                await operator(camera, agent, TABLET, "en", "operator-en")
                await operator(camera, agent, PHONE, "ja", "operator-phone")
                await wrong(camera, agent, broker)
                await dashboard_away(camera, agent, served)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, required=True, metavar="DIR")
    folder: Path = parser.parse_args().out
    folder.mkdir(parents=True, exist_ok=True)
    asyncio.run(main(folder))
