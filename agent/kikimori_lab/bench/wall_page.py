"""The page of `kikimori bench wall`: a real Chromium with the supervisor's page, and its main thread's time."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from kikimori_lab.bench.page import metrics, opened_page, show_call, sign_in
from kikimori_lab.bench.page_load import STAMP
from kikimori_lab.bench.wall_load import ALERT_TITLE, STAMPED

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.async_api import CDPSession, Page

_COUNT = """
  window.wall = { messages: 0, late: [], alerts: {}, painted: {} };
  window.WebSocket = class extends WebSocket {
    constructor(...given) {
      super(...given);
      this.addEventListener("message", ({ data }) => {
        if (!data.startsWith('{"type":"delta"')) return;
        window.wall.messages += 1;
      });
    }
  };
"""
_WATCH = """([stamp, title]) => {
  const wall = window.wall;
  Object.assign(wall, { messages: 0, late: [], alerts: {}, painted: {} });
  const now = () => performance.timeOrigin + performance.now();
  let seen = 0;
  const look = (text) => {
    for (let at = text.indexOf(title); at >= 0; at = text.indexOf(title, at + 1)) {
      const name = text.slice(at).match(/^\\D*\\d+/)[0];
      if (name in wall.alerts) continue;
      wall.alerts[name] = now();
      requestAnimationFrame(() => setTimeout(() => { wall.painted[name] = now(); }));
    }
    const at = text.lastIndexOf(stamp);
    const sent = at < 0 ? 0 : Number.parseInt(text.slice(at + stamp.length), 10);
    if (sent <= seen) return;
    seen = sent;
    wall.late.push(now() - sent);
  };
  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "characterData") look(target.data);
      for (const node of addedNodes) look(node.textContent);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


class WallPage:
    """Shows the page and measures it."""

    def __init__(self) -> None:
        self.per_message_ms: list[float] = []
        """Processor time of the main thread for each message, one figure for every second."""

    async def measure(
        self,
        url: str,
        token: str,
        seconds: float,
        begun: Callable[[], None],
        progress: Callable[[float], None],
    ) -> dict[str, Any]:
        """Return what the page saw; raises KikimoriError without a browser. `begun` is called before it counts."""
        async with opened_page() as page:
            await sign_in(page, token)
            await page.add_init_script(_COUNT)
            await page.goto(url)
            await show_call(page, STAMPED)
            devtools = await page.context.new_cdp_session(page)
            await devtools.send("Performance.enable", {"timeDomain": "threadTicks"})
            await page.evaluate(_WATCH, [STAMP, ALERT_TITLE])
            begun()
            await self._follow(page, devtools, seconds, progress)
            found: dict[str, Any] = await page.evaluate("window.wall")
            return found

    async def _follow(
        self, page: Page, devtools: CDPSession, seconds: float, progress: Callable[[float], None]
    ) -> None:
        busy_ms, messages = await _so_far(page, devtools)
        for second in range(max(round(seconds), 1)):
            await asyncio.sleep(1)
            busy_now, messages_now = await _so_far(page, devtools)
            if messages_now > messages:
                self.per_message_ms.append((busy_now - busy_ms) / (messages_now - messages))
            busy_ms, messages = busy_now, messages_now
            progress(second + 1)


async def _so_far(page: Page, devtools: CDPSession) -> tuple[float, int]:
    messages = await page.evaluate("window.wall.messages")
    return (await metrics(devtools))["TaskDuration"] * 1000, messages
