"""The pages' table of actions, written from `kikimori_core.wire.actions`: `python -m kikimori_dashboard.actions.action_table`."""

from __future__ import annotations

import json
from pathlib import Path

from kikimori_core.wire.actions import ACTIONS, ActionFacts

TABLE = Path(__file__).parents[1] / "static" / "js" / "store" / "action_table.js"

_HEAD = """\
// The actions, made from kikimori_core/wire/actions.py by `python -m kikimori_dashboard.actions.action_table`; a test compares.

/**
 * @type {Record<string, {lane: string, rings: string | null, reason: string | null, leadsTo: string | null, place: string, asks: string}>}
 */
export const ACTIONS = {
"""


def text() -> str:
    """Return the module for the browser."""
    return _HEAD + "".join(f"  {each.action}: {_facts(each)},\n" for each in ACTIONS) + "};\n"


def _facts(each: ActionFacts) -> str:
    facts = {
        "lane": each.lane,
        "rings": each.rings,
        "reason": each.reason,
        "leadsTo": each.leads_to,
        "place": each.place,
        "asks": each.asks,
    }
    return "{ " + ", ".join(f"{key}: {json.dumps(value)}" for key, value in facts.items()) + " }"


if __name__ == "__main__":
    TABLE.write_text(text(), encoding="utf-8")
    print(f"{TABLE} written")
