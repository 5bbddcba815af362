"""A page as a screen reader gets it: Chromium's accessibility tree, and what live regions say."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playwright.async_api import Page

ACTED_ON = {
    "button",
    "link",
    "textbox",
    "searchbox",
    "combobox",
    "checkbox",
    "radio",
    "switch",
    "tab",
    "menuitem",
}
NAMED = ACTED_ON | {"article", "region", "dialog", "image", "group", "tabpanel"}
"""Roles that say nothing without a name."""

OUT_OF_REACH = """() => [...document.querySelectorAll("button, a[href], select, input, summary, [tabindex]")]
  .filter((each) => each.checkVisibility() && !each.disabled && each.tabIndex < 0)
  .filter((each) => !each.matches("[data-call]:not(button), [role=tab]"))
  .map((each) => each.outerHTML)"""
"""Elements that can be pressed, and cannot be reached with the tabulator; cards and rows are reached by j and k, tabs by arrows."""

_LISTEN = """() => {
  const said = window.saidAloud = [];
  const live = (node) => {
    let region = null;
    for (let each = node instanceof Element ? node : node.parentElement; each; each = each.parentElement) {
      if (each.ariaHidden === "true" || each.hidden) return null;
      const how = each.ariaLive ?? { alert: "assertive", status: "polite", log: "polite" }[each.role];
      if (!region && (how === "off" || (each.role === "timer" && !how))) return null;
      if (!region && how) region = each;
    }
    return region;
  };
  new MutationObserver((changes) => {
    for (const region of new Set(changes.map(({ target }) => live(target)))) {
      const text = region?.textContent.trim();
      if (text) said.push(text);
    }
  }).observe(document.body, { subtree: true, childList: true, characterData: true });
}"""


async def accessibility_tree(page: Page) -> list[tuple[str, str]]:
    """Return role and name of all elements that a screen reader meets, in its order."""
    devtools = await page.context.new_cdp_session(page)
    nodes: list[dict[str, Any]] = (await devtools.send("Accessibility.getFullAXTree"))["nodes"]
    await devtools.detach()
    by_id = {each["nodeId"]: each for each in nodes}
    found: list[tuple[str, str]] = []
    left = [nodes[0]["nodeId"]]
    while left:
        node = by_id.get(left.pop())
        if node is None:
            continue
        if not node.get("ignored"):
            found.append((node["role"]["value"], node.get("name", {}).get("value", "")))
        left += reversed(node.get("childIds", []))
    return found


async def nameless(page: Page) -> list[str]:
    """Return the roles of elements without a name that need one."""
    return [role for role, name in await accessibility_tree(page) if role in NAMED and not name.strip()]


async def listen(page: Page) -> None:
    """Note from now on what the page's live regions say."""
    await page.evaluate(_LISTEN)


async def said_aloud(page: Page) -> list[str]:
    """Return what they have said since."""
    said: list[str] = await page.evaluate("window.saidAloud.splice(0)")
    return said
