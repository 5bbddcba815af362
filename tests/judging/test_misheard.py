"""Phrases in the spellings that recognisers hide them in."""

from __future__ import annotations

import pytest

from kikimori.config import AgentConfig
from kikimori_core.judging.phrases import PhraseBook, load_phrases
from kikimori_core.judging.words.sound import plain, words
from kikimori_core.model.evidence import Role, Utterance


@pytest.fixture(scope="module")
def book() -> PhraseBook:
    return load_phrases(AgentConfig().phrase_files())


def found(book: PhraseBook, text: str) -> set[str]:
    return {
        match.category
        for match in book.find(Utterance(Role.CUSTOMER, "c", 0.0, 3.0, text, final=True)).matches
    }


@pytest.mark.parametrize(
    ("text", "category"),
    [
        ("ダマトレ", "insult"),
        ("フザケンナ", "insult"),
        ("ナメテンノカ", "insult"),
        ("責任者だせや", "call_for_superior"),
        ("店長だしなさい", "call_for_superior"),
        ("責任者よべや", "call_for_superior"),
        ("責任者をダセ", "call_for_superior"),
        ("土下座シロ", "unreasonable_demand"),
        ("ええから上の門出さんかい", "call_for_superior"),
        ("上の人出せ", "call_for_superior"),
        ("責任者を。出せよ", "call_for_superior"),
        ("ふざけて。いるのか", "insult"),
        ("オタクみたいな奴だな", "insult"),
    ],
)
def test_a_phrase_is_found_as_a_recogniser_writes_it(book: PhraseBook, text: str, category: str) -> None:
    assert category in found(book, text)


@pytest.mark.parametrize(
    "text",
    [
        "責任者だぞと言われました",
        "うちの犬の名前はシロです",
        "カタログのシロクマパンダをお願いします",
        "珍しい虫がいるみたいな奴ですね",
        "店長だったころの話です",
        "娘の門出さんざん祝いました",
        "上の人出さえ増えれば",
        "こちらで。お待ちください",
    ],
)
def test_what_only_looks_so_is_no_alarm(book: PhraseBook, text: str) -> None:
    assert not found(book, text)


def test_a_mended_word_knows_its_place_in_the_text() -> None:
    text = plain("だから責任者だせやダマトレ")
    assert {text[word.start : word.end] for word in words(text)} >= {"責任", "者"}
    assert all(0 <= word.start < word.end <= len(text) for word in words(text))
    assert "".join(text[word.start : word.end] for word in words(text) if word.surface != "を") == text
