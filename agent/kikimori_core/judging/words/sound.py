"""Sound of a text: its words by SudachiPy, their sounds folded, slips corrected by edit distance."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any, NamedTuple

from rapidfuzz.distance import Levenshtein
from sudachipy import Dictionary, SplitMode

from kikimori_core.judging.words.marks import stretches
from kikimori_core.judging.words.misheard import respelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MOST_CHARACTERS = 2000
"""Longest text in characters: an utterance is one breath; more is a fault of the recogniser."""


@lru_cache(maxsize=1)
def _tokenizer() -> Any:
    """Open the dictionary, in a tenth of a second. Judging is on one thread, as a tokenizer must be."""
    return Dictionary(dict="small").tokenizer(mode=SplitMode.C)


_SPACES = re.compile(r"(?<=[\u3040-\u30ff\u4e00-\u9fff々])\s+(?=[\u3040-\u30ff\u4e00-\u9fff々])")
_SILENT = ("補助記号", "空白")
_FILLER = "感動詞"
_KEPT_INTERJECTIONS = frozenset(
    {"おい", "こら", "クソ", "くそ", "糞", "ありがとう", "すみません", "ごめんなさい", "申し訳"}
)
_FILLERS = frozenset({"あの", "あのう", "えっと", "ええと", "えー", "うーん", "まあ", "その"})


class Morpheme(NamedTuple):
    """One word of an utterance. A named tuple: hundreds are made for each second of speech."""

    surface: str
    lemma: str
    sound: str
    """Katakana, folded."""
    long: tuple[int, ...]
    """Places in `sound` after which a long vowel was folded away."""
    part: str
    """Part of speech as Sudachi names it, first level."""
    detail: str
    """Part of speech, second level."""
    conjugation: str
    """Class of conjugation, e.g. `五段-サ行`; `*` for words without."""
    form: str
    """Form it stands in, e.g. `命令形`."""
    normal: str
    """The spelling Sudachi takes as the normal one: 払戻 and はらいもどし are 払い戻し."""
    start: int
    end: int
    """Position in the text, in characters; `end` is exclusive."""


def plain(text: str) -> str:
    """Return the text as `words` counts its places: widths folded, of bounded length."""
    return unicodedata.normalize("NFKC", text)[:MOST_CHARACTERS]


def words(text: str) -> list[Morpheme]:
    """Cut a `plain` text into words, without symbols and fillers."""
    found: list[Morpheme] = []
    for start, stop in stretches(text):
        found += _words_of(text[start:stop], start)
    return found


def _words_of(text: str, start: int) -> list[Morpheme]:
    """Cut what has no mark at its end into words; `start`: its place in the whole text."""
    found: list[Morpheme] = []
    text, places = _without_spaces(text)
    cut = list(_tokenizer().tokenize(text))
    if (mended := respelled(text, cut, _tokenizer().tokenize)) is not None:
        text, among = mended
        places = [places[at] for at in among]
        cut = list(_tokenizer().tokenize(text))
    for number, each in enumerate(cut):
        entry = _entry(each)
        part, surface = entry[3], each.surface()
        if part == "連体詞" and surface in _FILLERS and not _points(cut[number + 1 :]):
            continue
        if (
            part in _SILENT
            or (surface in _FILLERS and part != "連体詞")
            or (part == "記号" and entry[4] != "文字")
        ):
            continue
        if part == _FILLER and surface not in _KEPT_INTERJECTIONS:
            continue
        word = Morpheme(surface, *entry, start + places[each.begin()], start + places[each.end() - 1] + 1)
        if _ordered(word):
            found += _order_and_yo(word)
        else:
            found.append(word)
    return found


def _ordered(word: Morpheme) -> bool:
    """Return whether an order with よ was taken for a potential verb's volition: 払えよ, 言えよ; not 食べよう."""
    return (
        word.form.startswith("意志推量形")
        and word.lemma != word.normal
        and word.surface.endswith("よ")
        and word.conjugation.startswith("下一段")
        and len(word.surface) > 1
    )


def _order_and_yo(word: Morpheme) -> tuple[Morpheme, Morpheme]:
    verb = word._replace(
        surface=word.surface[:-1], sound=word.sound[:-1], form="命令形", end=word.end - 1, long=()
    )
    yo = Morpheme("よ", "よ", "ヨ", (), "助詞", "終助詞", "*", "*", "よ", word.end - 1, word.end)
    return verb, yo


