"""Raised voice: some seconds of it, not a loud word; one alert that grows."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING

import pytest
from tests.support.told import MIXED, OPERATOR, PHRASES, judged, opened, rules, said, voice, voices

from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.rules import categories_of, load_rules
from kikimori_core.model.alert import AlertState, ClosedBecause
from kikimori_core.model.evidence import EffortWindow
from kikimori_core.wire.messages import ShoutingEvidence

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.model.alert import AlertChange
    from kikimori_core.model.evidence import Evidence

SHOUTING = rules("shouting")


def test_calm_speech_raises_nothing() -> None:
    assert judged(voices(0, 120), until_s=130) == []


def test_one_loud_word_raises_nothing() -> None:
    told = voices(0, 10) + voices(10, 11, raised=True) + voices(11, 30)
    assert judged(told, until_s=40, rules=SHOUTING) == []


def test_raised_speech_of_a_second_and_a_half_alerts() -> None:
    told = voices(0, 10) + voices(16, 22, raised=True)
    changes = judged(told, rules=SHOUTING)
    assert opened(changes) == [("shouting", "warning", 17.6)]
    [evidence] = changes[-1].evidence
    assert isinstance(evidence, ShoutingEvidence)
    assert (evidence.start_s, evidence.over_calm_db) == (16, 12)
    assert evidence.speech_s >= 4


def test_mixed_with_calm_words_it_takes_longer() -> None:
    """Half of the window's speech must be raised."""
    assert opened(judged(voices(0, 60, raised=True, every=3), rules=SHOUTING)) == []


def test_the_operator_raises_nothing_and_a_mixed_leg_counts() -> None:
    assert judged(voices(0, 30, raised=True, role=OPERATOR), rules=SHOUTING) == []
    assert opened(judged(voices(0, 3, raised=True, role=MIXED), rules=SHOUTING)) == [
        ("shouting", "warning", 1.6)
    ]


def test_going_on_stays_a_warning_in_the_same_alert() -> None:
    """A voice alone is never critical."""
    changes = judged(voices(0, 20, raised=True), rules=SHOUTING)
    assert opened(changes) == [("shouting", "warning", 1.6)]
    assert {str(change.severity) for change in changes} == {"warning"}
    assert [change.revision for change in changes] == list(range(1, len(changes) + 1))
    # It grows at most every two seconds of the call, whatever the number of blocks.
    assert len(changes) <= 20 / 2 + 2


@pytest.mark.parametrize(
    ("keys", "severities"),
    [
        ("critical_raised_s = 8.0", ["warning"]),
        ('severity = "notice"\ncritical_raised_s = 8.0', ["notice", "warning"]),
        ('severity = "critical"', ["warning"]),
        ('severity = "notice"', ["notice"]),
    ],
)
def test_an_office_that_asks_for_critical_gets_a_warning(
    tmp_path: Path, keys: str, severities: list[str]
) -> None:
    """As such files were written until now."""
    mine = tmp_path / "mine.toml"
    mine.write_text(
        f'[[rule]]\nid = "shouting"\nkind = "shouting"\ntitle = {{ ja = "大声", en = "Loud" }}\n{keys}\n',
        encoding="utf-8",
    )
    changes = judged(voices(0, 20, raised=True), rules=load_rules([mine]))
    assert list(dict.fromkeys(str(change.severity) for change in changes)) == severities


def test_it_calms_down_and_does_not_come_back_at_once() -> None:
    """Closed 30 s after the last shout; within 30 s more the same is not news, worse is."""
    first = voices(0, 3, raised=True)
    changes = judged([*first, *voices(45, 48, raised=True)], until_s=100, rules=SHOUTING)
    assert [(change.state, change.closed_because) for change in changes[-1:]] == [
        (AlertState.CLOSED, ClosedBecause.CALMED)
    ]
    assert len(opened(changes)) == 1
    later = judged([*first, *voices(70, 73, raised=True)], until_s=75, rules=SHOUTING)
    assert [rule for rule, *_ in opened(later)] == ["shouting", "shouting"]
    assert [change.ordinal for change in later if change.revision == 1] == [1, 2]


