"""Alerts from sentences that are not over yet, and what the end of the sentence does to them."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.told import CUSTOMER, OPERATOR, PHRASES, judged, opened, rules, said

from kikimori_core.model.alert import AlertState, ClosedBecause
from kikimori_core.model.evidence import Role, Utterance
from kikimori_core.wire.messages import WordsEvidence

VIOLENCE = rules("phrase-violence")


def partials(
    texts: list[str], *, at_s: float = 10.0, line: str = "c-1", role: Role = CUSTOMER
) -> list[Utterance]:
    """One partial per fifth of a second, as the pool delivers them."""
    return [
        Utterance(role, line, at_s, at_s + 0.2 * (number + 1), text, final=False)
        for number, text in enumerate(texts)
    ]


def final(text: str, end_s: float, *, at_s: float = 10.0, line: str = "c-1") -> Utterance:
    return Utterance(CUSTOMER, line, at_s, end_s, text, final=True)


RANT = (
    ["殺す"] + ["殺すぞ"] * 3 + ["殺すぞ聞いてる", "殺すぞ聞いてるのか"] + ["殺すぞ聞いてるのか早くしろ"] * 4
)


def test_a_threat_in_a_long_sentence_is_told_before_its_end() -> None:
    told = [*partials(RANT), final("殺すぞ聞いてるのか早くしろよ本当に", 14.0)]
    changes = judged(told, until_s=16, rules=VIOLENCE)
    # Held since 10.2 s, for 0.8 s.
    assert opened(changes) == [("phrase-violence", "critical", 11.0)]
    [evidence] = changes[-1].evidence
    assert isinstance(evidence, WordsEvidence)
    # The same piece, with the whole sentence.
    assert evidence.text == "殺すぞ聞いてるのか早くしろよ本当に"
    assert evidence.start_s == 10.0


def test_what_does_not_hold_is_not_told() -> None:
    told = partials(["殺す", "殺すぞ", "殺す気か", "殺すぞ", "殺す気か", "殺す気かと思った"])
    assert judged([*told, final("殺す気かと思ったよ", 12)], rules=VIOLENCE) == []


def test_the_end_of_the_sentence_takes_it_back() -> None:
    told = [*partials(["殺すぞ"] * 6), final("殺すぞとは言ってないんです", 12.5)]
    changes = judged(told, rules=VIOLENCE)
    assert [(change.state, change.closed_because) for change in changes] == [
        (AlertState.OPEN, None),
        (AlertState.CLOSED, ClosedBecause.TAKEN_BACK),
    ]
    # It never was: a real one a moment later is told at once.
    more = [*told, final("殺すぞ", 14.0, at_s=13.0, line="c-2")]
    assert [each[2] for each in opened(judged(more, rules=VIOLENCE))] == [11.0, 14.0]


def test_only_the_wrong_piece_is_taken_back() -> None:
    told = [
        final("殴ってやる", 5.0, at_s=4.0, line="c-0"),
        *partials(["殺すぞ"] * 6),
        final("殺すぞとは言ってない", 12.5),
    ]
    changes = judged(told, rules=VIOLENCE)
    assert changes[-1].state is AlertState.OPEN
    assert [each.text for each in changes[-1].evidence if isinstance(each, WordsEvidence)] == ["殴ってやる"]


def test_one_thing_said_counts_once() -> None:
    """Four insults make it critical; two that were told early and again at the end are two."""
    insult = rules("phrase-insult")
    told: list[Utterance] = []
    for number in range(3):
        at = 10.0 + 10 * number
        told += partials(["ふざけるな"] * 6, at_s=at, line=f"c-{number}")
        told.append(final("ふざけるな", at + 1.5, at_s=at, line=f"c-{number}"))
    changes = judged(told, rules=insult)
    assert [str(change.severity) for change in changes if change.state is AlertState.OPEN][-1] == "warning"
    assert len(changes[-1].evidence) == 3


def test_a_hint_that_is_taken_back_was_never_counted() -> None:
    """Four insults make it critical; a rude word for the listener (お前) counts for none of them, told or taken back."""
    insults = [
        final("ふざけるな", at_s + 1, at_s=at_s, line=f"c-{at_s:.0f}") for at_s in (1.0, 4.0, 7.0, 20.0)
    ]
    hint = [*partials(["お前がやれよ"] * 6), final("お前がやれよと言われました", 12.5)]
    insult = rules("phrase-insult")
    assert judged(hint[:-1], rules=insult)
    told = judged([*insults[:3], *hint, insults[3]], rules=insult)
    assert str(told[-1].severity) == "critical"


def test_repetition_waits_for_the_end() -> None:
    told = [each for n in range(4) for each in partials(["上司に代われ"] * 8, at_s=10.0 * n, line=f"c-{n}")]
    assert judged(told, rules=rules("repeated-superior")) == []


def test_the_operator_is_not_blamed_early() -> None:
    assert judged(partials(["殺すぞ"] * 8, role=OPERATOR), rules=VIOLENCE) == []


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["殺す", "殺すぞ", "殺す気か", "はい", "殺すぞとは言ってない"]), st.booleans()
        ),
        max_size=40,
    )
)
@settings(max_examples=80, deadline=None)
def test_any_order_of_partials_and_finals(told: list[tuple[str, bool]]) -> None:
    """Severity, revisions and times stay in order; after a final that holds nothing, nothing of its line is open."""
    spoken, line = [], 0
    for number, (text, is_final) in enumerate(told):
        spoken.append(
            Utterance(CUSTOMER, f"c-{line}", 0.2 * number, 0.2 * number + 0.2, text, final=is_final)
        )
        line += is_final
    changes = judged(spoken, rules=VIOLENCE)
    for before, after in pairwise(changes):
        if after.ordinal == before.ordinal:
            assert (after.revision, after.raised_s) == (before.revision + 1, before.raised_s)
            assert after.updated_s >= before.updated_s


def test_a_partial_result_is_read_for_its_words_alone() -> None:
    text = "いいから責任者を出せ、早く返金しろ"
    partial, whole = (PHRASES.find(said(text, 10, final=over)) for over in (False, True))
    assert partial.matches == whole.matches != ()
    assert whole.demand is not None
    assert (partial.demand, partial.wording, partial.demanding, partial.meaning) == (None,) * 4
