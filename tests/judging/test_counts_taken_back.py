"""Counts of a demand in an alert, of which a later one takes an earlier one back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.told import OPERATOR, judged, rules, said, voices

from kikimori_core.judging.demands.repetitions import Repetitions
from kikimori_core.judging.kinds.detector import CallFacts, Finding
from kikimori_core.judging.life import AlertLife
from kikimori_core.model.alert import Severity
from kikimori_core.wire.messages import AnsweredEvidence, Role, WordsEvidence

if TYPE_CHECKING:
    from kikimori_core.model.evidence import Utterance

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


ORDERS = [said("資料を送れよ", 10), said("早く資料を送れ", 14), said("だから送れ", 18)]
AGREED = said("資料はかしこまりました", 22, OPERATOR)
AGAIN = [said("送れって", 24), said("早く資料を送れ", 28)]
# Counted by whole sentences and their answers.
REFUSED = [
    said("はよ直してつかあさい", 20),
    said("本日の修理はできかねます", 24, OPERATOR),
    said("今日中にどうにかならんかのう", 50),
    said("あいにく本日は伺えません", 54, OPERATOR),
    said("ほいじゃけえ、直しに来んさいや", 80),
]


@pytest.mark.parametrize(
    ("told", "severity"),
    [
        pytest.param(ORDERS, "critical", id="as it was told"),
        pytest.param([*ORDERS, AGREED], "warning", id="taken back"),
        pytest.param([*ORDERS, AGREED, *AGAIN], "critical", id="made again"),
        pytest.param(REFUSED, "critical", id="by its answers, as it was told"),
        pytest.param(
            [*REFUSED, said("かしこまりました", 84, OPERATOR)], "warning", id="by its answers, taken back"
        ),
    ],
)
def test_a_count_that_was_taken_back_makes_no_shouting_critical(told: list[Utterance], severity: str) -> None:
    later_s = told[-1].end_s + 10
    shout = voices(later_s, later_s + 10, raised=True)
    changes = judged([*told, *shout], rules=rules("shouting", "repeated-demand"))
    assert [str(each.severity) for each in changes if each.rule == "shouting"][-1] == severity


def test_one_demand_that_is_taken_back_leaves_another() -> None:
    found = Repetitions()
    found.add("superior", counted(10, 20, 30), 31)
    found.add(None, counted(20, 30, 40), 41)
    found.add(None, counted(20, 30, 40, 50), 51)
    found.add(None, counted(400, 420, 440), 441)
    found.take_back(None, counted(440))
    assert found.last_s == 51
    found.take_back(None, counted(40, 50))
    assert found.last_s == 31
    found.take_back("superior", counted(10))
    assert not found
    assert found.last_s is None


def test_an_older_repetition_is_not_told_anew() -> None:
    """The later of two is taken back long after the shouting that the first made critical was over."""
    facts = CallFacts(words_heard=True)
    (rule,) = rules("shouting")
    detector = rule.detector(facts)
    for each in voices(5, 10, raised=True):
        detector.observe(each)
    facts.repetitions.add(None, counted(1, 4, 8), 12)
    found = detector.advance(12)
    assert found is not None
    assert found.severity is Severity.CRITICAL
    facts.repetitions.add(None, counted(100, 110, 120), 122)
    assert detector.advance(122) is None
    facts.repetitions.take_back(None, counted(120))
    assert detector.advance(124) is None
