"""A person at a page who is neither slower nor quicker than it allows, however busy the machine is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

_SCRIPT = """
const wait = window.setTimeout;
window.setTimeout = (what, ms, ...more) => wait(what, ms === 4_000 ? 600_000 : ms, ...more);
"""
"""Four seconds: `CONFIRM_WITHIN_MS` of the pages."""


_NEW_FOR_MS = 400
"""`NEW_FOR_MS` of the pages."""


async def take_time(page: Page) -> None:
    """Give the second press of a button ten minutes; before the page is opened."""
    await page.add_init_script(_SCRIPT)


async def look_first(page: Page) -> None:
    """Look at buttons that have just become others: a press sooner is taken to be meant for those before, and only asks."""
    now: float = await page.evaluate("performance.now()")
    await page.wait_for_function("(until) => performance.now() > until", arg=now + _NEW_FOR_MS)
