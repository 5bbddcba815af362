"""Raised against expected, per rule. Pure: nothing is heard here."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from statistics import median
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kikimori_core.wire.messages import Severity
    from kikimori_lab.evaluation.truth import ExpectedAlert

EARLY_S = 0.25
"""Seconds by which an alert may be raised before its window: media times are whole blocks of hearing."""


@dataclass(frozen=True, slots=True)
class RaisedAlert:
    """An alert as it was first raised."""

    rule: str
    severity: Severity
    raised_s: float
    """Media time of its evidence."""
    known_s: float
    """Media time that had been heard when it was raised: the supervisor's wait."""


Verdict = Literal["right", "missed", "false", "again", "tolerated"]


@dataclass(frozen=True, slots=True)
class Judged:
    """One expected alert, one raised one, or both."""

    verdict: Verdict
    rule: str
    expected: ExpectedAlert | None = None
    raised: RaisedAlert | None = None

    @property
    def delay_s(self) -> float | None:
        if self.expected is None or self.raised is None:
            return None
        return self.raised.known_s - self.expected.start


def judge_call(
    expected: Sequence[ExpectedAlert], raised: Sequence[RaisedAlert], tolerated: Iterable[str] = ()
) -> list[Judged]:
    """Match one call's alerts.

    An expected alert is met by the first one of its rule that was raised within its window. A further one of that rule
    after it is the same matter raised again, neither right nor false; any other is false, unless tolerated.
    """
    open_ones = list(expected)
    met: dict[str, float] = {}
    allowed = frozenset(tolerated)
    judged = []
    for each in sorted(raised, key=lambda one: one.raised_s):
        meets = next(
            (
                one
                for one in open_ones
                if one.rule == each.rule and one.start - EARLY_S <= each.raised_s <= one.end
            ),
            None,
        )
        if meets is not None:
            open_ones.remove(meets)
            met[each.rule] = each.raised_s
            judged.append(Judged("right", each.rule, meets, each))
        elif each.rule in met:
            judged.append(Judged("again", each.rule, raised=each))
        else:
            judged.append(Judged("tolerated" if each.rule in allowed else "false", each.rule, raised=each))
    judged += [Judged("missed", one.rule, one) for one in open_ones]
    return judged


@dataclass(slots=True)
class RuleScore:
    """One rule over all calls."""

    expected: int = 0
    right: int = 0
    missed: int = 0
    false: int = 0
    again: int = 0
    tolerated: int = 0
    severity_right: int = 0
    """Number of right alerts that were raised first with the expected severity."""
    delays_s: list[float] = field(default_factory=list)

    def add(self, one: Judged) -> None:
        setattr(self, one.verdict, getattr(self, one.verdict) + 1)
        if one.expected is not None:
            self.expected += 1
        if one.verdict == "right" and one.expected is not None and one.raised is not None:
            self.severity_right += one.expected.severity is one.raised.severity
            self.delays_s.append(max(one.delay_s or 0.0, 0.0))

    def as_json(self, hours: float) -> dict[str, float | int | None]:
        """Return the figures; ratios are None where there is nothing to divide by."""
        raised = self.right + self.false
        return {
            "expected": self.expected,
            "right": self.right,
            "missed": self.missed,
            "false": self.false,
            "again": self.again,
            "tolerated": self.tolerated,
            "severity_right": self.severity_right,
            "precision": round(self.right / raised, 3) if raised else None,
            "recall": round(self.right / self.expected, 3) if self.expected else None,
            "false_per_hour": round(self.false / hours, 3) if hours else None,
            "delay_s_p50": round(median(self.delays_s), 2) if self.delays_s else None,
            "delay_s_max": round(max(self.delays_s), 2) if self.delays_s else None,
        }


def score_rules(judged: Iterable[Judged]) -> tuple[dict[str, RuleScore], RuleScore]:
    """Add up per rule, by name, and over all."""
    rules: dict[str, RuleScore] = defaultdict(RuleScore)
    whole = RuleScore()
    for one in judged:
        rules[one.rule].add(one)
        whole.add(one)
    return dict(sorted(rules.items())), whole
