"""Two people at two browsers who end a call, as a test of something else needs it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.sign_in import sign_in_browser

if TYPE_CHECKING:
    from playwright.async_api import Browser, Page


async def end_with_two(first: Page, browser: Browser, url: str, *, within_ms: float = 30_000) -> None:
    """End the call in the panel of a supervisor's page; the second person looks at it by the banner, and agrees."""
    panel = first.locator("#panel")
    await panel.locator("[data-action=hang_up]").click(timeout=within_ms)
    await panel.locator("[data-act=reason-threat]").click()
    await panel.locator("[data-act=propose]").click()
    context = await browser.new_context()
    try:
        await sign_in_browser(context, "both")
        second = await context.new_page()
        await second.goto(url)
        await second.locator("#endings button").click(timeout=within_ms)
        await second.locator("#panel [data-act=agree]").click(timeout=within_ms)
        await panel.locator("[data-act=end]").click(timeout=within_ms)
    finally:
        await context.close()
