"""Compiling of one file of phrases to its categories."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.errors import ConfigError
from kikimori_core.judging.by_letters import ByLetters, any_of
from kikimori_core.judging.by_sound import BySound
from kikimori_core.judging.sureness import Sureness
from kikimori_core.judging.words.choice import expanded, written_out
from kikimori_core.judging.words.pattern import VanishingPhraseError, compile_phrase, cut
from kikimori_core.messages import text

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kikimori_core.judging.phrase_file import CategoryFile
    from kikimori_core.judging.words.pattern import Pattern
    from kikimori_core.model.alert import Severity


def categories_by_sound(path: Path, file: CategoryFile, skipped: list[str]) -> Iterable[BySound]:
    """Return the categories of one file: one for the groups of each `at_most` and sureness, all of the same name."""
    unless = tuple(
        pattern
        for number, phrase in enumerate(file.unless, start=1)
        for pattern in _excuse(phrase, file, f"{path}: unless[{number}]")
    )
    not_of = frozenset(word.normal for noun in file.not_of for word in cut(noun)[-1:])

    def category_of(at_most: Severity | None, sureness: Sureness) -> BySound:
        return BySound(file.category, file.said_by, unless, at_most, sureness, not_of)

    made: dict[tuple[Severity | None, Sureness], BySound] = {
        (None, Sureness.USUAL): category_of(None, Sureness.USUAL)
    }
    for number, group in enumerate(file.group, start=1):
        kind = (group.at_most, group.sureness(file))
        category = made.setdefault(kind, category_of(*kind))
        for place, phrase in enumerate(group.phrases, start=1):
            key = f"group[{number}].phrases[{place}]"
            try:
                exact = file.exact or group.exact
                together = file.clauses is None
                for each, choice in written_out(phrase, file.words) if together else ():
                    together &= category.add(each, group.mood, choice, exact=exact)
                if not together:
                    # A list whose nouns are no words of their own in this phrase, or a category that is read by sound.
                    for each in expanded(phrase, file.words):
                        category.add(each, group.mood, exact=exact)
            except VanishingPhraseError as error:
                skipped.append(text("phrase_unusable", key=key, phrase=phrase, error=error))
            except ValueError as error:
                where = f"{path}: {key}"
                raise ConfigError.of("phrase_unusable", key=where, phrase=phrase, error=error) from error
    return made.values()


def _excuse(phrase: str, file: CategoryFile, key: str) -> Iterator[Pattern]:
    try:
        for each in expanded(phrase, file.words):
            yield compile_phrase(each, "fixed")
    except ValueError as error:
        raise ConfigError.of("phrase_unusable", key=key, phrase=phrase, error=error) from error


def category_by_letters(path: Path, file: CategoryFile) -> ByLetters:
    for number, group in enumerate(file.group, start=1):
        if group.mood != "fixed":
            raise ConfigError.of("mood_not_fixed", path=path, number=number)
    unless = any_of(file.unless) if file.unless else None
    return ByLetters(
        file.category,
        file.said_by,
        any_of(phrase for group in file.group for phrase in group.phrases),
        unless,
    )
