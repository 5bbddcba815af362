"""From words to alerts, with the shipped rules and phrases: transcripts given as input."""

from __future__ import annotations

import pytest
from tests.support.told import CUSTOMER, MIXED, OPERATOR, judged, opened, rules, said

from kikimori_core.model.alert import AlertState
from kikimori_core.wire.messages import Action, Role, WordsEvidence


@pytest.mark.parametrize(
    ("text", "rule", "severity"),
    [
        ("殺すぞ", "phrase-violence", "critical"),
        ("お前の家に火をつけてやる", "phrase-threat", "critical"),
        ("夜道に気をつけろよ", "phrase-threat", "critical"),
        ("ふざけるな、いい加減にしろ", "phrase-insult", "warning"),
        ("この役立たず", "phrase-insult", "warning"),
        ("土下座しろ", "phrase-unreasonable", "warning"),
    ],
)
def test_words_raise_their_rule(text: str, rule: str, severity: str) -> None:
    [change] = judged([said(text, 10)])
    assert (change.rule, str(change.severity), change.state) == (rule, severity, AlertState.OPEN)
    assert change.raised_s == 12
    [evidence] = change.evidence
    assert isinstance(evidence, WordsEvidence)
    assert (evidence.text, evidence.role, evidence.start_s) == (text, CUSTOMER, 10)
    assert evidence.matched in text
    assert change.suggestion is Action.HOLD_TRANSFER


@pytest.mark.parametrize(
    "text",
    [
        "殺す気か",
        "死ぬほど待った",
        "死ねないよ、こんな若いのに",
        "ずいぶん待たされて困っています",
        "本当に腹が立ちましたよ、でもありがとう",
        "料金を返していただけますか",
        "",
        "。。。",
    ],
)
def test_idioms_and_complaints_raise_nothing(text: str) -> None:
    assert judged([said(text, 10)]) == []


@pytest.mark.parametrize(
    "text",
    [
        "お前は本当に頭が悪いのう。って。", "お前は本当に頭が悪いのうって", "こいつ頭おかしいんじゃないの？って。もう笑うしかなくて", "「黙れ」って。", "殺すぞ！って。怖かったですよ",
        "金よこせ！っていう顔で見てくるんです", "金よこせっていう顔で見てくるんです", "ふざけるなという目つきでした", "殺すぞ！っていう勢いで走ってくるんですよ", "お前いい暮らししてるんだろうなって", "お前いま何してるんだろうなって思って",
        "お前誰なんだ！みたいなやつです", "お前誰なんだみたいなやつです", "なめてんのか！みたいな感じで", "なめてんのかみたいな顔でこちらを見るんです", "死ね！みたいなノリのゲームです", "ふざけんな！みたいな。", "珍しい魚がいるんだ！みたいなやつですね",
        "殺すぞと言ってきます", "死ねって言ってくるんですよ", "死ねと言ってくる人がいて",
    ],
)  # fmt: skip
def test_what_another_said_or_would_say_raises_nothing(text: str) -> None:
    assert judged([said(text, 10)]) == []


@pytest.mark.parametrize(
    "text",
    [
        "うちの旦那は頭おかしいんじゃないの", "うちの旦那って頭おかしいよね", "息子が頭悪いんだよ", "うちの旦那、頭おかしいんじゃないの", "バカじゃないの、うちの息子", "頭悪いんだよねえ、うちの犬は",
    ],
)  # fmt: skip
def test_what_is_said_of_the_customers_own_people_insults_nobody(text: str) -> None:
    assert judged([said(text, 10)]) == []


@pytest.mark.parametrize(
    "text",
    [
        "お前の息子は頭悪いんだよ", "頭悪いんじゃないの、あんたの親", "お前の母親は馬鹿か", "主人が怒ってるぞ、頭おかしいんじゃないの", "頭おかしいんじゃないの、あんたのとこの店員", "頭おかしいんじゃないの、娘に代わって謝れ",
    ],
)  # fmt: skip
def test_the_listeners_people_and_what_others_do_beside_it_excuse_nothing(text: str) -> None:
    assert "phrase-insult" in {change.rule for change in judged([said(text, 10)])}


@pytest.mark.parametrize(
    "text",
    [
        "いいから死ねって", "ふざけんなって！", "馬鹿にすんなって", "金返せって！", "土下座しろって", "ふざけんな！って言ってんだよ", "金を返せ！って言ってるだろうが", "金返せっていうんだよ", "いい加減にしろっていうの", "馬鹿にするなっていう気持ちでいっぱいだ",
        "ゴミみたいな店だな", "お前みたいなやつが店員なのか", "こっちを馬鹿にしてるみたいな態度とりやがって", "お前！返事しろ！", "責任者出せや！って、なめてんのか",
    ],
)  # fmt: skip
def test_what_the_speaker_insists_on_stays_their_own(text: str) -> None:
    assert [change.rule for change in judged([said(text, 10)])]


