"""Cost of the supervisor's page for the browser in a large office, and its delay: a real Chromium.

Broker, dashboard and the agent that tells of the calls run in this process; the browser is driven by Playwright.
"""

from __future__ import annotations

import asyncio
import shutil
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import kikimori_dashboard
from kikimori.bus.broker import embedded_broker
from kikimori.bus.broker_users import everything
from kikimori.errors import KikimoriError
from kikimori_core.wire.settings import BrokerSettings
from kikimori_dashboard.access.cookies import SESSION
from kikimori_lab.bench.made_up import SITE
from kikimori_lab.bench.page_load import STAMP, PageLoad
from kikimori_lab.signed_in import SUPERVISOR, store_for_a_while, token_for

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    from playwright.async_api import CDPSession, Page

REFERENCE = "an empty page that rewrites a line of text for each call and lays them out"
WARM_UP_S = 3.0
APPEARS_WITHIN_MS = 120_000
SHOWN_CALL = 2
"""Call with a critical alert, which the page shows as a card; see `made_up_alert`."""

_COUNT = """
  window.bench = { messages: 0, characters: 0, behind: [], moments: 0, unsettled: 0 };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (!data.startsWith('{"type":"delta"')) return;
        window.bench.messages += 1;
        window.bench.characters += data.length;
      });
    }
  };
"""
_WATCH = """(stamp) => {
  Object.assign(window.bench, { messages: 0, characters: 0, behind: [], moments: 0, unsettled: 0 });
  let seen = 0;
  const look = (text) => {
    const at = text.lastIndexOf(stamp);
    const sent = at < 0 ? 0 : Number.parseInt(text.slice(at + stamp.length), 10);
    if (sent <= seen) return;
    seen = sent;
    window.bench.behind.push(Date.now() - sent);
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "characterData") look(target.data);
      for (const node of addedNodes) look(node.textContent);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
  setInterval(() => {
    for (const each of document.querySelectorAll("#cards .card")) {
      window.bench.moments += 1;
      if (each.dataset.settled === "no") window.bench.unsettled += 1;
    }
  }, 100);
}"""
_REWRITE = """(calls) => {
  const lines = Array.from({ length: calls }, () => document.body.appendChild(document.createElement("p")));
  for (let round = 0; round < 50; round += 1) {
    for (const [number, line] of lines.entries()) line.textContent = `${round} ${number} さっきも言いましたよね`;
    document.body.offsetHeight;
  }
}"""


@dataclass(frozen=True, slots=True)
class PageFigures:
    """Figures of `kikimori bench page --json`; milliseconds are processor time of the page's main thread."""

    calls: int
    updates_per_s: float
    seconds: float
    messages: int
    thousand_characters: float
    """Length of a message in thousands of characters."""
    ms_per_message: float
    """All work of the main thread: scripts, style, layout, paint, timers."""
    script_ms: float
    style_ms: float
    layout_ms: float
    layouts_per_message: float
    """Layouts per message; every frame needs one, more are forced by reading sizes between writes."""
    behind_ms_p50: float
    """Time in ms of wall clock from publishing a word to its display on the page."""
    behind_ms_max: float
    refused_share: float
    """Share of moments and calls in need of a decision at which a press would be refused, as the card had
    just moved."""
    reference: str
    reference_ms: float
    vs_reference: float


async def bench_page(
    calls: int, updates: float, seconds: float, progress: Callable[[float], None]
) -> PageFigures:
    """Show this number of calls for this number of seconds.

    Raises:
        KikimoriError: there is no Playwright or no Chromium here.
    """
    load = PageLoad(calls, updates, stamped=SHOWN_CALL % calls)
    user = everything()
    async with (
        embedded_broker("127.0.0.1", 0, users=[user]) as address,
        store_for_a_while() as store,
        asyncio.TaskGroup() as tasks,
    ):
        broker = BrokerSettings(host="127.0.0.1", port=address.port).with_login(user.name, user.password)
        settings = kikimori_dashboard.DashboardSettings(site=SITE, mqtt=broker, port=0)
        token = await token_for(store, SUPERVISOR)
        url: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        running = [
            tasks.create_task(kikimori_dashboard.serve(settings, url.set_result, store=store)),
            tasks.create_task(load.run(broker)),
        ]
        try:
            await load.begun.wait()
            async with opened_page() as page:
                await sign_in(page, token)
                return await _measure(page, await url, calls, updates, seconds, progress)
        finally:
            for task in running:
                task.cancel()


