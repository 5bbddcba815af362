"""Pages on which a question of a button stays until it is answered, however busy the machine is."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

_SCRIPT = """
const wait = window.setTimeout;
window.setTimeout = (what, ms, ...more) => wait(what, ms === 4_000 ? 600_000 : ms, ...more);
"""
"""Four seconds: `CONFIRM_WITHIN_MS` of the pages."""


async def take_time(page: Page) -> None:
    """Give the second press of a button ten minutes; before the page is opened."""
    await page.add_init_script(_SCRIPT)
