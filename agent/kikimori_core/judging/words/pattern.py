"""A phrase, written once in its dictionary form, as an expression over sounds.

Particles may be left out or changed, a few words may stand between its parts; its last verb is said in a mood.
`(上司|店長)を出す` is two phrases.
"""

from __future__ import annotations

import itertools
import re
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from kikimori_core import messages
from kikimori_core.judging.words.conjugation import forms
from kikimori_core.judging.words.moods import ending
from kikimori_core.judging.words.sound import folded, long_vowels, plain, words

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_core.judging.words.choice import Choice
    from kikimori_core.judging.words.moods import Mood
    from kikimori_core.judging.words.sound import Morpheme

BETWEEN = 9
"""Sounds that may stand between two parts: をいますぐ, にはやく."""
NEXT_TO = 2
"""Sounds between a noun and the する that makes a verb of it: 土下座をしろ."""

LEAST_LEFT = 4
"""Sounds of words without a meaning of their own that a phrase must have where a filler in it is not listened to."""

AT_THE_END = "。"
"""A fixed phrase that ends so must be the end of what is said: ボケ。 is no ボケ防止."""

_PARTICLE, _NOUN = "助詞", "名詞"
_EMPTY = frozenset({"助詞", "助動詞", "代名詞", "副詞", "連体詞", "感動詞", "接続詞"})
"""Parts of speech that carry no meaning without others."""


@dataclass(frozen=True)
class Pattern:
    phrase: str
    mood: Mood
    heads: tuple[str, ...]
    """Sounds that must all be there; looked for before the expression is tried."""
    source: str
    vocabulary: tuple[str, ...]
    """Nouns of the phrase, as sounds."""
    long: tuple[int, ...] = ()
    """Long vowels of a fixed phrase."""
    ends_in_order: bool = False
    """No auxiliary may follow: 話せ is no 話せます."""
    parts: tuple[Mapping[str, tuple[int, ...]], ...] = ()
    """Long vowels of the parts before the verb, by their sound; the groups `p0`, `p1`, … are where they stand."""

    def may_be_in(self, sound: str) -> bool:
        """Return whether all heads are there."""
        for head in self.heads:  # noqa: SIM110  (a generator for each of thousands takes longer)
            if head not in sound:
                return False
        return True

    @cached_property
    def expression(self) -> re.Pattern[str]:
        """Return the expression, compiled when its heads are first heard: few of thousands ever are."""
        return re.compile(self.source)


class VanishingPhraseError(ValueError):
    """Only words of a phrase that would match nearly everything are left."""


def cut(phrase: str) -> list[Morpheme]:
    """Cut a phrase into words. Raises ValueError when it has no sound, or when no utterance can contain one of its words."""
    text = plain(phrase)
    found = words(text)
    if not found or any(not word.sound for word in found):
        raise ValueError("has no sound")
    heard = {at for word in found for at in range(word.start, word.end)}
    lost = "".join(letter for at, letter in enumerate(text) if letter.isalnum() and at not in heard)
    if (
        lost
        and all(word.part in _EMPTY for word in found)
        and sum(len(word.sound) for word in found) < LEAST_LEFT
    ):
        rest = "".join(word.surface for word in found)
        raise VanishingPhraseError(messages.text("phrase_vanishes", lost=repr(lost), rest=repr(rest)))
    return found


def compile_phrase(
    phrase: str, mood: Mood, found: list[Morpheme] | None = None, choice: Choice | None = None
) -> Pattern:
    """Make the expression of a phrase that was cut into `found`. `choice`: a list of nouns before its verb.

    Raises:
        ValueError: the phrase has no sound, or no verb at its end where one must be.
    """
    found = found or cut(phrase)
    if mood == "fixed":
        return _fixed(phrase, found)
    *before, last = [word for word in found if word.part != _PARTICLE]
    conjugated = forms(_dictionary_sound(last), last.conjugation)
    if conjugated is None:
        raise ValueError(messages.text("phrase_no_verb", mood=mood))
    pieces: list[dict[str, tuple[int, ...]]] = []
    heads = []
    for word in before:
        if choice is None or not choice.holds(word):
            pieces.append({word.sound: word.long})
            heads.append(word.sound)
        elif word.start == choice.start:
            pieces.append({each.sound: each.long for each in choice.options})
    parts = ""
    for number, piece in enumerate(pieces):
        gap = NEXT_TO if piece is pieces[-1] and last.conjugation.startswith("サ行変格") else BETWEEN
        sounds = "|".join(re.escape(sound) for sound in sorted(piece, key=len, reverse=True))
        parts += f"(?P<p{number}>{sounds}).{{0,{gap}}}?"
    stem = conjugated.u[:-1]
    if len(stem) > 1 or not heads:
        heads.append(stem)
    source = f"{parts}(?P<verb>{ending(conjugated, mood, alone=not before)})"
    nouns = _nouns(found) + (tuple(each.sound for each in choice.options) if choice else ())
    return Pattern(phrase, mood, tuple(heads), source, nouns, parts=tuple(pieces))


def _fixed(phrase: str, found: list[Morpheme]) -> Pattern:
    """Return the expression of a phrase as written, in which only particles may be missing."""
    parts = [
        f"(?:{re.escape(word.sound)})?"
        if word.part == _PARTICLE and word.surface in "をがはにへ" and 0 < number < len(found) - 1
        else re.escape(word.sound)
        for number, word in enumerate(found)
    ]
    if phrase.startswith(AT_THE_END):
        parts.insert(0, "^")
    if phrase.endswith(AT_THE_END):
        parts.append("$")
    heads = tuple(word.sound for word in found if word.part != _PARTICLE)
    ordered = found[-1].part in ("動詞", "助動詞") and found[-1].form.startswith(
        ("命令形", "未然形", "連用形", "仮定形")
    )
    return Pattern(
        phrase,
        "fixed",
        heads,
        "".join(parts),
        _nouns(found),
        long_vowels(found),
        ends_in_order=ordered,
    )


def _is_noun(word: Morpheme) -> bool:
    # 責任 者 is one word to the ear; the め of 小娘め is not.
    return word.part == _NOUN or (word.part == "接尾辞" and "\u4e00" <= word.surface[0] <= "\u9fff")


def _nouns(found: list[Morpheme]) -> tuple[str, ...]:
    """Return the sounds of nouns; those that stand side by side are one word: 消費者 センター."""
    runs = itertools.groupby(found, key=_is_noun)
    return tuple("".join(word.sound for word in run) for nouns, run in runs if nouns)


def _dictionary_sound(word: Morpheme) -> str:
    if word.surface == word.lemma:
        return word.sound
    return folded("".join(each.sound for each in words(plain(word.lemma))))