def test_a_shout_without_a_known_calm_voice_says_so() -> None:
    told = [voice(at / 5, raised=True, over=None) for at in range(10)]
    changes = judged(told, rules=SHOUTING)
    [evidence] = changes[0].evidence
    assert isinstance(evidence, ShoutingEvidence)
    assert evidence.over_calm_db is None


def test_the_end_of_the_call_closes_it() -> None:
    changes = judged(voices(0, 3, raised=True), rules=SHOUTING, end=True)
    assert changes[-1].closed_because is ClosedBecause.CALL_ENDED
    assert changes[-1].suggestion is None


def test_two_hours_of_it_keep_no_more_than_ten_minutes() -> None:
    """A radio beside the telephone: what is kept of it, and looked at with every block, must not grow with the call."""
    judge = CallJudge(SHOUTING, PHRASES, words_heard=False)
    told = voices(0, 7200, raised=True)
    for each in told[: 600 * 5]:
        judge.observe(each)
    before = _windows()
    for each in told[600 * 5 :]:
        judge.observe(each)
    told.clear()
    assert _windows() <= before - 6600 * 5


def _windows() -> int:
    return sum(isinstance(each, EffortWindow) for each in gc.get_objects())


def severities(changes: list[AlertChange]) -> list[str]:
    """Of the shouting alerts, in order, each named once."""
    return list(dict.fromkeys(str(change.severity) for change in changes if change.rule == "shouting"))


@pytest.mark.parametrize("at_s", [1.0, 8.0, 60.0])
@pytest.mark.parametrize("words", ["この馬鹿野郎", "ただで済むと思うなよ"])
def test_abuse_beside_a_raised_voice_is_critical(words: str, at_s: float) -> None:
    """Before it, in it and up to a minute after it; the alert shows the words."""
    changes = judged([*voices(5, 15, raised=True), said(words, at_s)], until_s=70, rules=SHOUTING)
    assert severities(changes)[-1] == "critical"
    critical = next(change for change in changes if str(change.severity) == "critical")
    assert {each.kind for each in critical.evidence} == {"shouting", "words"}


def test_words_that_are_too_far_or_another_persons_leave_a_warning() -> None:
    shout = voices(5, 15, raised=True)
    assert severities(judged([*shout, said("この馬鹿野郎", 80)], until_s=90, rules=SHOUTING)) == ["warning"]
    quoted = said("この馬鹿野郎", 10, role=OPERATOR)
    assert severities(judged([*shout, quoted], until_s=20, rules=SHOUTING)) == ["warning"]
    assert severities(judged([*shout, said("返品できますか", 10)], until_s=20, rules=SHOUTING)) == ["warning"]
    assert severities(judged([said("この馬鹿野郎", 10)], until_s=20, rules=SHOUTING)) == []


def test_a_repeated_demand_beside_a_raised_voice_is_critical() -> None:
    """In whatever order the rules stand."""
    demands = [said("上司を出せ", at_s) for at_s in (1, 20, 40)]
    told: list[Evidence] = [*voices(5, 15, raised=True), *demands]
    for chosen in (rules("shouting", "repeated-superior"), rules("shouting", "repeated-superior")[::-1]):
        assert severities(judged(told, until_s=60, rules=chosen)) == ["warning", "critical"]
    assert severities(judged([*told[:-1]], until_s=60, rules=rules("shouting", "repeated-superior"))) == [
        "warning"
    ]


def test_an_office_chooses_the_words(tmp_path: Path) -> None:
    mine = tmp_path / "mine.toml"
    mine.write_text(
        '[[rule]]\nid = "shouting"\nkind = "shouting"\ntitle = { ja = "大声", en = "Loud" }\n'
        'critical_with = ["exposure"]\ncritical_within_s = 5.0\n',
        encoding="utf-8",
    )
    chosen = load_rules([mine])
    shout = voices(5, 15, raised=True)
    assert severities(judged([*shout, said("この馬鹿野郎", 10)], until_s=30, rules=chosen)) == ["warning"]
    assert (
        severities(judged([*shout, said("ネットに晒すぞ", 10)], until_s=30, rules=chosen))[-1] == "critical"
    )
    assert severities(judged([*shout, said("ネットに晒すぞ", 25)], until_s=30, rules=chosen)) == ["warning"]
    assert categories_of(chosen) == {"exposure": "shouting"}
