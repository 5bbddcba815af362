"""Phrases by sound: what must be found, what must not, who must have said it; and how much is found of what is new."""

from __future__ import annotations

import random
import tomllib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.told import CUSTOMER, OPERATOR, PHRASES, RULES, said

from kikimori.config import DEFAULTS, AgentConfig
from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.kinds.repeated import RepeatedRule
from kikimori_core.judging.phrases import load_phrases
from kikimori_core.judging.words.conjugation import forms
from kikimori_core.judging.words.sound import folded, plain, words
from kikimori_core.wire.messages import Role
from kikimori_training.asr.corpus import Corpus

DATA = Path(__file__).parent / "data"
CORPUS = Path(__file__).parents[2] / "models" / "training" / "corpus"
WRITTEN = [
    (text, group["is"])
    for group in tomllib.loads((DATA / "written.toml").read_text(encoding="utf-8"))["sentence"]
    for text in group["said"]
]
ALARMS = {rule.category for rule in RULES if isinstance(rule, PhraseRule | RepeatedRule) and rule.category}


def found(text: str, role: Role = CUSTOMER) -> set[str]:
    return {match.category for match in PHRASES.find(said(text, 10, role)).matches}


@pytest.mark.parametrize(("text", "category"), WRITTEN)
def test_what_the_lists_were_written_for(text: str, category: str) -> None:
    matches = PHRASES.find(said(text, 10)).matches
    if not category:
        assert [match for match in matches if match.category in ALARMS] == []
        return
    assert category in {match.category for match in matches}
    assert all(match.matched and match.matched in text for match in matches)


MARKS = ("！", "!!", "。", "…", "……", "♪", "？", "、", "」", "ー", "〜", "ーー！")


@pytest.mark.parametrize("mark", MARKS)
def test_a_mark_or_a_drawn_out_end_changes_nothing(mark: str) -> None:
    """The dictionary cut 死ね！ into 死 and ね, and ふざけんなー into words that nobody knows."""
    spoken = [text.rstrip("。、！？…") for text, _ in WRITTEN]
    assert [text for text in spoken if found(text + mark) != found(text)] == []


@pytest.mark.parametrize(
    ("text", "matched"),
    [
        ("死ね！この野郎", "死ね"),
        ("おい！！ 死ね…", "死ね"),
        ("うるさい。ふざけんなー！", "ふざけんな"),
        ("このバカー", "バカ"),
    ],
)
def test_marks_between_sentences_keep_the_words_and_their_places(text: str, matched: str) -> None:
    assert matched in {match.matched for match in PHRASES.find(said(text, 10)).matches}


def test_a_long_vowel_that_belongs_to_a_word_stays() -> None:
    assert [word.surface for word in words(plain("書類のコピー！"))] == ["書類", "の", "コピー"]


@pytest.mark.parametrize(
    "text",
    [
        "上司に代われ", "上司に代わって", "上司に代わってください", "上司に代わってもらえますか", "上司に代わらんかい", "上司に代わってんか", "上司に代わりなさい", "上司代われや", "上司に電話を今すぐ代われ", "上司に変われ",
        "上司に替わってくれ", "じょうしに代われ", "上司にかわれ", "上司に代わってほしい", "上司に代わってちょうだい", "上司に代わっていただきたい", "上司に代わらせろ",
    ],
)  # fmt: skip
def test_one_phrase_in_every_form(text: str) -> None:
    assert "call_for_superior" in found(text)


@pytest.mark.parametrize(
    "text",
    [
        "上司に代わりましょうか", "上司に代わらなくていい", "上司に代わってもらいました", "上司に代わってくれました", "上司に代わってくれと言われた", "上司に代われとは言ってない", "上司に代わられても", "上司が代わります",
        "上司に代わってほしいわけじゃない", "上司に代わってくださったんです",
    ],
)  # fmt: skip
def test_offers_denials_reports_and_the_past_are_no_demands(text: str) -> None:
    assert "call_for_superior" not in found(text)


def test_a_slip_of_the_recogniser_is_mended() -> None:
    """One sound wrong in a long word; a short word is left as it is."""
    assert "exposure" in found("フェイスブロックに書くぞ")
    assert "call_for_superior" in found("関任者に代われ")
    assert found("バスを払え") == set()


def test_only_who_can_say_it() -> None:
    assert found("申し訳ございませんが返金はいたしかねます", OPERATOR) >= {"refusal", "apology"}
    assert found("申し訳ございませんが返金はいたしかねます") == set()
    assert found("殺すぞ", OPERATOR) == set()


