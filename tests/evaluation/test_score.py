"""Raised against expected, and recognised against spoken: arithmetic on cases small enough to count by hand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from kikimori_core.wire.messages import Severity
from kikimori_lab.evaluation.score import Judged, RaisedAlert, judge_call, score_rules
from kikimori_lab.evaluation.truth import ExpectedAlert
from kikimori_lab.evaluation.words import CharacterErrors

WARNING, CRITICAL = Severity.WARNING, Severity.CRITICAL


def expected(rule: str, start: float, end: float, severity: Severity = WARNING) -> ExpectedAlert:
    return ExpectedAlert.model_validate({"rule": rule, "severity": severity, "from": start, "to": end})


def raised(rule: str, at: float, severity: Severity = WARNING, *, known: float | None = None) -> RaisedAlert:
    return RaisedAlert(rule, severity, at, at if known is None else known)


def verdicts(judged: list[Judged]) -> list[tuple[str, str]]:
    return [(each.verdict, each.rule) for each in judged]


def test_right_missed_and_false() -> None:
    judged = judge_call(
        [expected("a", 10, 20), expected("b", 10, 20)], [raised("a", 15), raised("c", 16), raised("b", 21)]
    )
    assert verdicts(judged) == [("right", "a"), ("false", "c"), ("false", "b"), ("missed", "b")]


def test_the_same_matter_again_is_neither_right_nor_false() -> None:
    judged = judge_call([expected("a", 10, 20)], [raised("a", 12), raised("a", 18), raised("a", 90)])
    assert verdicts(judged) == [("right", "a"), ("again", "a"), ("again", "a")]
    # Before the one that was due it is false.
    judged = judge_call([expected("a", 10, 20)], [raised("a", 5), raised("a", 12)])
    assert verdicts(judged) == [("false", "a"), ("right", "a")]


def test_two_expected_of_one_rule_need_two() -> None:
    two = [expected("a", 10, 20), expected("a", 30, 40)]
    assert verdicts(judge_call(two, [raised("a", 12)])) == [("right", "a"), ("missed", "a")]
    assert verdicts(judge_call(two, [raised("a", 31), raised("a", 12)])) == [("right", "a")] * 2


def test_tolerated_may_be_there_or_not() -> None:
    assert verdicts(judge_call([], [raised("a", 5)], ["a"])) == [("tolerated", "a")]
    assert judge_call([], [], ["a"]) == []


def test_figures() -> None:
    judged = [
        *judge_call([expected("a", 10, 20)], [raised("a", 12, known=13)]),
        *judge_call([expected("a", 10, 20)], [raised("a", 11, CRITICAL, known=17)]),
        *judge_call([expected("a", 10, 20)], []),
        *judge_call([], [raised("a", 3)]),
    ]
    rules, whole = score_rules(judged)
    assert rules["a"].as_json(2.0) == whole.as_json(2.0)
    assert rules["a"].as_json(2.0) == {
        "expected": 3,
        "right": 2,
        "missed": 1,
        "false": 1,
        "again": 0,
        "tolerated": 0,
        "severity_right": 1,
        "precision": 0.667,
        "recall": 0.667,
        "false_per_hour": 0.5,
        "delay_s_p50": 5.0,
        "delay_s_max": 7.0,
    }


def test_nothing_to_divide_by() -> None:
    rules, whole = score_rules([])
    assert rules == {}
    figures = whole.as_json(0.0)
    assert (figures["precision"], figures["recall"], figures["false_per_hour"]) == (None, None, None)


alerts = st.lists(st.tuples(st.sampled_from("ab"), st.floats(0, 100), st.floats(0, 30)), max_size=6)


@given(alerts, alerts)
def test_nothing_is_counted_twice_or_lost(
    wanted: list[tuple[str, float, float]], got: list[tuple[str, float, float]]
) -> None:
    judged = judge_call(
        [expected(rule, start, start + length) for rule, start, length in wanted],
        [raised(rule, at) for rule, at, _ in got],
    )
    assert sum(each.expected is not None for each in judged) == len(wanted)
    assert sum(each.raised is not None for each in judged) == len(got)


def test_character_errors_as_written_and_as_they_sound() -> None:
    counted = CharacterErrors()
    counted.add(["電話を、代われ。"], ["電話を変われ"])
    figures = counted.as_json()
    # One of six characters; no sound at all.
    assert figures == {"characters": 6, "cer": 0.1667, "cer_sound": 0.0}
    counted.add(["はい"], [])
    assert counted.as_json()["characters"] == 8


def test_nothing_spoken() -> None:
    assert CharacterErrors().as_json() == {"characters": 0, "cer": None, "cer_sound": None}
