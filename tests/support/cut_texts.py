"""Texts that a page cuts, and of which the rest is told nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import Page

_CUT = """() => {
  const found = [];
  for (const each of document.querySelectorAll("body *")) {
    const style = getComputedStyle(each);
    const line = each.scrollWidth > each.clientWidth + 1 && ["hidden", "clip"].includes(style.overflowX);
    const lines = style.webkitLineClamp !== "none" && each.scrollHeight > each.clientHeight + 2;
    if (!(line || lines) || !each.clientWidth || !each.textContent.trim() || each.closest("[aria-hidden=true], .unseen, svg")) continue;
    if (style.textOverflow !== "ellipsis" && !lines) continue;
    const whole = each.textContent.trim();
    let told = false;
    for (let at = each; at && !told; at = at.parentElement) told = (at.title ?? "").replaceAll(/\\s/g, "").includes(whole.replaceAll(/\\s/g, ""));
    if (!told) found.push(`${each.parentElement.className}>${each.tagName.toLowerCase()}.${each.className}: ${whole}`);
  }
  return [...new Set(found)];
}"""
"""A text is cut with an ellipsis or after some lines; told = a tooltip of it, or of what it stands in, holds all of it."""


async def cut_texts(page: Page) -> list[str]:
    """Return the texts in sight or below it that are cut without a tooltip that holds them, each with its place."""
    return list(await page.evaluate(_CUT))
