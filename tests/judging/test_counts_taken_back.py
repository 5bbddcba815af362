"""Counts of a demand in an alert, of which a later one takes an earlier one back."""

from __future__ import annotations

from tests.support.told import OPERATOR, judged, rules, said

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
    change = life.found(Finding(443, Severity.NOTICE, (now,), lowers=True))
    assert change is not None
    found = [each for each in change.evidence if isinstance(each, AnsweredEvidence)]
    assert [(each.times_s, each.count_before) for each in found] == [(other.times_s, None), (now.times_s, 3)]
    assert change.evidence[0].start_s == SAID.start_s
    # The other demand is as severe as it was.
    assert change.severity is Severity.WARNING


def test_a_count_below_the_rules_number_is_told_as_corrected() -> None:
    """The operator agrees when the demand was told already: the alert stays, less severe, with both counts."""
    orders = [said("資料を送れよ", 10), said("早く資料を送れ", 14), said("だから送れ", 18)]
    agreed = said("資料はかしこまりました", 22, OPERATOR)
    again = [said("送れって", 40), said("早く資料を送れ", 50)]
    told = [
        (str(change.severity), each.count, each.count_before, change.suggestion is None)
        for change in judged([*orders, agreed, *again], rules=rules("repeated-demand"))
        for each in change.evidence
        if isinstance(each, AnsweredEvidence)
    ]
    assert told == [("warning", 3, None, False), ("notice", 1, 3, True), ("warning", 3, None, False)]


def test_a_correction_opens_no_alert() -> None:
    (rule,) = rules("repeated-demand")
    assert AlertLife(rule).found(Finding(443, Severity.NOTICE, (counted(20, 30),), lowers=True)) is None
