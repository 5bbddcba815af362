"""Requests to stop: known by what the operator says, counted once for each utterance, and told with the call."""

from __future__ import annotations

from dataclasses import replace

import pytest
from tests.support.told import PHRASES, said

from kikimori_core.judging.judge import CallJudge
from kikimori_core.model.evidence import Role
from kikimori_core.wire.ending import MOST_REQUESTS, STOP_REQUEST

OPERATOR = Role.OPERATOR


def found(text: str, role: Role = OPERATOR) -> bool:
    return STOP_REQUEST in {each.category for each in PHRASES.find(said(text, 10, role)).matches}


@pytest.mark.parametrize(
    "text",
    [
        "これ以上続くようでしたらお電話を終了させていただきます",
        "大きな声はおやめください",
        "恐れ入りますが、大きなお声では正確に聞き取れません。お声を抑えていただけますでしょうか。",
        "ご用件は承ります。恐れ入りますが、そのようなお言葉はお控えいただけますでしょうか。",
        "そのような言い方はお控えいただけますでしょうか。",
        "重ねてのお願いで恐れ入ります。そのようなお言葉が続きますと、ご用件を伺うことが難しくなります。",
        "先ほどもお願いいたしました。そのようなお言葉のままでは、お話を続けることが難しくなります。",
        "重ねてお願いしております。このまま続く場合は、お電話を終えさせていただくことがございます。",
        "怒鳴らないでください",
        "暴言はおやめいただけますか",
        "大声を出すのはおやめください",
        "そういった発言はやめていただけますか",
        "お客様、どうか落ち着いてお話しください",
        "侮辱的な発言はお控え願います",
        "もう少しお声を落としていただけますでしょうか",
        "同じご要望の繰り返しはお控えください",
    ],
)
def test_the_customer_is_asked_to_stop(text: str) -> None:
    assert found(text)
    assert not found(text, Role.CUSTOMER)


@pytest.mark.parametrize(
    "text",
    [
        "少々お待ちください",
        "館内でのお煙草はお控えください",
        "ご遠慮なくお申し付けください",
        "お声が遠いようですので、少し大きな声でお願いいたします",
        "この電話を終えましたら書類をお送りします",
        "食後の服用はお控えください",
        "雨が続くようでしたら延期いたします",
        "症状が続くようでしたら受診してください",
        "キャンセルはおやめになりますか",
        "故障が続く場合は交換いたします",
        "このまま続けてご案内いたします",
        "お電話を切らずにお待ちください",
    ],
)
def test_other_requests_are_none(text: str) -> None:
    assert not found(text)


def test_an_utterance_counts_once() -> None:
    judge = CallJudge((), PHRASES, words_heard=True)
    first = said("大きな声はおやめください", 10, OPERATOR)
    judge.observe(first)
    judge.observe(replace(first, again=True))
    judge.observe(said("大きな声を出すな", 20, Role.CUSTOMER))
    judge.observe(said("これ以上続くようでしたらお電話を終了させていただきます", 30, OPERATOR))
    assert [(each.start_s, each.quote) for each in judge.stop_requests] == [
        (first.start_s, first.text),
        (said("", 30).start_s, "これ以上続くようでしたらお電話を終了させていただきます"),
    ]


def test_on_one_leg_nobody_is_quoted_and_the_newest_are_kept() -> None:
    judge = CallJudge((), PHRASES, words_heard=True)
    for number in range(MOST_REQUESTS + 2):
        judge.observe(said("怒鳴らないでください", 10.0 * (number + 1), Role.MIXED))
    assert len(judge.stop_requests) == MOST_REQUESTS
    assert judge.stop_requests[0].start_s > 20
    assert {each.quote for each in judge.stop_requests} == {None}
