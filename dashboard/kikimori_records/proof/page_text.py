"""Heads as text for people: on the page that is printed for a day, and in mails."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.messages import in_language, text

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import tzinfo

    from kikimori_core.messages import Language
    from kikimori_records.proof.trees import ClosedTree


def head_text(trees: Sequence[ClosedTree], site: str, language: Language, zone: tzinfo) -> str:
    """Return the heads of trees with what they are for, as lines of text."""
    said = [in_language(text("head_title", site=site), language), ""]
    for each in trees:
        closed = each.closed_at.astimezone(zone).strftime("%Y-%m-%d %H:%M")
        code = "head_of_day" if each.part == 0 else "head_of_late"
        values = {"day": each.day, "number": each.number, "count": each.count, "part": each.part}
        said += [in_language(text(code, closed=closed, **values), language)]
        said += [f"  {line}" for line in _halves(each.printed_head())]
    return "\n".join([*said, "", in_language(text("head_keep"), language), ""])


def _halves(digits: str) -> list[str]:
    """Return the groups of a head on two lines, so that a narrow page holds them."""
    groups = digits.split()
    return [" ".join(groups[:4]), " ".join(groups[4:])]