_Entry = tuple[str, str, tuple[int, ...], str, str, str, str, str]
"""Entry of a word in the dictionary: the fields of `Morpheme` from `lemma` to `normal`."""
_entries: dict[int, _Entry] = {}
"""By their number in the dictionary: most words are heard again and again."""
MOST_ENTRIES = 50_000


def _entry(each: Any) -> _Entry:
    number = each.word_id()
    known = _entries.get(number)
    if known is not None:
        return known
    part = each.part_of_speech()
    reading = _READINGS.get(each.surface()) if part[0] == "名詞" else None
    entry = (
        each.dictionary_form(),
        *_folded(reading or each.reading_form()),
        part[0],
        part[1],
        part[4],
        part[5],
        each.normalized_form(),
    )
    if not each.is_oov() and len(_entries) < MOST_ENTRIES:
        _entries[number] = entry
    return entry


_READINGS = {
    "金": "カネ",
    "銭": "ゼニ",
    "嫁": "ヨメ",
    "飯": "メシ",
    "土": "ド",
    "方": "カタ",
    "何": "ナニ",
    "卒": "ソツ",
    "一言": "ヒトコト",
    "一声": "ヒトコエ",
    "今日": "キョウ",
    "気色": "キショク",
}
"""Of nouns that SudachiPy reads now so, now otherwise: 金 is カネ or キン, 土下座 even ツチゲザ."""


def _points(following: list[Any]) -> bool:
    """Return whether その or あの points at the noun behind it, and fills no pause."""
    if not following:
        return False
    if following[0].part_of_speech()[0] in ("名詞", "接頭辞"):
        return True
    # その言い方
    return len(following) > 1 and following[1].surface() == "方"


def _without_spaces(text: str) -> tuple[str, Sequence[int]]:
    """Return the text without the spaces that a recogniser writes between words, and where each character stood.

    Cut at them, でき ませ ん is no できません.
    """
    if not _SPACES.search(text):
        return text, range(len(text))
    dropped = {place for space in _SPACES.finditer(text) for place in range(*space.span())}
    places = [place for place in range(len(text)) if place not in dropped]
    return "".join(text[place] for place in places), places


_SAME = str.maketrans(
    {"ヲ": "オ", "ヅ": "ズ", "ヂ": "ジ", "ァ": "ア", "ィ": "イ", "ゥ": "ウ", "ェ": "エ", "ォ": "オ"}
)
_O_ROW = frozenset("オコソトノホモヨロゴゾドボポョ")
_E_ROW = frozenset("エケセテネヘメレゲゼデベペ")


def folded(reading: str) -> str:
    """Fold sounds that neither the ear nor spellings tell apart: ー, コウ and コオ, ケイ and ケエ."""
    return _folded(reading)[0]


@lru_cache(maxsize=50_000)
def _folded(reading: str) -> tuple[str, tuple[int, ...]]:
    """Return the folded reading, and the places in it after which a long vowel was."""
    kept: list[str] = []
    long: list[int] = []
    for kana in reading.translate(_SAME):
        before = kept[-1] if kept else ""
        # A vowel is folded once: 誠意 is セ, a long vowel and イ.
        folds = len(kept) not in long and (
            (kana in "ウオ" and before in _O_ROW) or (kana in "イエ" and before in _E_ROW)
        )
        if kana == "ー" or folds:
            if kept and len(kept) not in long:
                long.append(len(kept))
            continue
        kept.append(kana)
    return "".join(kept), tuple(long)


@lru_cache(maxsize=50_000)
def sound_of_form(form: str) -> str:
    """Return the folded sound of a dictionary form, as SudachiPy reads it alone."""
    return folded("".join(each.reading_form() for each in _tokenizer().tokenize(form)))


def long_vowels(found: Iterable[Morpheme]) -> tuple[int, ...]:
    """Return where long vowels were folded away in the joined sounds of `found`."""
    places, offset = [], 0
    for word in found:
        places += [offset + place for place in word.long]
        offset += len(word.sound)
    return tuple(places)


def sounds_alike(words: Sequence[Morpheme], long: tuple[int, ...], length: int) -> bool:
    """Return whether long vowels agree as far as a recogniser hears them: 症状 is no 処女."""
    said, written = set(long_vowels([word for word in words if word.surface != "の"])), set(long)
    if not _written_in_kanji(words):
        # The end is drawn out at will: うるせー, バカー; but どれ is no 奴隷.
        said -= {length} - written
    return len(said ^ written) <= length // 5


