"""Phrases that are sure: the second opinion hardly doubts them, and they come before others of their category."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.opinion import altered_opinion
from tests.support.told import PHRASES, RULES, said

from kikimori.config import BUILTIN_SENTENCES, AgentConfig
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.second_opinion import with_second_opinion
from kikimori_core.judging.sureness import Sureness

FOLDER = AgentConfig().opinion_folder() or Path()
FILE = """
category = "insult"
title = { ja = "暴言", en = "Abuse" }
said_by = "customer"
[[group]]
phrases = ["屁理屈"]
[[group]]
sure = true
phrases = ["屁理屈は通用しない"]
"""


@pytest.fixture
def written(tmp_path: Path) -> Path:
    (tmp_path / "insult.toml").write_text(FILE, encoding="utf-8")
    return tmp_path


def test_a_sure_phrase_comes_before_another_of_its_category(written: Path) -> None:
    book = load_phrases([written / "insult.toml"])
    found = book.find(said("そんな屁理屈は通用しない", 10)).matches
    assert [(each.category, each.sureness is Sureness.SURE) for each in found] == [("insult", True)]
    found = book.find(said("それは屁理屈でしょう", 10)).matches
    assert [(each.category, each.sureness is Sureness.SURE) for each in found] == [("insult", False)]


def test_a_file_may_be_sure_but_for_single_groups(tmp_path: Path) -> None:
    head, first, rest = FILE.split("[[group]]\n")
    path = tmp_path / "insult.toml"
    path.write_text(
        f"{head}sure = true\n[[group]]\nsure = false\n{first}[[group]]\n{rest.replace('sure = true', '')}",
        encoding="utf-8",
    )
    book = load_phrases([path])
    assert [each.sureness for each in book.find(said("それは屁理屈でしょう", 10)).matches] == [Sureness.USUAL]
    assert [each.sureness for each in book.find(said("そんな屁理屈は通用しない", 10)).matches] == [
        Sureness.SURE
    ]


@pytest.mark.parametrize(("least", "found"), [(0.0, ["phrase-insult"]), (1.0, [])])
def test_a_sure_phrase_has_a_bar_of_its_own(least: float, found: list[str], written: Path) -> None:
    altered_opinion(written, veto_below={"insult": 1.0}, rough_veto_below=1.0, sure_veto_below=least)
    book = with_second_opinion(load_phrases([written / "insult.toml"]), RULES, written, BUILTIN_SENTENCES)
    judge = CallJudge(RULES, book, words_heard=True)
    assert [each.rule for each in judge.observe(said("そんな屁理屈は通用しない", 10))] == found
    assert judge.observe(said("それは屁理屈でしょう", 20)) == []


@pytest.mark.parametrize(
    "shouted",
    [
        "役立たず",
        "役立たずが",
        "役立たずめ",
        "この役立たず",
        "能無し",
        "ババア",
        "ジジイ！",
        "頭悪いんですか",
        "頭が悪いんですか？",
        "頭おかしいんですか",
    ],
)
def test_abuse_shouted_by_itself_alarms(shouted: str) -> None:
    """役立たず is read yakudatazu by itself, yakutatazu behind another word."""
    judge = CallJudge(RULES, with_second_opinion(PHRASES, RULES, FOLDER, BUILTIN_SENTENCES), words_heard=True)
    assert [each.rule for each in judge.observe(said(shouted, 10))] == ["phrase-insult"]
    assert judge.doubted == ()


@pytest.mark.parametrize(
    "calm",
    [
        "役立たずですみません",
        "俺って役立たずだな",
        "役に立たずです",
        "役立たず笑",
        "もうすっかりババアですよ",
        "うちのババアがまだ元気で",
        "私って頭悪いんですかね",
        "頭が悪いんですかと聞かれました",
        "ジジイになりました",
    ],
)
def test_the_same_word_in_a_calm_sentence_does_not(calm: str) -> None:
    judge = CallJudge(RULES, with_second_opinion(PHRASES, RULES, FOLDER, BUILTIN_SENTENCES), words_heard=True)
    assert judge.observe(said(calm, 10)) == []


@pytest.mark.parametrize(
    ("text", "insults"),
    [
        ("俺馬鹿かな", False),
        ("俺はアホか", False),
        ("馬鹿なのかな俺", False),
        ("私がボケてるのかしら", False),
        ("馬鹿か", True),
        ("俺馬鹿にしてんのか", True),
        ("自分アホちゃうか", True),
    ],
)
def test_who_calls_himself_a_fool_insults_nobody(text: str, insults: bool) -> None:
    found = with_second_opinion(PHRASES, RULES, FOLDER, BUILTIN_SENTENCES).find(said(text, 10))
    assert bool(found.matches) is insults


@pytest.mark.parametrize("text", ["早く上司を出せ", "さっさと店長を呼べ", "今すぐ責任者につなげ"])
def test_haste_alone_makes_no_other_demand_of_a_wish_for_a_superior(text: str) -> None:
    found = with_second_opinion(PHRASES, RULES, FOLDER, BUILTIN_SENTENCES).find(said(text, 10))
    assert {each.category for each in found.matches} == {"call_for_superior"}
