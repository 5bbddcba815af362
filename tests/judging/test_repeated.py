"""The same demand again and again, in other words; what is no repetition."""

from __future__ import annotations

import pytest
from tests.support.told import OPERATOR, judged, opened, rules, said

from kikimori_core.wire.messages import WordsEvidence

SAME = rules("repeated-demand")
REFUND = ["金を返せ", "だから返金しろって言ってるんだよ", "とにかくお金を返してくれ"]


def told(texts: list[str], every_s: float = 30.0) -> list[tuple[str, str, float]]:
    return opened(judged([said(text, 20 + every_s * n) for n, text in enumerate(texts)], rules=SAME))


def test_the_third_time_in_other_words() -> None:
    changes = judged([said(text, 20 + 30 * n) for n, text in enumerate(REFUND)], rules=SAME)
    assert opened(changes) == [("repeated-demand", "warning", 82)]
    pieces = [each for each in changes[-1].evidence if isinstance(each, WordsEvidence)]
    assert [(each.text, each.start_s) for each in pieces] == list(zip(REFUND, (20, 50, 80), strict=True))


def test_other_demands_between_do_not_hide_it() -> None:
    assert told(["金を返せ", "住所を調べておけ", "返金しろ", "伝票を見せろ", "お金を返せよ"]) == [
        ("repeated-demand", "warning", 142)
    ]


@pytest.mark.parametrize(
    "texts",
    [
        ["金を返せ", "返金しろ"],
        ["金を返せ", "荷物を送れ", "名前を言え", "伝票を見せろ"],
        ["はい", "ええ", "はい", "そうです", "はい", "ええ"],
        ["ゼロ三の一二三四", "一二三四です", "ゼロ三の一二三四", "ゼロ三の一二三四です"],
        ["えっと、あの", "その、えー", "あのう", "えっと"],
        ["金を返してもらいました", "返金していただきました", "お金は返してくれました"],
        ["お願いします", "お願いします", "お願いします", "はい、お願いします"],
        [
            "もう一度言ってください",
            "もう少し大きな声で話してください",
            "もう一度お願いします",
            "もう一回言ってください",
        ],
        ["いえ、返金は要りません", "返金の話ではないです", "返金しなくていいですよ"],
    ],
)
def test_no_repetition(texts: list[str]) -> None:
    assert told(texts) == []


def test_what_others_demand_of_the_customer_is_no_demand_of_theirs() -> None:
    told = [
        "金返せって言われました",
        "金返せと言われまして",
        "だから金返せと言われたんです",
        "さっきも金返せと言われて",
    ]
    assert judged([said(text, 10 * number) for number, text in enumerate(told, start=1)]) == []


def test_a_polite_request_may_be_made_again() -> None:
    polite = ["修理をお願いできますか", "修理してください", "修理をお願いします"]
    assert told(polite) == []
    assert told([*polite, "修理していただけますか"]) == [("repeated-demand", "warning", 112)]


def test_the_answer_to_a_question_is_no_repetition() -> None:
    """The operator asked to be told again, each time."""
    calm = []
    for n, text in enumerate(["荷物を送れ", "荷物を送ってくれ", "荷物を送れと言いました", "荷物を送れ"]):
        calm += [said("恐れ入りますがもう一度お願いします", 10 + 30 * n, OPERATOR), said(text, 14 + 30 * n)]
    assert judged(calm, rules=SAME) == []
    # Said again on one's own it is.
    own = [each for each in calm if each.role is not OPERATOR]
    assert opened(judged(own, rules=SAME)) == [("repeated-demand", "warning", 76)]


def test_what_another_rule_counts_is_not_counted_twice() -> None:
    both = rules("repeated-demand") + rules("repeated-superior")
    demands = [said(text, 20 + 30 * n) for n, text in enumerate(["上司に代われ"] * 4)]
    assert [rule for rule, *_ in opened(judged(demands, rules=both))] == ["repeated-superior"]


def test_over_errors_of_the_recogniser() -> None:
    """Words it took wrongly around the ones that matter."""
    assert told(["金お返せ", "肝を返金しろ", "課ねを返してくれお金"]) == [("repeated-demand", "warning", 82)]
