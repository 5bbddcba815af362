"""Already explained (ご説明済み): how often the same was demanded, and how the operator answered each time."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.told import MIXED, OPERATOR, PHRASES, judged, rules, said

from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.life import MOST_EVIDENCE
from kikimori_core.judging.summary import with_summary
from kikimori_core.model.alert import AlertChange
from kikimori_core.model.evidence import Utterance
from kikimori_core.wire.messages import AnsweredEvidence
from kikimori_lab.evaluation.answered import AnsweredCase, answered_in
from kikimori_lab.evaluation.case_judge import CaseJudge
from kikimori_lab.evaluation.cases import read_cases

DATA = Path(__file__).parent / "data"
RULES = rules("repeated-demand", "repeated-superior")


def answered(changes: list[AlertChange]) -> dict[tuple[str, float], AnsweredEvidence]:
    """Return the last evidence of each demand."""
    return {
        (change.rule, each.start_s): each
        for change in changes
        for each in change.evidence
        if isinstance(each, AnsweredEvidence)
    }


def only(told: list[Utterance]) -> AnsweredEvidence:
    [found] = answered(judged(told, rules=RULES)).values()
    return found


@pytest.mark.parametrize(
    ("file", "counted_at_least", "answered_at_least"),
    [
        ("answered.jsonl", 0.95, 0.9),
        # Written for the ways of comparing as they were at first.
        ("answered_more.jsonl", 0.88, 0.7),
        # Kept aside until they were looked at: 39 of 50 then. Tuned on since.
        ("answered_kept.jsonl", 0.9, 0.78),
        # Unseen at first (30 of 60), then looked at for kinds of misses.
        ("answered_unseen_a.jsonl", 0.9, 0.75),
        # Unseen at first (38 of 60), then learned from.
        ("answered_unseen_b.jsonl", 0.8, 0.75),
        # Unseen at first (45 of 60), then learned from.
        ("answered_unseen_c.jsonl", 0.8, 0.75),
        # Never looked at; 50, 45 and 52 of 60 before the other turns of a call were weighed.
        ("answered_unseen_d.jsonl", 0.9, 0.78),
        ("answered_unseen_e.jsonl", 0.75, 0.53),
        ("answered_unseen_f.jsonl", 0.92, 0.85),
        # Never looked at: 55 of 60 before, 57 to 59 with the last versions.
        ("answered_unseen_g.jsonl", 0.95, 0.93),
    ],
)
def test_counts_and_refusals_of_whole_calls(
    capsys: pytest.CaptureFixture[str], file: str, counted_at_least: float, answered_at_least: float
) -> None:
    """Prints the figures with `pytest -s`; near-misses, refusals and promises among them."""
    judge = CaseJudge(RULES, PHRASES)
    scores = [AnsweredCase(case, answered_in(judge, case)) for case in read_cases(DATA / file)]
    counted, right = sum(each.counted for each in scores), sum(each.answered for each in scores)
    with capsys.disabled():
        print(
            f"\nalready explained, {file}: count right in {counted} of {len(scores)}, refusals too in {right}"
        )
    assert counted >= counted_at_least * len(scores)
    assert right >= answered_at_least * len(scores)
    harmless = [each for each in scores if each.case.answered == ()]
    # Calls that are counted without need; which ones was not looked at.
    without_need = {
        "answered_unseen_b.jsonl": 1,
        "answered_unseen_e.jsonl": 4,
        "answered_unseen_f.jsonl": 2,
    }
    assert sum(bool(each.found) for each in harmless) <= without_need.get(file, 0)


def at(minute: int, text: str, *, operator: bool = False) -> Utterance:
    return said(text, minute * 60 + (8 if operator else 0), OPERATOR) if operator else said(text, minute * 60)


def test_half_an_hour_lies_between_the_first_and_the_third() -> None:
    told = [
        at(2, "返金しろ"),
        at(2, "返金はできかねます", operator=True),
        at(15, "金を返せよ"),
        at(15, "できかねます", operator=True),
    ]
    told += [at(31, "だから返金しろって")]
    found = only(told)
    assert (found.count, found.demand, found.title["ja"]) == (3, "refund", "返金・弁償")
    assert list(found.times_s) == [120, 900, 1860]
    assert [(each.start_s, each.demand_s, each.quote) for each in found.refusals] == [
        (128, 120, "返金はできかねます"),
        (908, 900, "できかねます"),
    ]
    assert with_summary(found).summary["ja"] == "同じご要望 3回目（お断り 2回）"
    # Never refused, and so far apart, it is no repetition.
    assert judged([each for each in told if each.role is not OPERATOR], rules=RULES) == []


def test_a_refusal_is_told_with_the_utterance_that_holds_it() -> None:
    judge = CallJudge(RULES, PHRASES, words_heard=True)
    for each in (said("返金しろ", 10), said("金返せ", 30)):
        assert judge.observe(each) == []
    [third] = judge.observe(said("早く返金しろよ", 50))
    assert len(only_of(third).refusals) == 0
    [told] = judge.observe(said("返金はいたしかねます", 53, OPERATOR))
    assert (told.revision, [each.quote for each in only_of(told).refusals]) == (2, ["返金はいたしかねます"])
    assert judge.observe(said("さようでございます", 56, OPERATOR)) == []
    # Later than twenty seconds after the demand it answers something else.
    assert judge.observe(said("できかねます", 80, OPERATOR)) == []


def only_of(change: AlertChange) -> AnsweredEvidence:
    [found] = answered([change]).values()
    return found


def test_each_refusal_goes_with_its_own_demand() -> None:
    told = [said("返金しろ", 10), said("上司に代われ", 14), said("返金はいたしかねます", 18, OPERATOR)]
    told += [
        said("上司に代われ", 30),
        said("おつなぎできません", 33, OPERATOR),
        said("返金しろよ", 50),
        said("上の人に代わって", 60),
    ]
    told += [said("金返せ", 70)]
    found = {each.demand: each for each in answered(judged(told, rules=RULES)).values()}
    assert [each.start_s for each in found["refund"].refusals] == [18]
    assert [each.start_s for each in found["call_for_superior"].refusals] == [33]


def test_a_half_refusal_counts_unless_an_answer_follows() -> None:
    told = [said("返金しろ", 10 + 30 * n) for n in range(3)]
    apology = said("申し訳ございませんが", 73, OPERATOR)
    assert [each.start_s for each in only([*told, apology]).refusals] == [73]
    assert only([*told, apology, said("お調べして折り返しご連絡いたします", 76, OPERATOR)]).refusals == ()
    # Said of something else it refuses nothing.
    assert only([*told, said("規則でございますので", 110, OPERATOR)]).refusals == ()


@pytest.mark.parametrize(
    ("offer", "refuses"),
    [
        ("まず私がお話を伺います", False),
        ("ご不便をおかけしております。まず私が、お話を伺います。", False),
        ("まずは私のほうで詳しいご事情をお聞かせください", False),
        ("私が責任を持ってお話を伺います", False),
        ("私がお話をお伺いいたします", False),
        # Turned down, whatever is offered beside it.
        ("それはいたしかねます。まず私がお話を伺います", True),
        ("まず私がお話を伺うことになっておりまして", True),
        ("上の者には代われませんので、まず私がお話を伺います", True),
    ],
)
def test_an_offer_to_listen_is_no_refusal(offer: str, refuses: bool) -> None:
    told = [
        each for at_s in (10, 40, 70) for each in (said("上司を出せ", at_s), said(offer, at_s + 4, OPERATOR))
    ]
    found = only(told)
    assert found.count == 3
    assert len(found.refusals) == (3 if refuses else 0)


def test_what_was_granted_begins_anew() -> None:
    orders = [said("資料を送ってくれ", 10 + 30 * n) for n in range(4)]
    granted = [said("かしこまりました", 13 + 30 * n, OPERATOR) for n in range(4)]
    assert judged([*orders, *granted], rules=RULES) == []
    assert only(orders).count == 4
    # Agreed to and then refused it was refused.
    both = [
        said("かしこまりました", 13, OPERATOR),
        said("申し訳ございません、お送りできません", 16, OPERATOR),
    ]
    assert only([*orders, *both]).count == 4


def test_an_order_without_its_object_means_the_last_one() -> None:
    told = [
        said("記事を削除してください", 10),
        said("だからそうしろって言ってるだろ", 40),
        said("削除しろよ", 70),
    ]
    assert list(only(told).times_s) == [10, 40, 70]


def test_it_stays_when_older_evidence_is_dropped() -> None:
    found = judged([said("返金しろ", 10 + 20 * n) for n in range(MOST_EVIDENCE + 5)], rules=RULES)
    assert len(found[-1].evidence) == MOST_EVIDENCE
    assert only_of(found[-1]).count == MOST_EVIDENCE + 5


def test_on_a_mixed_leg_nobodys_words_are_taken_for_the_operators() -> None:
    told = [
        each
        for n in range(3)
        for each in (said("返金しろ", 10 + 30 * n, MIXED), said("できかねます", 14 + 30 * n, MIXED))
    ]
    assert [each.quote for each in only(told).refusals] == [None, None, None]


def test_a_phrase_with_a_polite_copula_is_no_denial() -> None:
    """でございます was read as ではございません, past the end of the sentence."""
    assert {each.category for each in PHRASES.find(said("規則でございます", 10, OPERATOR)).matches} == {
        "half_refusal"
    }


REFUSED = "申し訳ございませんが、お受けできません"


def refused_each(*demands: str, by: str = REFUSED) -> list[Utterance]:
    """Tell a call in which each demand is refused."""
    return [
        each
        for n, text in enumerate(demands)
        for each in (said(text, 10 + 30 * n), said(by, 14 + 30 * n, OPERATOR))
    ]


@pytest.mark.parametrize(
    "demands",
    [
        # In words that share nothing.
        ("銅像を建てろ", "記念碑でもいいんだよ、用意しろ", "とにかく形に残せ"),
        # Without its object.
        ("庭の木を切ってください", "お願いだから切って", "そこを何とか"),
        # In the endings of every verb.
        ("窓を磨いてもらえませんか", "磨いてくれるまで帰らないから", "磨いてって言ってるの"),
        ("犬をつないでくれんね", "つながせんね", "つないでけろ"),
        # The noun put last, and what is only right.
        ("記念写真を飾れ", "飾ってくださいよ記念写真", "飾るのが当然でしょう"),
        # Two known demands of the same thing.
        ("違約金をなしにして", "違約金を消してよ", "違約金を免除しろ"),
    ],
)
def test_a_demand_after_a_refusal_goes_on_in_other_words(demands: tuple[str, ...]) -> None:
    assert only(refused_each(*demands)).count == len(demands)


@pytest.mark.parametrize(
    "demands",
    [
        # Known, and of other things.
        ("返金しろ", "名前を言え", "家まで来い"),
        # Said to be another.
        ("銅像を建てろ", "じゃあ記念碑を用意しろ", "それなら木を植えろ"),
        # A condition, and a thing of its own after a known demand.
        ("返金しろ", "来ないなら返金して", "支配人の似顔絵を描け"),
        # Someone else's words, and what is forbidden in anger.
        ("返金しろ", "相手に返金してって言われたんです", "ふざけるな"),
    ],
)
def test_another_demand_is_not_the_same(demands: tuple[str, ...]) -> None:
    assert judged(refused_each(*demands), rules=RULES) == []


def test_a_bookings_next_choice_is_no_repetition() -> None:
    days = ("金曜に来てもらえますか", "土曜に来てもらえますか", "日曜でもいいので来てもらえますか")
    assert judged(refused_each(*days, by="あいにく埋まっております"), rules=RULES) == []


def test_two_demands_in_turns_are_counted_apart() -> None:
    told = refused_each(*("庭の木を切ってください", "じゃあ返金して") * 3)
    assert sorted(each.count for each in answered(judged(told, rules=RULES)).values()) == [3, 3]


def test_a_denial_refuses_directly_after_a_demand_alone() -> None:
    told = refused_each(*["銅像を建てろ"] * 3, by="現在は計画しておりません")
    assert len(only(told).refusals) == 3
    for harmless in ("ただいま確認しております", "間違いございません", "明日でしたら建てられます"):
        assert only(refused_each(*["銅像を建てろ"] * 3, by=harmless)).refusals == ()
    detention = rules("detention-refusal")
    assert judged([said("現在は計画しておりません", 10, OPERATOR)], rules=detention, until_s=2000) == []


@pytest.mark.parametrize(
    "fact",
    [
        "保証期間は一年でございます",
        "順番は先生が決めておられます",
        "登録のない方は皆様三千円を頂戴しております",
    ],
)
def test_a_plain_fact_refuses_what_was_just_demanded(fact: str) -> None:
    told = refused_each(*["銅像を建てろ"] * 3, by=fact)
    assert [each.quote for each in only(told).refusals] == [fact] * 3


@pytest.mark.parametrize(
    "reply",
    [
        "はい、来月には建っております",
        "ただいま確認しております",
        "大変お待たせしております",
        "どちらの公園でございますか",
        "三日でございます",
    ],
)
def test_what_agrees_asks_or_comforts_states_nothing(reply: str) -> None:
    assert only(refused_each(*["銅像を建てろ"] * 3, by=reply)).refusals == ()


def test_a_fact_refuses_nothing_after_other_words_or_a_question() -> None:
    fact = said("保証期間は一年でございます", 78, OPERATOR)
    told = [said("銅像を建てろ", 10 + 30 * n) for n in range(3)]
    assert only([*told, said("ところで寒いですね", 75), fact]).refusals == ()
    asked = refused_each(
        "残高を教えてください", "入金の日を教えてください", by="残高は今日のところ十万円でございます"
    )
    assert judged(asked, rules=RULES) == []


@pytest.mark.parametrize("again", ["同じでもええから代わって", "いいから責任者", "電話させて"])
def test_a_superior_is_asked_for_again_without_being_named(again: str) -> None:
    told = refused_each("上の人に代われ", "責任者を出せ", again)
    assert [each.count for each in answered(judged(told, rules=rules("repeated-superior"))).values()] == [3]
