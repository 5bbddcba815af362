"""Texts by code and parameters: English as they are written and sent, other languages where they are shown."""

from __future__ import annotations

from functools import cache, reduce
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Self

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kikimori_core.messages.language import Language

Part = Literal["detail", "remedy"]

LABELS = "labels"
"""Table of `ja.toml` for words that come without a code: names of checks, answers of the operating system."""


GIVEN = frozenset(
    {
        *(
            "user",
            "ami_user",
            "ari_user",
            "agent_id",
            "site",
            "owner",
            "superior",
            "app",
            "context",
            "domain",
        ),
        *("host", "hostname", "audio_host", "media_host", "address", "url", "ari_url", "interface"),
        *("path", "file", "filename", "folder", "table", "key", "close", "known", "value", "old", "new"),
        *("person", "login", "database"),
    }
)
"""Parameters that hold what somebody has written: shown as it is, even where it is a label too (`dashboard`).

Words of this program in their place need a code, as `builtin_defaults`.
"""


class CodedText(str):
    """English text that knows its code and parameters, so that it can be shown in another language.

    It can stand wherever text can: in an error, a message, JSON. Put into another text it is a parameter of that one.
    """

    __slots__ = ("code", "parameters", "part")

    code: str
    part: Part
    parameters: Mapping[str, str | tuple[str, ...]]

    def __new__(cls, code: str, part: Part, parameters: Mapping[str, object]) -> Self:
        """Fill the English text of a code in.

        A parameter that is no text is written as text; a tuple of texts is as many lines. Raises KeyError for an
        unknown code.
        """
        given = {name: _given(value) for name, value in parameters.items()}
        words = _fill("en", code, part, given)
        if words is None:
            raise KeyError(code)
        made = super().__new__(cls, words)
        made.code, made.part, made.parameters = code, part, given
        return made

    def __reduce__(self) -> tuple[type[Self], tuple[str, Part, Mapping[str, str | tuple[str, ...]]]]:
        """Let it be copied and pickled with what it knows."""
        return type(self), (self.code, self.part, self.parameters)


def text(code: str, /, **parameters: object) -> CodedText:
    """Return what a code means."""
    return CodedText(code, "detail", parameters)


def remedy(code: str, /, **parameters: object) -> CodedText:
    """Return the next step of a code; empty where there is none."""
    return CodedText(code, "remedy", parameters)


def both(code: str, /, **parameters: object) -> tuple[CodedText, CodedText]:
    """Return what a code means, and the next step."""
    return text(code, **parameters), remedy(code, **parameters)


def joined(parts: Iterable[str], code: str = "joined") -> str:
    """Return texts in a row, with the commas of the reader's language; empty where there is none.

    `code`: of the text that stands for two of them, `joined` or `clauses`.
    """
    found = list(parts)
    return reduce(lambda first, rest: text(code, first=first, rest=rest), found) if found else ""


def in_language(words: str, language: Language) -> str:
    """Return a text in a language; a text without a code only where it is one of the labels."""
    if language == "en":
        return str(words)
    if not isinstance(words, CodedText):
        return label(words, language)
    return translated(words.code, words.part, words.parameters, language) or str(words)


def translated(
    code: str, part: Part, parameters: Mapping[str, str | tuple[str, ...]], language: Language
) -> str | None:
    """Return a text of a code in a language; None for a code that is unknown here. A missing parameter is an ellipsis."""
    return _fill(language, code, part, parameters)


def label(word: str, language: Language) -> str:
    """Return a word that has no code in a language, as it is where it is not known."""
    return word if language == "en" else _labels(language).get(word, word)


@cache
def catalogue(language: Language) -> dict[str, dict[str, str]]:
    """Return all texts of a language by code, each with `detail` and, where there is a next step, `remedy`."""
    return {code: entry for code, entry in _read(language).items() if code != LABELS}


@cache
def critical_codes() -> frozenset[str]:
    """Return the codes of problems because of which calls are not watched or alerts are lost."""
    return frozenset(_file("severity")["critical"])


def _given(value: object) -> str | tuple[str, ...]:
    """Return a parameter as it is kept; an error as its text, with its code where it has one."""
    if isinstance(value, Exception) and value.args and isinstance(value.args[0], CodedText):
        value = value.args[0]
    return value if isinstance(value, (str, tuple)) else str(value)


class _Parameters(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


def _fill(
    language: Language, code: str, part: Part, parameters: Mapping[str, str | tuple[str, ...]]
) -> str | None:
    entry = _read(language).get(code)
    if entry is None or code == LABELS:
        return None
    filled = {
        name: _shown(name, value, language)
        if isinstance(value, str)
        else "\n".join(_shown(name, each, language) for each in value)
        for name, value in parameters.items()
    }
    return entry.get(part, "").format_map(_Parameters(filled))


def _shown(name: str, value: str, language: Language) -> str:
    if name in GIVEN and not isinstance(value, CodedText):
        return value
    return in_language(value, language)


def _labels(language: Language) -> dict[str, str]:
    return _read(language).get(LABELS, {})


@cache
def _read(language: Language) -> dict[str, dict[str, str]]:
    return _file(language)


def _file(name: str) -> dict[str, Any]:
    import tomllib  # noqa: PLC0415  (`kikimori --help` shall not wait for it)

    return tomllib.loads(Path(__file__).with_name(f"{name}.toml").read_text("utf-8"))
