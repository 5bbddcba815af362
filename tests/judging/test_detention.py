"""Detention: the clock since the call began, and since the operator's refusal while the customer goes on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.told import CUSTOMER, OPERATOR, judged, opened, pressed, rules, said, voices

from kikimori_core.judging.rules import load_rules
from kikimori_core.wire.messages import DurationEvidence, Role

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.model.evidence import Evidence

REFUSAL = rules("detention-refusal")
LENGTH = rules("detention-length")
NO = "申し訳ございませんが、返金はいたしかねます"


def test_goes_on_after_the_refusal() -> None:
    """Notice at 5 minutes, warning at 15, critical at 30, in one alert; the quote says what was refused."""
    told: list[Evidence] = [said(NO, 58, OPERATOR), *voices(60, 1900)]
    changes = judged(told, until_s=1900, rules=REFUSAL)
    assert opened(changes) == [("detention-refusal", "notice", 360.0)]
    steps = [(str(change.severity), change.evidence[-1]) for change in changes]
    assert [severity for severity, _ in steps] == ["notice", "warning", "critical"]
    assert all(isinstance(each, DurationEvidence) and each.quote == NO for _, each in steps)
    assert [each.threshold_s for _, each in steps if isinstance(each, DurationEvidence)] == [300, 900, 1800]
    # A notice prompts nobody to act; a warning does.
    assert changes[0].suggestion is None
    assert changes[1].suggestion is not None


def test_a_kind_repetition_of_the_refusal_gives_no_more_time() -> None:
    told: list[Evidence] = [said(NO, 58, OPERATOR), said(NO, 300, OPERATOR), *voices(60, 400)]
    assert opened(judged(told, until_s=400, rules=REFUSAL)) == [("detention-refusal", "notice", 360.0)]


def test_a_customer_who_has_fallen_silent_detains_nobody() -> None:
    told: list[Evidence] = [said(NO, 58, OPERATOR), *voices(60, 120)]
    assert judged(told, until_s=1000, rules=REFUSAL) == []
    # … until they speak again.
    again: list[Evidence] = [*told, *voices(500, 510)]
    assert opened(judged(again, until_s=600, rules=REFUSAL)) == [("detention-refusal", "notice", 500.4)]


def test_the_customer_cannot_refuse() -> None:
    assert judged([said(NO, 58), *voices(60, 500)], until_s=500, rules=REFUSAL) == []


def test_a_long_call_alone_is_a_notice() -> None:
    assert opened(judged(voices(0, 2400), until_s=2400, rules=LENGTH)) == [
        ("detention-length", "notice", 600.0)
    ]


def test_long_and_refused_is_a_warning() -> None:
    changes = judged([said(NO, 700, OPERATOR)], until_s=1900, rules=LENGTH)
    assert [str(change.severity) for change in changes] == ["notice", "warning"]
    assert changes[-1].evidence[-1].end_s == 1800


def test_long_and_repeated_is_a_warning() -> None:
    told: list[Evidence] = [said("上司に代われ", at) for at in (1200, 1300, 1400)]
    changes = judged(told, until_s=1900, rules=[*LENGTH, *rules("repeated-superior")])
    assert [(change.rule, str(change.severity)) for change in changes][-1] == ("detention-length", "warning")


def test_without_words_the_condition_is_taken_as_given() -> None:
    """Nothing said can be known then; the length alone must do."""
    changes = judged([], until_s=1900, rules=LENGTH, words_heard=False)
    assert [str(change.severity) for change in changes] == ["notice", "warning"]


def test_an_hour_is_critical_whatever_was_said() -> None:
    changes = judged([], until_s=3700, rules=LENGTH)
    assert [str(change.severity) for change in changes] == ["notice", "critical"]


def test_the_button_needs_no_proof() -> None:
    changes = judged([pressed(10), pressed(12)], rules=rules("escalate"))
    assert opened(changes) == [("escalate", "critical", 10)]
    assert [len(change.evidence) for change in changes] == [1, 2]


NO_MORE = "恐れ入りますが、お電話を切らせていただきます"


@pytest.mark.parametrize(
    ("text", "role"),
    [
        ("ただ、交換でしたら承れます", OPERATOR),
        ("かしこまりました、返金いたします", OPERATOR),
        ("担当に確認いたしますので、少々お待ちください", OPERATOR),
        ("わかりました、それなら仕方ないですね", CUSTOMER),
    ],
)
def test_an_offer_an_agreement_a_check_or_acceptance_stops_the_clock(text: str, role: Role) -> None:
    told: list[Evidence] = [said(NO, 58, OPERATOR), said(text, 100, role), *voices(60, 700)]
    assert judged(told, until_s=700, rules=REFUSAL) == []
    # Refused again, it starts anew.
    again = [*told, said(NO, 200, OPERATOR)]
    assert opened(judged(again, until_s=700, rules=REFUSAL)) == [("detention-refusal", "notice", 502.0)]


@pytest.mark.parametrize(
    "text",
    ["ご意見として承ります", "申し訳ございません", "お気持ちはよく分かります", "何度もご説明しておりますが"],
)
def test_politeness_stops_nothing(text: str) -> None:
    told: list[Evidence] = [said(NO, 58, OPERATOR), said(text, 100, OPERATOR), *voices(60, 400)]
    assert opened(judged(told, until_s=400, rules=REFUSAL)) == [("detention-refusal", "notice", 360.0)]


def test_a_closing_counts_when_the_call_goes_on() -> None:
    goes_on: list[Evidence] = [said(NO_MORE, 58, OPERATOR), *voices(60, 400)]
    assert opened(judged(goes_on, until_s=400, rules=REFUSAL)) == [("detention-refusal", "notice", 360.0)]
    # A few words of goodbye are no going on.
    goodbye: list[Evidence] = [said(NO_MORE, 58, OPERATOR), *voices(61, 64), *voices(360, 364)]
    assert judged(goodbye, until_s=400, rules=REFUSAL) == []


def test_a_refusal_with_a_closing_needs_no_more_speech() -> None:
    told: list[Evidence] = [
        said(NO_MORE, 50, OPERATOR),
        said(NO, 54, OPERATOR),
        *voices(61, 64),
        *voices(360, 364),
    ]
    assert opened(judged(told, until_s=400, rules=REFUSAL)) == [("detention-refusal", "notice", 360.4)]


def test_a_refusal_taken_back_makes_no_long_call_worse() -> None:
    told: list[Evidence] = [said(NO, 700, OPERATOR), said("では返金いたします", 720, OPERATOR)]
    assert [str(change.severity) for change in judged(told, until_s=1900, rules=LENGTH)] == ["notice"]


def test_rules_of_the_release_before_still_load(tmp_path: Path) -> None:
    """Without the keys that say what stops the clock."""
    path = tmp_path / "rules.toml"
    path.write_text(
        '[[rule]]\nid = "detention-refusal"\nkind = "detention"\ntitle = { ja = "x", en = "x" }\nsince = "refusal"\n'
        'steps = [{ after_s = 300, severity = "notice" }]\nrefusal_categories = ["refusal"]\nstill_talking_s = 60.0\n',
        encoding="utf-8",
    )
    told: list[Evidence] = [said(NO, 58, OPERATOR), *voices(60, 400)]
    assert opened(judged(told, until_s=400, rules=load_rules([path]))) == [
        ("detention-refusal", "notice", 360.0)
    ]
