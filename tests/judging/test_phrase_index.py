"""Look-up of phrases: what the index yields for a sentence is all that can be found in it."""

from __future__ import annotations

import pytest
from tests.support.told import CUSTOMER, PHRASES

from kikimori_core.judging.by_sound import BySound
from kikimori_core.judging.phrase_index import PhraseIndex
from kikimori_core.judging.words.sentence import Sentence

CATEGORIES = [each for each in PHRASES.categories if isinstance(each, BySound)]
INDEX = PhraseIndex(CATEGORIES)
WITH_A_LIST = [
    (category.name, pattern)
    for category in CATEGORIES
    if category.said_by is CUSTOMER
    for of_key in category.by_key.values()
    for pattern in of_key
    if any(len(nouns) > 1 for nouns in pattern.parts)
]
"""Phrases with a list of nouns, which are looked up by the nouns or by the rest."""


@pytest.mark.parametrize(
    "text",
    [
        "支配人が出てこい",
        "さっさと店長を出せ、上司も出せよ",
        "ネットに書くぞ、新聞に書くからな",
        "お前の家族を襲うぞ",
        "慰謝料を取るから、詫び状を書いて窓口に貼れ",
    ],
)
def test_a_phrase_with_a_list_of_nouns_is_looked_up_wherever_its_expression_matches(text: str) -> None:
    heard = PHRASES.hear(text)
    found = [
        (name, each)
        for name, each in WITH_A_LIST
        if each.may_be_in(heard.sound) and each.expression.search(heard.sound)
    ]
    assert found
    yielded = [
        (category.name, pattern)
        for category, pattern in INDEX.sounding_in(Sentence(heard, INDEX.stems), CUSTOMER)
    ]
    assert all(each in yielded for each in found)
    assert len({(name, id(pattern)) for name, pattern in yielded}) == len(yielded)


def test_most_phrases_with_a_list_are_ruled_out_by_their_nouns() -> None:
    sentence = Sentence(PHRASES.hear("駅を出てから買い物をして書類を取りに戻りました"), INDEX.stems)
    yielded = [pattern for _, pattern in INDEX.sounding_in(sentence, CUSTOMER)]
    may_be = [pattern for _, pattern in WITH_A_LIST if pattern.may_be_in(sentence.heard.sound)]
    assert len([each for each in may_be if each in yielded]) < len(may_be) / 4
