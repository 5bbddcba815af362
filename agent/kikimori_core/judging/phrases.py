"""Phrases by category, from `config/phrases/`, and their search in utterances.

Japanese is compared by sound (`judging.words`), other languages as it is written, where `…` stands for up to twenty
characters in between. A phrase that lies inside something listed under `unless` does not count: so an offer or an
idiom is no alarm.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Protocol

from kikimori_core.errors import ConfigError
from kikimori_core.judging.acts.meanings import Meanings
from kikimori_core.judging.acts.model import ActModel
from kikimori_core.judging.answers import AnswerCategory, reader_of
from kikimori_core.judging.by_sound import BySound
from kikimori_core.judging.compiled_files import CompiledFile, CompiledFiles, cache_folder, no_collection
from kikimori_core.judging.demand_file import holds_demands, load_demands
from kikimori_core.judging.phrase_compiling import categories_by_sound, category_by_letters
from kikimori_core.judging.phrase_file import CategoryFile
from kikimori_core.judging.phrase_index import PhraseIndex
from kikimori_core.judging.sureness import Sureness, severest
from kikimori_core.judging.words.demands import DemandReader
from kikimori_core.judging.words.sentence import Sentence
from kikimori_core.judging.words.sound import SoundFinder
from kikimori_core.messages import text
from kikimori_core.model.evidence import Role
from kikimori_core.wire.toml_file import load

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from kikimori_core.judging.acts.meanings import Meaning
    from kikimori_core.judging.second_opinion.tone import Tone
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.judging.words.sound import Pronunciation
    from kikimori_core.model.alert import Severity
    from kikimori_core.model.evidence import Utterance

_files = CompiledFiles(cache_folder())


@dataclass(frozen=True, slots=True)
class Match:
    """A category found in an utterance."""

    category: str
    matched: str
    """The words, as recognised."""
    at_most: Severity | None = None
    """Worst severity of the alert; None = as the rule says."""
    sureness: Sureness = Sureness.USUAL
    unsure: bool = False
    """The second opinion is not sure enough of the whole sentence for a critical alert by these words alone."""


@dataclass(frozen=True, slots=True)
class UtteranceFindings:
    """Phrases and demand found in an utterance."""

    matches: tuple[Match, ...] = ()
    demand: Demand | None = None
    """Demand of the utterance, of whatever category or none."""
    doubted: tuple[Match, ...] = ()
    """Found, and taken for harmless by the second opinion: they count for nothing."""
    tone: Tone | None = None
    demanding: float | None = None
    """Log odds that the customer demands something; None = not known, the lists decide."""
    refusal: float | None = None
    """Log odds that the operator refuses something; None = not known, the matches decide."""
    wording: Demand | None = None
    """The demand that a customer would make with it, if it were one; None = not looked for."""
    meaning: Callable[[], Meaning] | None = None
    """Gives the meaning of the whole sentence, in 1 to 2 ms at first; None = there is no encoder."""


class _Category(Protocol):
    @property
    def name(self) -> str: ...

    @property
    def said_by(self) -> Role: ...

    @property
    def at_most(self) -> Severity | None: ...

    @property
    def sureness(self) -> Sureness: ...

    def find(self, sentence: Sentence) -> str | None:
        """Return the words that fall under this category, as recognised."""


class PhraseFinder(Protocol):
    """Part of `PhraseBook` that judging needs."""

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:
        """Return what an utterance holds. `acts`: also what a final demands or refuses."""


class NoPhrases:
    """Finder of no phrase, for calls that are judged by sound alone."""

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:  # noqa: ARG002
        return UtteranceFindings()


class PhraseBook:
    """All categories of the configured languages."""

    def __init__(
        self,
        categories: Iterable[_Category],
        ear: SoundFinder,
        demands: DemandReader | None = None,
        skipped: Iterable[str] = (),
        acts: ActModel | None = None,
        meanings: Meanings | None = None,
    ) -> None:
        """Take the categories, and what finds demands and refusals.

        Args:
            categories: Phrases by category.
            ear: Finder of sounds.
            demands: Lists of demands.
            skipped: Phrases that are not looked for.
            acts: Decides over the lists whether a customer demands something, an operator refuses it.
            meanings: Gives the meaning of whole sentences.
        """
        self._acts, self._meanings = acts, meanings
        self.skipped = tuple(skipped)
        """Phrases that would match nearly everything and are not looked for: file, key and reason."""
        self._categories = tuple(categories)
        self._ear = ear
        self._demands = demands or DemandReader()
        self._index = PhraseIndex(category for category in self._categories if isinstance(category, BySound))

    def with_acts(self, acts: ActModel, meanings: Meanings | None = None) -> PhraseBook:
        """Return the same book with another model of acts, and of meanings."""
        return PhraseBook(self._categories, self._ear, self._demands, self.skipped, acts, meanings)

    @property
    def categories(self) -> tuple[_Category, ...]:
        """All categories; a name has one for each file, `at_most` and sureness."""
        return self._categories

    @property
    def names(self) -> frozenset[str]:
        return frozenset(category.name for category in self._categories)

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:
        """Return the categories that the utterance holds and that are looked for with its speaker, each once.

        `acts`: what a final demands or refuses is found too; in a partial result only words can count.
        """
        return self.find_in(self.hear(utterance.text), utterance.role, acts=acts and utterance.final)

    def hear(self, text: str) -> Pronunciation:
        """Cut a text into words and sounds."""
        return self._ear.hear(text)

    def find_in(self, heard: Pronunciation, role: Role, *, acts: bool) -> UtteranceFindings:
        """Do as `find` with a text that was cut before."""
        if not heard.sound:
            return UtteranceFindings()
        matches = self._matches(heard, role)
        return self._with_acts(matches, heard, role) if acts else UtteranceFindings(matches)

    def _matches(self, heard: Pronunciation, role: Role) -> tuple[Match, ...]:
        found: dict[str, Match] = {}
        hints: dict[str, Match] = {}
        sentence = Sentence(heard, self._index.stems)

        def open_to(category: _Category, kept: Mapping[str, Match] = found) -> bool:
            known = kept.get(category.name)
            return known is None or category.sureness > known.sureness

        def wanted(category: _Category) -> bool:
            # A mixed leg does not say who spoke: both readings count, and the leg is labelled on the screen.
            return role in (category.said_by, Role.MIXED) and open_to(category)

        def keep(category: _Category, matched: str | None) -> None:
            if matched is None:
                return
            at_most = category.at_most or severest(category.sureness, heard, matched)
            kept = found if at_most is None else hints
            if open_to(category, kept):
                kept[category.name] = Match(category.name, matched, at_most, category.sureness)

        for category in self._categories:
            if not isinstance(category, BySound) and wanted(category):
                keep(category, category.find(sentence))
        for by_sound, pattern in self._index.sounding_in(sentence, role):
            if open_to(by_sound):
                keep(by_sound, by_sound.find_sound(sentence, pattern))
        for by_sound, unit in self._index.standing_in(sentence, role):
            if open_to(by_sound):
                keep(by_sound, by_sound.find_unit(sentence, unit))
        return tuple((hints | found).values())

    def _with_acts(self, matches: tuple[Match, ...], heard: Pronunciation, role: Role) -> UtteranceFindings:
        """Add to the matches of a final what the speaker demands or refuses with it."""
        acts, words = self._acts, heard.words
        # An operator demands nothing; of a mixed leg it is not known who speaks.
        refusal = acts.log_odds(words, "refusal") if acts is not None and role is Role.OPERATOR else None
        odds = acts.log_odds(words, "demand") if acts is not None and role is Role.CUSTOMER else None
        meanings = self._meanings if acts is not None and role is not Role.MIXED else None
        wording = demand = None
        if role is not Role.OPERATOR:
            wording, demand = self._demands.wording(heard, odds, anyway=meanings is not None)
        return UtteranceFindings(
            matches,
            demand,
            demanding=odds,
            refusal=refusal,
            wording=wording,
            meaning=None if meanings is None else partial(meanings.of, heard.text),
        )


def load_phrases(
    paths: Iterable[Path], acts: Path | None = None, sentences: Path | None = None
) -> PhraseBook:
    """Read category files; the same category in several files (languages) is several entries of one name.

    A phrase of which nothing distinctive is heard is left out and told in `skipped`: an office that wrote it for an
    earlier release is still protected by its other phrases.

    Args:
        paths: Category files.
        acts: Folder of the model of acts; None = the lists alone decide.
        sentences: Folder of the encoder of sentences, for the model of acts; None = single words decide.

    Raises:
        ConfigError: names file, key and reason.
    """
    with no_collection():
        model = None if acts is None else ActModel.read(acts)
        meanings = None if acts is None or sentences is None else Meanings.read(sentences, acts)
        return _loaded(paths, model, meanings)


def _loaded(paths: Iterable[Path], acts: ActModel | None, meanings: Meanings | None) -> PhraseBook:
    categories: list[_Category] = []
    skipped: list[str] = []
    vocabulary: set[str] = set()
    of_demands: list[Path] = []
    files: list[tuple[Path, CategoryFile | CompiledFile]] = []
    for path in paths:
        compiled = _kept(path)
        if compiled is not None:
            files.append((path, compiled))
        elif holds_demands(path):
            of_demands.append(path)
        else:
            files.append((path, load(path, CategoryFile)))
    reader = reader_of(file.clauses for _, file in files if isinstance(file, CategoryFile) and file.clauses)
    for path, file in files:
        if isinstance(file, CategoryFile):
            if file.said_by is Role.MIXED:
                raise ConfigError.of("said_by_unknown", path=path)
            if file.compare == "letters":
                categories.append(category_by_letters(path, file))
                continue
            if not file.group and file.clauses is None:
                raise ConfigError.of("group_missing", path=path)
            compiled, act = _compiled(path, file), file.clauses.act if file.clauses else None
        else:
            compiled, act = file, None
        skipped += (text("file_reason", file=path, reason=each) for each in compiled.skipped)
        for category in compiled.categories:
            categories.append(
                AnswerCategory(category.name, category.said_by, act, reader, category) if act else category
            )
            vocabulary |= category.vocabulary
    return PhraseBook(categories, SoundFinder(vocabulary), load_demands(of_demands), skipped, acts, meanings)


def _kept(path: Path) -> CompiledFile | None:
    try:
        return _files.get(path.read_bytes())
    except OSError:
        # Reading it again tells the reason.
        return None


def _compiled(path: Path, file: CategoryFile) -> CompiledFile:
    skipped: list[str] = []
    compiled = CompiledFile(tuple(categories_by_sound(path, file, skipped)), tuple(skipped))
    if file.clauses is None:
        _files.keep(path.read_bytes(), compiled)
    return compiled