def test_english_by_letters() -> None:
    book = load_phrases(AgentConfig(language="en").phrase_files())
    assert {
        match.category for match in book.find(said("I want to speak to your manager now", 1)).matches
    } == {"call_for_superior"}
    assert {match.category for match in book.find(said("I’ll kill you", 1)).matches} == {"violence"}
    assert book.find(said("the waiting is killing me", 1)).matches == ()
    assert book.find(said("ok thank you bye", 1)).matches == ()


def test_the_lists_are_long_enough() -> None:
    """Entries as written; each stands for its forms and, with lists, for several phrases."""
    entries = {
        path.stem: sum(
            len(group["phrases"])
            for group in tomllib.loads(path.read_text(encoding="utf-8")).get("group", ())
        )
        for path in (DEFAULTS / "phrases" / "ja").glob("*.toml")
    }
    assert sum(entries.values()) >= 300
    assert len(entries) >= 12


def _sentences(categories: set[str], each: int, *, odd_only: bool = False) -> list[str]:
    """Sentences of the recogniser's corpus, the same in every run."""
    corpus, rng = Corpus.read(CORPUS), random.Random(11)  # noqa: S311
    chosen = {
        corpus.expand(template, rng)
        for group in corpus.groups
        if group.category in categories
        for number, template in enumerate(group.templates)
        if number % 2 or not odd_only
        for _ in range(each)
    }
    return sorted(chosen - {""})


def test_ordinary_talk_of_a_call_centre_alarms_nobody() -> None:
    """More than a thousand sentences of customers and operators; a polite wish for the superior is one, and counted."""
    customer = _sentences({"complaint", "kansai_fair", "hard_harmless", "general", "request", "filler"}, 14)
    operator = _sentences({"greeting", "confirm", "apology", "offer", "refusal", "closing"}, 8)
    assert len(customer) + len(operator) >= 1000
    alarms = {text: hit for text in customer if (hit := found(text) & (ALARMS - {"call_for_superior"}))}
    alarms |= {text: hit for text in operator if (hit := found(text, OPERATOR) & ALARMS)}
    assert alarms == {}


HELD_OUT = tomllib.loads((DATA / "held_out.toml").read_text(encoding="utf-8"))


def test_what_is_found_of_sentences_never_seen(capsys: pytest.CaptureFixture[str]) -> None:
    """Prints the recall with `pytest -s`; fails when a change loses what was found."""
    right = [each["is"] in found(each["said"]) for each in HELD_OUT["harassing"]]
    false = [text for text in HELD_OUT["harmless"] if found(text) & ALARMS]
    templates = _sentences(
        {"superior", "insult", "threat", "violence", "sns", "money", "authority", "sexual", "kansai_superior", "kansai_abuse"}, 20, odd_only=True
    )  # fmt: skip
    of_templates = [bool(found(text) & ALARMS) for text in templates]
    with capsys.disabled():
        print(
            f"\nheld-out harassment: {sum(right)} of {len(right)} with the right category; "
            f"templates kept aside: {sum(of_templates)} of {len(of_templates)}; "
            f"false alarms: {len(false)} of {len(HELD_OUT['harmless'])}"
        )
    assert sum(right) >= 36
    assert sum(of_templates) >= 0.5 * len(of_templates)
    assert false == []


@given(st.text(max_size=300))
@settings(max_examples=200, deadline=None)
def test_any_text_is_heard(text: str) -> None:
    matches = PHRASES.find(said(text, 10)).matches
    assert all(match.category in PHRASES.names for match in matches)


@pytest.mark.parametrize(
    ("verb", "conjugation", "a", "order", "te"),
    [
        ("ダス", "五段-サ行", "ダサ", "ダセ", "ダシテ"),
        ("カワル", "五段-ラ行", "カワラ", "カワレ", "カワッテ"),
        ("イウ", "五段-ワア行", "イワ", "イエ", "イッテ"),
        ("ミセル", "下一段-サ行", "ミセ", "ミセロ", "ミセテ"),
        ("ドゲザスル", "サ行変格", "ドゲザサ", "ドゲザシロ", "ドゲザシテ"),
        ("クル", "カ行変格", "コ", "コイ", "キテ"),
        ("イク", "五段-カ行", "イカ", "イケ", "イッテ"),
    ],
)
def test_forms_of_verbs(verb: str, conjugation: str, a: str, order: str, te: str) -> None:
    made = forms(verb, conjugation)
    assert made is not None
    assert (made.a, made.order[0], made.te) == (a, order, te)


def test_sounds_that_the_ear_does_not_tell_apart() -> None:
    assert folded("トウキョウ") == folded("トーキョオ") == "トキョ"
    assert folded("ケイタイ") == folded("ケエタイ") == "ケタイ"
    assert forms("ズット", "*") is None
