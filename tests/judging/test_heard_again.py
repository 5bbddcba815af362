"""A line whose final is heard again by a second recogniser: what is news counts, what is known does not count twice."""

from __future__ import annotations

from tests.support.told import judged, opened, rules

from kikimori_core.model.evidence import Role, Utterance
from kikimori_core.wire.messages import WordsEvidence

VIOLENCE = rules("phrase-violence")
SUPERIOR = rules("repeated-superior")


def final(text: str, at_s: float, *, line: str, again: bool = False) -> Utterance:
    engine = "whisper" if again else "vosk"
    return Utterance(Role.CUSTOMER, line, at_s, at_s + 2, text, final=True, engine=engine, again=again)


def test_what_only_the_second_heard_is_told_with_its_name() -> None:
    told = [
        final("ころころころも", 10, line="c-1"),
        final("殺すぞ、聞いてるのか", 10, line="c-1", again=True),
    ]
    changes = judged(told, rules=VIOLENCE)
    assert opened(changes) == [("phrase-violence", "critical", 12)]
    [evidence] = changes[-1].evidence
    assert isinstance(evidence, WordsEvidence)
    assert (evidence.engine, evidence.text) == ("whisper", "殺すぞ、聞いてるのか")


def test_what_both_heard_is_one_threat() -> None:
    told = [final("殺すぞ", 10, line="c-1"), final("殺すぞ。", 10, line="c-1", again=True)]
    changes = judged(told, rules=VIOLENCE)
    assert len(changes) == 1
    [evidence] = changes[0].evidence
    assert isinstance(evidence, WordsEvidence)
    assert evidence.engine == "vosk"


def test_a_demand_that_both_heard_was_made_once() -> None:
    told = []
    for number in range(2):
        told += [
            final("上司を出せ", 10.0 + 8 * number, line=f"c-{number}"),
            final("上司を出せ。", 10.0 + 8 * number, line=f"c-{number}", again=True),
        ]
    once = judged([each for each in told if not each.again], rules=SUPERIOR)
    assert opened(judged(told, rules=SUPERIOR)) == opened(once)


def test_an_empty_final_takes_back_what_partials_told() -> None:
    partials = [
        Utterance(Role.CUSTOMER, "c-1", 10, 10 + 0.2 * n, "殺すぞ聞いてるのか", final=False)
        for n in range(1, 8)
    ]
    changes = judged([*partials, final("", 10, line="c-1")], rules=VIOLENCE)
    assert [str(each.state) for each in changes] == ["open", "closed"]
