"""Sentences that the operator's page proposes, from `config/sentences/` and the office's own files.

A file belongs to one language. A situation that stands in a later file replaces the whole situation of an earlier one.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Literal

import kikimori_config
from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.errors import ConfigError
from kikimori_core.messages import text
from kikimori_core.wire.settings import Name
from kikimori_core.wire.toml_file import load, place_of

if TYPE_CHECKING:
    from collections.abc import Iterable

Language = Literal["ja", "en"]

BUILTIN = Path(next(iter(kikimori_config.__path__))) / "sentences"
OWN = "own"
"""Source of a sentence for which no guide can be named."""
STAGES = ("waiting", "before_hold", "back", "joined")
"""Situations that come from the help, not from an alert."""


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SuggestedSentence(_Table):
    """One sentence that an operator can say."""

    when: Name
    """Situation: a category of phrases, a kind of rule, or one of `STAGES`."""
    say: Annotated[str, Field(min_length=1, max_length=160)]
    source: Name
    """Key of the file's `sources`, or `OWN`."""
    severity: Literal["notice", "warning", "critical"] = "notice"
    """Severity of the alert from which the sentence is used."""
    occasion: Annotated[int, Field(ge=1, le=20)] = 1
    """Number of the occasion in the call from which the sentence is used."""


class SentenceFile(_Table):
    """Content of one file."""

    language: Language
    occasion_apart_s: Annotated[float, Field(gt=0, le=3600)] | None = None
    """Seconds after an occasion from which another one begins."""
    sources: dict[Name, Annotated[str, Field(min_length=1)]] = {}
    """Guides by the name that the sentences use."""
    sentence: Annotated[tuple[SuggestedSentence, ...], Field(min_length=1)]


class SentenceBook:
    """All sentences of both languages, as the pages get them."""

    def __init__(self, files: Iterable[SentenceFile]) -> None:
        self._apart_s: dict[Language, float] = {}
        self._situations: dict[Language, dict[str, list[SuggestedSentence]]] = {"ja": {}, "en": {}}
        for file in files:
            if file.occasion_apart_s is not None:
                self._apart_s[file.language] = file.occasion_apart_s
            found: dict[str, list[SuggestedSentence]] = {}
            for each in file.sentence:
                found.setdefault(each.when, []).append(each)
            self._situations[file.language].update(found)

    def situations(self, language: Language) -> dict[str, list[SuggestedSentence]]:
        """Sentences by situation, the gentlest first."""
        return self._situations[language]

    def view(self, language: Language) -> dict[str, Any]:
        """Return what `GET /api/sentences/{language}` answers."""
        return {
            "apart_s": self._apart_s[language],
            "situations": {
                when: [each.model_dump(include={"say", "severity", "occasion"}) for each in sentences]
                for when, sentences in self._situations[language].items()
            },
        }


def read_book(own: Iterable[Path] = ()) -> SentenceBook:
    """Read the built-in files and the office's own ones; raises ConfigError that names every fault of the first bad file."""
    return SentenceBook(read_file(path) for path in (BUILTIN / "ja.toml", BUILTIN / "en.toml", *own))


def read_file(path: Path) -> SentenceFile:
    """Read one file; raises ConfigError with file, line, key and reason of every fault."""
    file = load(path, SentenceFile)
    unknown = [
        text("sentence_source_unknown", place=place_of(path, key), key=key, source=repr(each.source))
        for number, each in enumerate(file.sentence, start=1)
        if each.source not in file.sources and each.source != OWN
        for key in [f"sentence[{number}].source"]
    ]
    if unknown:
        raise ConfigError.of("sentence_sources_unknown", faults=tuple(unknown), own=repr(OWN))
    return file