@pytest.mark.parametrize(
    ("text", "severity"),
    [
        ("こっちの話聞いてるのかなー", "notice"),
        ("ちゃんと話を聞いてるのかしら", "notice"),
        ("頭が悪いのかなあ", "notice"),
        ("お前、話聞いてるのかなあ", "warning"),
        ("話聞いてるのかな、あんた", "warning"),
        ("日本語わかるのかなあ", "warning"),
        ("話聞いてんのかよ", "warning"),
    ],
)
def test_what_one_only_wonders_is_a_notice(text: str, severity: str) -> None:
    """Not where the listener is named with contempt, nor of a phrase that nothing harmless holds."""
    assert [str(change.severity) for change in judged([said(text, 10)])] == [severity]


def test_only_the_customer_can_be_blamed() -> None:
    """The operator reads the threat out; a mixed leg cannot say who it was and counts."""
    assert judged([said("殺すぞ、とおっしゃいましたか", 10, OPERATOR)]) == []
    assert opened(judged([said("殺すぞ", 10, MIXED)])) == [("phrase-violence", "critical", 12)]


def test_an_offer_of_the_operator_is_no_demand() -> None:
    offers = [said("上司に代わりましょうか", 10 + 20 * n, OPERATOR) for n in range(5)]
    demands = rules("repeated-superior", "repeated-demand")
    assert judged(offers, rules=demands) == []
    assert judged([said("上司に代わりましょうかと言ったよね", 10 + 20 * n) for n in range(5)]) == []


def test_a_partial_result_raises_nothing() -> None:
    assert judged([said("殺すぞ", 10, final=False)]) == []


DEMANDS = ["上司に代われ", "責任者を出して", "上の人に代わってください", "店長を呼べ", "偉い人を出せ"]


def test_the_third_demand_in_other_words_alerts() -> None:
    told = [said(text, 20 + 30 * n) for n, text in enumerate(DEMANDS)]
    changes = judged(told)
    assert opened(changes) == [("repeated-superior", "warning", 82)]
    # The same alert, worse at the fifth; it lists each occurrence, and how they were answered.
    assert [(str(change.severity), len(change.evidence) - 1) for change in changes] == [
        ("warning", 3),
        ("warning", 4),
        ("critical", 5),
    ]
    assert [each.text for each in changes[-1].evidence if isinstance(each, WordsEvidence)] == DEMANDS


def test_demands_far_apart_are_no_repetition() -> None:
    """Three within ten minutes; the window slides."""
    superior = rules("repeated-superior")
    assert judged([said("上司に代われ", at) for at in (10, 320, 620, 930)], rules=superior) == []
    assert opened(judged([said("上司に代われ", at) for at in (10, 320, 600)], rules=superior)) == [
        ("repeated-superior", "warning", 602)
    ]


def test_what_only_looks_like_an_order_is_no_demand() -> None:
    """A regret (買えばよかった, not 買えばいい), a name that is cut as an order (ねろ, ん, が), cheers, greetings, 濃い for 来い."""
    for texts in (
        [
            "早めに予約すればよかったー",
            "本当に早めに予約すればよかったです",
            "だから早めに予約すればよかったんですよ",
        ],
        ["ネロンガ好きなんです", "またネロンガの話ですみません", "ネロンガ可愛かったです"],
        ["頑張って", "頑張ってください", "頑張れ"],
        ["はじめまして", "はじめまして", "このたびはお世話になりまして"],
        ["濃いカレーが好きです", "濃いのがいいですね", "味は濃いほうが好み"],
    ):
        assert judged([said(text, 20 + 30 * n) for n, text in enumerate(texts)]) == []
    for texts in (
        ["予約を取り直せばいいだけだろ", "だから予約を取り直せばいい", "予約を取り直せばいいんだよ"],
        ["今すぐうちに来い", "だからうちに来いよ", "うちに来いって言ってるだろ"],
        ["頑張って値引きして", "もっと値引きしてください", "だから値引きしてよ"],
    ):
        assert opened(judged([said(text, 20 + 30 * n) for n, text in enumerate(texts)]))


def test_in_one_breath_it_is_one_demand() -> None:
    assert judged([said("上司に代われ、上司に代われ、責任者を出せ", 10), said("上司に代われ", 20)]) == []


@pytest.mark.parametrize("role", [CUSTOMER, OPERATOR, MIXED])
def test_hostile_lengths_of_text(role: Role) -> None:
    """A recogniser gone wild costs nothing but the line."""
    judged([said("上司" * 20_000, 10, role), said("a" * 100_000, 20, role)])