def _written_in_kanji(words: Sequence[Morpheme]) -> bool:
    return any("\u4e00" <= letter <= "\u9fff" for letter in words[-1].surface)


@dataclass(frozen=True, slots=True)
class Pronunciation:
    """Sound of an utterance, its words, and the place of each word in the sound."""

    text: str
    sound: str
    words: tuple[Morpheme, ...]
    starts: tuple[int, ...]
    """Position of each word in `sound`, followed by the length of `sound`."""

    def between(self, start: int, end: int) -> str:
        """Return what was recognised that sounds from `start` to `end`, in whole words."""
        inside = [
            word
            for word, begin, stop in zip(self.words, self.starts, self.starts[1:], strict=False)
            if begin < end and stop > start
        ]
        return self.text[inside[0].start : inside[-1].end] if inside else ""

    def marks_before(self, at: int) -> str:
        """Return the text between the word at `at` and the word before it: marks and spaces, mostly nothing."""
        return self.text[self.words[at - 1].end : self.words[at].start]


class SoundFinder:
    """Finder of the sounds of an utterance, with correction of what is one sound off a known word."""

    LEAST = 6
    """Sounds a word must have to be mended: of shorter ones too many differ by one."""

    def __init__(self, vocabulary: Iterable[str]) -> None:
        """`vocabulary`: the folded sounds of words that phrases are made of."""
        # Opened now: the first word of the first call must not wait for it.
        _tokenizer()
        # One wrong sound leaves one half of the word as it was: a look for either half rules most words out.
        vocabulary = set(vocabulary)
        self._known = [
            (word, word[: len(word) // 2], word[len(word) // 2 :])
            for word in sorted(vocabulary)
            if len(word) >= self.LEAST
        ]
        self._by_pair: dict[str, list[int]] = {}
        """Places in `_known` of the words one of whose halves begins with two sounds."""
        for number, (_, head, tail) in enumerate(self._known):
            for pair in {head[:2], tail[:2]}:
                self._by_pair.setdefault(pair, []).append(number)
        self._lengths = sorted({len(word) for word in vocabulary})
        self._right = frozenset(vocabulary)
        """Sounds of the vocabulary; what begins with one of them was heard rightly: 社長と is not 社長室 gone
        wrong."""

    def _heard_rightly(self, sound: str, at: int) -> bool:
        return any(sound[at : at + length] in self._right for length in self._lengths)

    def hear(self, text: str) -> Pronunciation:
        text = plain(text)
        found = words(text)
        starts = [0]
        for word in found:
            starts.append(starts[-1] + len(word.sound))
        sound = "".join(word.sound for word in found)
        near = {
            number for at in range(len(sound) - 1) for number in self._by_pair.get(sound[at : at + 2], ())
        }
        wrong: list[int] | None = None
        for known, head, tail in (self._known[number] for number in sorted(near)):
            if (head in sound or tail in sound) and known not in sound:
                if wrong is None:
                    wrong = [
                        at
                        for at, part in zip(starts, [*(word.part for word in found), ""], strict=True)
                        # No noun begins with a particle: 柴犬だったら何色.
                        if part not in ("助詞", "助動詞") and not self._heard_rightly(sound, at)
                    ]
                mended, starts = _mended(sound, starts, wrong, known, head, tail)
                if mended != sound:
                    sound, wrong = mended, None
        return Pronunciation(text, sound, tuple(found), tuple(starts))


def _mended(
    sound: str, starts: list[int], wrong: list[int], known: str, head: str, tail: str
) -> tuple[str, list[int]]:
    """Put `known` where one sound differs from it, at one of the places `wrong`."""
    for start in wrong:
        if not (sound.startswith(head, start) or tail in sound[start : start + len(known) + 1]):
            continue
        for length in (len(known), len(known) - 1, len(known) + 1):
            end = start + length
            if end > len(sound) or Levenshtein.distance(sound[start:end], known, score_cutoff=1) > 1:
                continue
            shift = len(known) - length
            moved = [
                at if at <= start else at + shift if at >= end else min(at, start + len(known))
                for at in starts
            ]
            return sound[:start] + known + sound[end:], moved
    return sound, starts
