"""Alerts of a recorded call as its page shows them: all evidence of all revisions, and each change. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SHOWN = ("state", "severity", "suggestion", "closed_because")
"""Fields of an alert whose changes make an entry of its life."""


def alert_view(row: Mapping[str, Any]) -> dict[str, Any]:
    """Return an alert of a call; `row` as `recorded_alerts` has it."""
    revisions = [each for each in row["revisions"] if isinstance(each.get("alert"), dict)]
    last = revisions[-1]["alert"] if revisions else {}
    return {
        "alert_id": row["alert_id"],
        "rule": row["rule"],
        "kind": row["kind"],
        "severity": row["severity"],
        "title": last.get("title") or {"ja": row["rule"], "en": row["rule"]},
        "opened_s": row["opened_s"],
        "closed_s": row["closed_s"],
        "closed_because": last.get("closed_because"),
        "evidence": evidence_of(revisions),
        "life": life_of(revisions),
    }


def evidence_of(revisions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the evidence of all revisions in order of time, each once.

    A revision holds the newest evidence only; what grew from one to the next is there as it was last, and of a demand
    that was counted from another time on the last count.
    """
    found: dict[str, dict[str, Any]] = {}
    for revision in revisions:
        for each in revision["alert"].get("evidence") or ():
            if isinstance(each, dict) and isinstance(each.get("start_s"), int | float):
                found = {name: one for name, one in found.items() if not _takes_back(each, one)}
                found[_name_of(each)] = each
    return sorted(found.values(), key=lambda each: float(each["start_s"]))


def life_of(revisions: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the changes of state, severity, suggestion, closing and corrected counts of an alert, in order of time."""
    life: list[dict[str, Any]] = []
    before: dict[str, Any] = {}
    corrected: list[list[int]] = []
    for revision in revisions:
        now = {name: revision["alert"].get(name) for name in SHOWN}
        counts = _corrected(revision["alert"])
        news = [each for each in counts if each not in corrected]
        if now != before or news:
            life.append({"media_s": revision["media_s"], **now, "corrected": news})
        before, corrected = now, counts
    return life


def _corrected(alert: Mapping[str, Any]) -> list[list[int]]:
    """Return the counts of demands that were corrected: as they were told before, and as they are."""
    evidence = [each for each in alert.get("evidence") or () if isinstance(each, dict)]
    found = ((each.get("count_before"), each.get("count")) for each in evidence)
    return [[before, count] for before, count in found if isinstance(before, int) and isinstance(count, int)]


def _takes_back(later: Mapping[str, Any], earlier: Mapping[str, Any]) -> bool:
    """Return whether a count of a demand takes an earlier one back: both have times in common."""
    if later.get("kind") != "answered" or earlier.get("kind") != "answered":
        return False
    return not set(later.get("times_s") or ()).isdisjoint(earlier.get("times_s") or ())


def _name_of(evidence: Mapping[str, Any]) -> str:
    """Return what stays the same while a piece of evidence grows."""
    parts = [evidence.get(name) for name in ("kind", "start_s", "role", "matched", "text", "since", "who")]
    return json.dumps(parts, ensure_ascii=False)
