"""A call marked as a request for reasonable accommodation: no alerts of repetition and length, all others as ever."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.told import OPERATOR, PHRASES, RULES, opened, pressed, rules, said, voice

from kikimori_core.errors import ConfigError
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.alert import AlertState, ClosedBecause

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.model.alert import AlertChange
    from kikimori_core.model.evidence import Evidence

QUIET = {
    *("repeated-superior", "repeated-demand", "detention-refusal", "detention-length"),
    *("silent-call", "long-silence"),
}
REPETITION = ["上司に代われ", "だから責任者を出せ", "上の人間を出せって言ってるんだ"]


def judge(*, marked: bool, by: tuple[Rule, ...] = RULES) -> CallJudge:
    made = CallJudge(by, PHRASES, words_heard=True)
    made.accommodate(marked=marked)
    return made


def heard(judging: CallJudge, told: Iterable[Evidence], until_s: float = 0.0) -> list[AlertChange]:
    changes: list[AlertChange] = []
    for each in told:
        changes += judging.advance(each.end_s)
        changes += judging.observe(each)
    return changes + judging.advance(until_s)


def demands(from_s: float, texts: Iterable[str] = REPETITION) -> list[Evidence]:
    return [said(text, from_s + 20 * number) for number, text in enumerate(texts)]


def test_open_alerts_of_repetition_and_length_close_with_a_word() -> None:
    judging = judge(marked=False)
    changes = heard(judging, [*demands(10), said("ふざけるな", 80)], 700)
    assert {"repeated-superior", "detention-length", "phrase-insult"} <= {each[0] for each in opened(changes)}
    closed = judging.accommodate(marked=True)
    assert {each.rule for each in closed} >= {"repeated-superior", "detention-length"}
    assert {each.rule for each in closed} <= QUIET
    assert {(each.state, each.closed_because) for each in closed} == {
        (AlertState.CLOSED, ClosedBecause.ACCOMMODATED)
    }
    assert str(judging.worst) == "warning"  # the abuse stays
    assert judging.accommodate(marked=True) == []


def test_nothing_of_repetition_and_length_is_raised_and_a_threat_is() -> None:
    judging = judge(marked=True)
    told = [*demands(10), *demands(80), said("殺すぞ", 4000), pressed(4010)]
    assert [each[:2] for each in opened(heard(judging, told, 4020))] == [
        ("phrase-violence", "critical"),
        ("escalate", "critical"),
    ]


def test_shouting_beside_repeated_demands_is_no_worse_for_them() -> None:
    """A voice alone is never critical; only what counts makes it so."""
    shouts: list[Evidence] = [voice(60 + at / 5, raised=True) for at in range(20)]
    severities = {}
    for marked in (False, True):
        changes = heard(judge(marked=marked), [*demands(10), *shouts], 70)
        severities[marked] = [str(each.severity) for each in changes if each.rule == "shouting"][-1]
    assert severities == {False: "critical", True: "warning"}


def test_what_holds_when_the_mark_is_taken_back_is_told_then() -> None:
    judging = judge(marked=False, by=rules("repeated-superior", "detention-length"))
    first = heard(judging, demands(10), 700)
    assert [each[0] for each in opened(first)] == ["repeated-superior", "detention-length"]
    judging.accommodate(marked=True)
    assert heard(judging, demands(710), 800) == []
    judging.accommodate(marked=False)
    again = heard(judging, demands(810, REPETITION[:1]), 820)
    assert {(each.rule, each.ordinal, str(each.severity)) for each in again if each.revision == 1} == {
        ("detention-length", 2, "notice"),
        ("repeated-superior", 2, "warning"),
    }


TEXTS = ["上司に代われ", "責任者を出せ", "殺すぞ", "ふざけるな", "料金を教えてください", "土下座しろ"]
evidence: st.SearchStrategy[list[Evidence]] = st.lists(
    st.one_of(
        st.builds(said, st.sampled_from(TEXTS), st.integers(0, 900)),
        st.builds(said, st.just("いたしかねます"), st.integers(0, 900), st.just(OPERATOR)),
        st.builds(pressed, st.integers(0, 900)),
    ),
    max_size=40,
)


@given(evidence)
@settings(max_examples=60, deadline=None)
def test_every_other_alert_is_as_without_the_mark(told: list[Evidence]) -> None:
    told.sort(key=lambda each: each.end_s)
    usual = heard(judge(marked=False), told, 960)
    marked = heard(judge(marked=True), told, 960)
    assert marked == [each for each in usual if each.rule not in QUIET]
    assert marked == heard(judge(marked=True), told, 960)


def test_a_rule_may_go_on_raising_alerts_and_a_threat_cannot_be_made_quiet(tmp_path: Path) -> None:
    file = tmp_path / "rules.toml"
    title = 'title = { ja = "長い通話", en = "Long call" }'
    file.write_text(
        f'[[rule]]\nid = "long"\nkind = "detention"\n{title}\nsince = "call_start"\naccommodated = "alert"\n'
        'steps = [{ after_s = 60, severity = "notice" }]\n',
        encoding="utf-8",
    )
    judging = CallJudge(load_rules([file]), PHRASES, words_heard=True)
    judging.accommodate(marked=True)
    assert [each.rule for each in judging.advance(61)] == ["long"]
    file.write_text(
        f'[[rule]]\nid = "t"\nkind = "phrase"\n{title}\ncategory = "threat"\naccommodated = "quiet"\n',
        encoding="utf-8",
    )
    with pytest.raises(ConfigError, match="accommodated"):
        load_rules([file])
