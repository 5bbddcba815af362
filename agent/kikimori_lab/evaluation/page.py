"""Self-contained page, built as a tree: no words from a call can become markup."""

from __future__ import annotations

from typing import TYPE_CHECKING
from xml.etree.ElementTree import Element, SubElement, tostring

if TYPE_CHECKING:
    from pathlib import Path

_STYLE = """
:root { color-scheme: light dark; --ink: #1a1d21; --dim: #667; --back: #fff; --lane: #f1f3f6; --customer: #b4552d;
  --operator: #2f6f9f; --right: #1f8a4c; --missed: #c62828; --false: #c62828; --again: #888; --tolerated: #b58900; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --dim: #9aa; --back: #14171a; --lane: #1e2328;
  --customer: #e58a5f; --operator: #6fb1e0; --right: #5fd08a; --missed: #ff7b72; --false: #ff7b72; } }
body { font: 15px/1.5 system-ui, "Noto Sans JP", sans-serif; color: var(--ink); background: var(--back);
  max-width: 1160px; margin: 2rem auto; padding: 0 1rem; }
table { border-collapse: collapse; margin: 1rem 0; font-variant-numeric: tabular-nums; }
th, td { padding: .25rem .7rem; text-align: right; border-bottom: 1px solid var(--lane); }
th:first-child, td:first-child { text-align: left; }
section { margin: 2rem 0; } h2 { font-size: 1.05rem; margin: 0; } .dim { color: var(--dim); }
.fault { color: var(--missed); font-weight: 600; }
svg { width: 100%; height: auto; display: block; } svg text { font-size: 12px; fill: var(--ink); }
.lane { fill: var(--lane); } .customer { fill: var(--customer); } .operator, .mixed { fill: var(--operator); }
.level { fill: none; stroke: var(--dim); stroke-width: 1; } .window { fill: none; stroke-dasharray: 4 3; stroke-width: 1.5; }
.right { stroke: var(--right); } .missed { stroke: var(--missed); } .false { stroke: var(--false); }
.again { stroke: var(--again); } .tolerated { stroke: var(--tolerated); } line.mark { stroke-width: 3; }
.grid { display: flex; flex-wrap: wrap; gap: 1rem; } .grid figure { margin: 0; width: 250px; } figcaption { font-size: .85rem; }
.curve { fill: none; stroke-width: 2; } .curve.known { stroke: var(--operator); } .curve.stranger { stroke: var(--customer); }
.raised { fill: var(--false); opacity: .18; }
details { margin: .3rem 0 0 76px; } ul { margin: .3rem 0; padding-left: 1.2rem; }
"""


def page(title: str) -> tuple[Element, Element]:
    """Return the document and its body."""
    html = Element("html", lang="ja")
    head = SubElement(html, "head")
    SubElement(head, "meta", charset="utf-8")
    SubElement(head, "meta", name="viewport", content="width=device-width")
    SubElement(head, "title").text = title
    SubElement(head, "style").text = _STYLE
    return html, SubElement(html, "body")


def add(parent: Element, name: str, *, klass: str | None = None, **attributes: object) -> Element:
    """Add an element; names of attributes as in SVG, with `_` for `-`."""
    found = {key.replace("_", "-"): str(value) for key, value in attributes.items()}
    if klass:
        found["class"] = klass
    return SubElement(parent, name, found)


def write_page(html: Element, path: Path) -> None:
    """Raise OSError."""
    path.write_text("<!doctype html>\n" + tostring(html, encoding="unicode", method="html"), encoding="utf-8")
