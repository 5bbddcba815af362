"""The page of `kikimori bench listen`: a real Chromium in which somebody listens, and what is found in its sound."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori_lab.bench.page import APPEARS_WITHIN_MS, opened_page, sign_in

if TYPE_CHECKING:
    from collections.abc import Callable

LOUD = 0.2
"""Amplitude that only a click has; 1 = the loudest."""
QUIET_MS = 300
"""Time in ms after a click in which there is no other."""

_PROBE = """([loud, quiet, worklet]) => {
  window.clicks = [];
  if (!worklet) Object.defineProperty(BaseAudioContext.prototype, "audioWorklet", { value: undefined });
  const { connect } = AudioNode.prototype;
  const probe = (node) => {
    const meter = node.context.createAnalyser();
    meter.fftSize = 4096;
    connect.call(node, meter);
    const samples = new Float32Array(meter.fftSize);
    setInterval(() => {
      meter.getFloatTimeDomainData(samples);
      const now = performance.timeOrigin + performance.now();
      const first = samples.findIndex((each) => Math.abs(each) > loud);
      if (first < 0) return;
      const at = now - ((samples.length - first) / node.context.sampleRate) * 1000;
      if (at - (window.clicks.at(-1) ?? 0) > quiet) window.clicks.push(at);
    }, 5);
  };
  AudioNode.prototype.connect = function (to, ...more) {
    if (to === this.context.destination) probe(this);
    return connect.call(this, to, ...more);
  };
}"""


def probe(*, worklet: bool) -> str:
    """Return a page's script that puts the times of the clicks in its sound into `window.clicks`, in ms since 1970."""
    return f"({_PROBE})([{LOUD}, {QUIET_MS}, {str(worklet).lower()}])"


async def heard_clicks(
    url: str, token: str, seconds: float, *, worklet: bool, begun: Callable[[], None]
) -> list[float]:
    """Listen to the call that the page shows; return the times of the clicks in its sound, in ms since 1970.

    Raises:
        KikimoriError: there is no Playwright or no Chromium here.
    """
    async with opened_page() as page:
        await sign_in(page, token)
        await page.add_init_script(probe(worklet=worklet))
        await page.goto(url)
        button = page.locator("[data-listen=live]")
        await button.click(timeout=APPEARS_WITHIN_MS)
        await page.locator(".listen-sides").wait_for(timeout=APPEARS_WITHIN_MS)
        async with asyncio.timeout(APPEARS_WITHIN_MS / 1000):
            while not await page.evaluate("window.clicks.length"):  # noqa: ASYNC110 - of the page there is no event
                await asyncio.sleep(0.1)
        begun()
        await asyncio.sleep(seconds)
        found: list[float] = await page.evaluate("window.clicks")
        return found