async def show_call(page: Page, number: int) -> None:
    """Wait for a call of `PageLoad`, and have the page show it whole."""
    shown = page.locator(f"[data-call='bench-{number}']").first
    await shown.wait_for(state="attached", timeout=APPEARS_WITHIN_MS)
    await shown.click(position={"x": 5, "y": 5}, timeout=APPEARS_WITHIN_MS)


async def sign_in(page: Page, token: str) -> None:
    await page.context.add_cookies(
        [
            {
                "name": SESSION,
                "value": token,
                "url": "https://127.0.0.1/",
                "secure": True,
                "httpOnly": True,
                "sameSite": "Strict",
            }
        ]
    )


@asynccontextmanager
async def opened_page() -> AsyncIterator[Page]:
    try:
        from playwright.async_api import async_playwright  # noqa: PLC0415  (an extra)
    except ImportError:
        raise KikimoriError.of("playwright_not_installed") from None
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise KikimoriError.of("chromium_not_installed")
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=["--no-sandbox", "--disable-gpu"]
        )
        try:
            # In a context of its own, so that further tabs can be opened beside it.
            context = await browser.new_context(viewport={"width": 1920, "height": 1080})
            yield await context.new_page()
        finally:
            await browser.close()


async def _measure(
    page: Page, url: str, calls: int, updates: float, seconds: float, progress: Callable[[float], None]
) -> PageFigures:
    await page.add_init_script(_COUNT)
    await page.goto(url)
    await show_call(page, SHOWN_CALL % calls)
    await asyncio.sleep(WARM_UP_S)
    devtools = await page.context.new_cdp_session(page)
    await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
    await page.evaluate(_WATCH, STAMP)
    before = await metrics(devtools)
    for second in range(round(seconds)):
        await asyncio.sleep(1)
        progress(second + 1)
    after = await metrics(devtools)
    watched: dict[str, Any] = await page.evaluate("window.bench")
    messages = max(int(watched["messages"]), 1)
    behind = sorted(watched["behind"]) or [seconds * 1000]
    await page.goto("about:blank")
    bare = await metrics(devtools)
    await page.evaluate(_REWRITE, calls)
    reference = ((await metrics(devtools))["TaskDuration"] - bare["TaskDuration"]) * 1000 / 50

    def each(name: str) -> float:
        return round((after[name] - before[name]) * 1000 / messages, 2)

    return PageFigures(
        calls=calls,
        updates_per_s=updates,
        seconds=seconds,
        messages=messages,
        thousand_characters=round(watched["characters"] / messages / 1000, 1),
        ms_per_message=each("TaskDuration"),
        script_ms=each("ScriptDuration"),
        style_ms=each("RecalcStyleDuration"),
        layout_ms=each("LayoutDuration"),
        layouts_per_message=round((after["LayoutCount"] - before["LayoutCount"]) / messages, 2),
        behind_ms_p50=behind[len(behind) // 2],
        behind_ms_max=behind[-1],
        refused_share=round(watched["unsettled"] / max(watched["moments"], 1), 3),
        reference=REFERENCE,
        reference_ms=round(reference, 3),
        vs_reference=round(each("TaskDuration") / reference, 1) if reference else 0.0,
    )


async def metrics(devtools: CDPSession) -> dict[str, float]:
    found = await devtools.send("Performance.getMetrics")
    return {each["name"]: each["value"] for each in found["metrics"]}
