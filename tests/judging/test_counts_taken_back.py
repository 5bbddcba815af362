"""Counts of a demand in an alert, of which a later one takes an earlier one back."""

from __future__ import annotations

from tests.support.told import rules

from kikimori_core.judging.kinds.detector import Finding
from kikimori_core.judging.life import AlertLife
from kikimori_core.model.alert import Severity
from kikimori_core.wire.messages import AnsweredEvidence, Role, WordsEvidence

SAID = WordsEvidence(
    start_s=10, end_s=12, role=Role.CUSTOMER, text="返金して", matched="返金", category="refund"
)


def counted(*times_s: float) -> AnsweredEvidence:
    return AnsweredEvidence(start_s=times_s[0], end_s=times_s[-1] + 2, count=len(times_s), times_s=times_s)


def test_a_count_that_a_later_one_takes_back_is_not_told() -> None:
    """The operator agreed to the first: the demand counts anew from the second. Another demand stands beside it."""
    (rule,) = rules("repeated-demand")
    life = AlertLife(rule)
    early, other, now = counted(10, 20, 30), counted(400, 420, 440), counted(20, 30)
    assert life.found(Finding(31, Severity.WARNING, (SAID, early))) is not None
    assert life.found(Finding(442, Severity.WARNING, (other,))) is not None
    change = life.found(Finding(443, Severity.WARNING, (now,)))
    assert change is not None
    times = [each.times_s for each in change.evidence if isinstance(each, AnsweredEvidence)]
    assert times == [other.times_s, now.times_s]
    assert change.evidence[0].start_s == SAID.start_s
