"""Talking over the operator, and calls in which nobody speaks."""

from __future__ import annotations

from tests.support.told import MIXED, OPERATOR, judged, opened, rules, voices

from kikimori_core.model.alert import AlertState, ClosedBecause
from kikimori_core.model.evidence import EffortWindow
from kikimori_core.wire.messages import OverlapEvidence, SilenceEvidence

OVERLAP = rules("overlap")
SILENT = rules("silent-call")
LONG = rules("long-silence")


def both(from_s: float, to_s: float) -> list[EffortWindow]:
    """Customer and operator speak at once; their blocks come in turn, as they are heard."""
    pairs = zip(voices(from_s, to_s), voices(from_s, to_s, role=OPERATOR), strict=True)
    return [each for pair in pairs for each in pair]


def test_talked_over_for_six_seconds_of_thirty() -> None:
    told = [*both(10, 12), *both(15, 17), *both(20, 23)]
    changes = judged(told, rules=OVERLAP)
    assert opened(changes) == [("overlap", "notice", 22.0)]
    [evidence] = changes[0].evidence
    assert isinstance(evidence, OverlapEvidence)
    assert (evidence.start_s, evidence.overlap_s) == (10, 6)


def test_taking_turns_is_no_overlap() -> None:
    told = [
        each
        for at in range(0, 120, 10)
        for each in (*voices(at, at + 5), *voices(at + 5, at + 10, role=OPERATOR))
    ]
    assert judged(told, until_s=130, rules=OVERLAP) == []
    # A word or two at every turn neither.
    told = [each for at in range(0, 120, 12) for each in both(at, at + 1)]
    assert judged(told, until_s=130, rules=OVERLAP) == []


def test_one_leg_late_is_found_too() -> None:
    """The operator's blocks are heard seconds after the customer's."""
    told = [*voices(10, 18), *voices(10, 18, role=OPERATOR)]
    assert [rule for rule, *_ in opened(judged(told, rules=OVERLAP))] == ["overlap"]


def test_a_mixed_leg_cannot_overlap() -> None:
    assert judged(voices(0, 60, role=MIXED), until_s=60, rules=OVERLAP) == []


def test_a_caller_who_never_speaks() -> None:
    changes = judged(voices(1, 5, role=OPERATOR), until_s=100, rules=SILENT)
    assert opened(changes) == [("silent-call", "notice", 30.0)]
    evidence = changes[-1].evidence[-1]
    assert isinstance(evidence, SilenceEvidence)
    assert (evidence.who, evidence.start_s) == ("customer", 0)
    assert changes[0].suggestion is None


def test_who_has_spoken_once_is_no_silent_call() -> None:
    assert judged(voices(20, 21), until_s=200, rules=SILENT) == []


def test_it_closes_when_the_caller_speaks_after_all() -> None:
    changes = judged(voices(40, 130), until_s=135, rules=SILENT)
    assert changes[-1].state is AlertState.CLOSED
    assert changes[-1].closed_because is ClosedBecause.CALMED


def test_three_minutes_in_which_nobody_speaks() -> None:
    changes = judged([*voices(0, 20), *voices(20, 30, role=OPERATOR)], until_s=400, rules=LONG)
    assert opened(changes) == [("long-silence", "notice", 210.0)]
    assert judged([*voices(0, 20), *voices(120, 130, role=OPERATOR)], until_s=290, rules=LONG) == []
    # One alert for one silence, however long.
    assert {change.ordinal for change in changes} == {1}
    assert len(changes) <= (400 - 210) / 30 + 1
