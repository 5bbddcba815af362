"""Lines of `kikimori config check` about calls for help that nobody answers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.messages import joined, text

if TYPE_CHECKING:
    from kikimori_core.wire.unanswered import UnansweredTable


CODES = {
    "louder_after_s": "unanswered_louder",
    "hold_after_s": "unanswered_hold",
    "ring_after_s": "unanswered_ring",
}


def unanswered_lines(table: UnansweredTable, *, can: bool) -> list[str]:
    """Return what is done while nobody answers, step by step; one line that says so where every step is off.

    `can`: the PBX can ring a third telephone, and one superior after another.
    """
    steps = []
    for name, after_s in table.steps():
        code = "unanswered_ring_not" if name == "ring_after_s" and not can else CODES[name]
        steps.append(text(code, seconds=f"{after_s:g}"))
    if table.next_superior:
        steps.append(text("unanswered_next" if can else "unanswered_next_not"))
    if not steps:
        return [text("check_unanswered_off")]
    for_what = text("unanswered_critical" if table.critical else "unanswered_help")
    return [text("check_unanswered", for_what=for_what, steps=joined(steps, "clauses"))]
