"""Comparison of a call's alerts with exactly those that its truth expects, apart from rules that it tolerates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.wire.messages import Severity
    from kikimori_lab.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class OpenedAlert:
    """An alert as it was when it was opened."""

    rule: str
    severity: Severity
    at_s: float


@dataclass(frozen=True, slots=True)
class Verdict:
    faults: tuple[str, ...]
    """Empty = exactly the expected alerts."""
    not_judged: tuple[str, ...]
    """Rules that need words where there was no speech model."""


def judge(truth: Truth, raised: Iterable[OpenedAlert], *, words: bool) -> Verdict:
    """Compare. `words`: speech recognition was on."""
    left = list(raised)
    faults: list[str] = []
    not_judged: list[str] = []
    for expected in truth.expected_alerts:
        if expected.needs_words and not words:
            not_judged.append(expected.rule)
            continue
        found = next((each for each in left if each.rule == expected.rule), None)
        if found is None:
            faults.append(text("demo_alert_missed", rule=expected.rule))
            continue
        left.remove(found)
        if found.severity is not expected.severity:
            faults.append(
                text(
                    "demo_alert_severity",
                    rule=expected.rule,
                    severity=found.severity,
                    wanted=expected.severity,
                )
            )
        if not expected.start <= found.at_s <= expected.end:
            faults.append(
                text(
                    "demo_alert_time",
                    rule=expected.rule,
                    at=found.at_s,
                    begin=expected.start,
                    end=expected.end,
                )
            )
    faults += [
        text("demo_alert_extra", rule=each.rule, at=each.at_s)
        for each in left
        if each.rule not in truth.tolerated
    ]
    return Verdict(tuple(faults), tuple(not_judged))
