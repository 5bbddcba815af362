"""Window of a test's browser: its size, the language of its pages, and boxes in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import FloatRect, Locator, Page


async def resize(page: Page, size: tuple[int, int]) -> None:
    await page.set_viewport_size({"width": size[0], "height": size[1]})


async def choose_language(page: Page, language: str) -> None:
    """Open pages in a language from now on, as one does that somebody chose before."""
    await page.add_init_script(f"localStorage.setItem('kikimori.language', '{language}')")


async def box_of(element: Locator) -> FloatRect:
    box = await element.bounding_box()
    assert box is not None
    return box
