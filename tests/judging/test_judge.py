"""Properties of every rule: order, determinism, the life of an alert."""

from __future__ import annotations

from collections import Counter

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.told import OPERATOR, PHRASES, RULES, judged, opened, pressed, said, voice

from kikimori_core.judging.judge import CallJudge
from kikimori_core.model.alert import AlertChange, AlertState
from kikimori_core.model.evidence import Evidence

TEXTS = [
    "上司に代われ",
    "責任者を出せ",
    "殺すぞ",
    "ふざけるな",
    "料金を教えてください",
    "土下座しろ",
    "ネットに書いてやる",
]

evidence: st.SearchStrategy[list[Evidence]] = st.lists(
    st.one_of(
        st.builds(said, st.sampled_from(TEXTS), st.integers(0, 900)),
        st.builds(said, st.just("いたしかねます"), st.integers(0, 900), st.just(OPERATOR)),
        st.builds(lambda at, raised: voice(at / 5, raised=raised), st.integers(0, 4500), st.booleans()),
        st.builds(pressed, st.integers(0, 900)),
    ),
    max_size=40,
)


@given(evidence)
@settings(max_examples=60, deadline=None)
def test_the_same_evidence_gives_the_same_alerts(told: list[Evidence]) -> None:
    assert judged(told, until_s=900) == judged(told, until_s=900)


@given(evidence)
@settings(max_examples=60, deadline=None)
def test_the_life_of_every_alert(told: list[Evidence]) -> None:
    """One open alert per rule; revisions count; severity only grows; everything is closed in the end."""
    changes = judged(told, until_s=960, end=True)
    open_now: dict[str, AlertChange] = {}
    ordinals: Counter[str] = Counter()
    for change in changes:
        before = open_now.get(change.rule)
        if before is None:
            ordinals[change.rule] += 1
            assert (change.state, change.revision, change.ordinal) == (
                AlertState.OPEN,
                1,
                ordinals[change.rule],
            )
        else:
            assert change.ordinal == before.ordinal
            assert change.revision == before.revision + 1
            assert change.severity.rank >= before.severity.rank
            assert change.raised_s == before.raised_s
            assert change.updated_s >= before.updated_s
        assert change.evidence
        assert len(change.evidence) <= 20
        open_now[change.rule] = change
        if change.state is AlertState.CLOSED:
            assert change.closed_because is not None
            del open_now[change.rule]
    assert open_now == {}


def test_the_worst_open_alert_is_known() -> None:
    judge = CallJudge(RULES, PHRASES, words_heard=True)
    assert judge.worst is None
    judge.observe(said("ふざけるな", 10))
    assert str(judge.worst) == "warning"
    judge.observe(said("殺すぞ", 20))
    assert str(judge.worst) == "critical"


def test_a_clock_that_goes_back_is_ignored() -> None:
    judge = CallJudge(RULES, PHRASES, words_heard=True)
    assert judge.advance(700)
    assert judge.advance(650) == []
    assert judge.advance(700) == []


def test_many_insults_are_one_alert() -> None:
    changes = judged([said("ふざけるな", 10 * n) for n in range(1, 31)])
    assert opened(changes) == [("phrase-insult", "warning", 12)]
    assert str(changes[-1].severity) == "critical"
    assert len(changes[-1].evidence) == 20
