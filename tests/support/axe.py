"""Accessibility of a page as it stands, judged by axe-core: in both themes and both languages, and at a zoom of 200 %."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from playwright.async_api import expect

if TYPE_CHECKING:
    from playwright.async_api import Page

AXE = Path(__file__).parents[1] / "js" / "node_modules" / "axe-core" / "axe.min.js"
CONTRAST = "color-contrast"
ZOOMED = {"width": 960, "height": 540}
"""Window of full HD at 200 %."""

_RUN = (
    "options => axe.run(document, {...options, resultTypes: ['violations']}).then(found => found.violations)"
)
_THEME = "theme => { document.documentElement.dataset.theme = theme; }"
_WIDTH = "() => document.documentElement.scrollWidth"


@cache
def _source() -> str:
    if not AXE.exists():
        raise FileNotFoundError(f"{AXE} is missing; next: make tests/js/node_modules/installed")
    return AXE.read_text(encoding="utf-8")


async def assert_accessible(page: Page, *, online: bool = True) -> None:
    """Hold a state of the page against all rules of axe-core.

    Colours are looked at in both themes, all else in both languages where the page offers them now.

    Args:
        page: As it stands; it is left like that.
        online: The page can fetch its other language.
    """
    found = await _violations(page)
    theme = await page.evaluate("() => document.documentElement.dataset.theme")
    other = "light" if theme == "dark" else "dark"
    await page.evaluate(_THEME, other)
    found += [
        f"{other}: {each}" for each in await _violations(page, runOnly={"type": "rule", "values": [CONTRAST]})
    ]
    await page.evaluate(_THEME, theme)
    if (
        online
        and await page.locator("#language:visible").count()
        and not await page.locator("dialog[open]").count()
    ):
        await _other_language(page)
        found += [
            f"other language: {each}"
            for each in await _violations(page, rules={CONTRAST: {"enabled": False}})
        ]
        await _other_language(page)
    assert found == [], "\n".join(found)
    await _assert_fits(page)


async def _violations(page: Page, **options: Any) -> list[str]:
    """Return one line for each element that breaks a rule."""
    if not await page.evaluate("() => 'axe' in window"):
        await page.evaluate(_source())
    found: list[dict[str, Any]] = await page.evaluate(_RUN, options)
    return [
        f"{each['id']}: {node['html']} — {node['failureSummary']}" for each in found for node in each["nodes"]
    ]


async def _other_language(page: Page) -> None:
    """Press the button of the language; the focus stays where it is."""
    before = await page.evaluate("() => document.documentElement.lang")
    button = page.locator("#language")
    told = await button.text_content()
    await button.evaluate("button => button.click()")
    await expect(page.locator("html")).not_to_have_attribute("lang", before)
    await expect(button).not_to_have_text(told or "")


async def _assert_fits(page: Page) -> None:
    before = page.viewport_size
    assert before is not None
    await page.set_viewport_size({"width": ZOOMED["width"], "height": ZOOMED["height"]})
    assert await page.evaluate(_WIDTH) <= ZOOMED["width"]
    await page.set_viewport_size(before)
