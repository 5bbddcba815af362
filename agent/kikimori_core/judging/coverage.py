"""Forms of an office's own phrases that are found only since phrases inflect."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.by_sound import BySound
from kikimori_core.judging.phrases import PhraseBook, load_phrases
from kikimori_core.judging.words.sound import SoundFinder
from kikimori_core.judging.words.units import UnitPattern
from kikimori_core.model.evidence import Role, Utterance

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

EXAMPLES = 3
"""Forms shown of each phrase."""

_ENDINGS = (
    ("てるのか", "てんじゃねえぞ"), ("てるのか", "ているんですか"), ("てる", "ている"), ("てる", "てやがる"), ("のか", "んですか"), ("のか", "のかよ"), ("ないの", "ねえの"),
    ("ない", "ねえ"), ("るな", "るんじゃねえ"), ("するな", "しないで"), ("いるの", "いるんですか"), ("だ", "だよ"), ("しろ", "してくれ"), ("け", "けよ"),
)  # fmt: skip
"""Endings as phrases are written, each with another of the same meaning."""


def wider(path: Path) -> Iterator[tuple[str, tuple[str, ...]]]:
    """Yield each fixed phrase of a file that covers more than its writing, with examples that are found."""
    now = load_phrases([path])
    for category in now.categories:
        if not isinstance(category, BySound):
            continue
        for phrase in sorted(
            {unit.phrase for unit in category.units if isinstance(unit, UnitPattern) and unit.mood == "fixed"}
        ):
            written = BySound(category.name, category.said_by, ())
            written.add(phrase, "fixed", exact=True)
            before = PhraseBook([written], SoundFinder(()))
            found = tuple(
                form
                for form in _forms(phrase)
                if _holds(now, form, category) and not _holds(before, form, category)
            )
            if found:
                yield phrase, found[:EXAMPLES]


def _forms(phrase: str) -> Iterator[str]:
    bare = phrase.strip("。")
    for ending, other in _ENDINGS:
        if bare.endswith(ending):
            yield bare.removesuffix(ending) + other


def _holds(book: PhraseBook, text: str, category: BySound) -> bool:
    said = book.find(Utterance(Role(category.said_by), "example", 0.0, 1.0, text, final=True))
    return any(match.category == category.name for match in said.matches)


def own_files(files: Sequence[Path], shipped: Path) -> list[Path]:
    """Return the phrase files that did not come with the program."""
    return [path for path in files if not path.is_relative_to(shipped)]
