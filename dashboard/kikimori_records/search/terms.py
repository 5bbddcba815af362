"""Terms of the index: letters and overlapping pairs of a call's words, threes of their readings, attributes.

Which calls hold all terms is the index's answer; whether the words stand there is seen in the text of these calls.
A letter of Unicode's private area begins the terms that are no text.
"""

from __future__ import annotations

import re
from enum import StrEnum
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

VERSION = 2
"""Of the terms, and of the normal form of what is in them: an index that has another one is made anew."""
_MARKS = re.compile("[\ue000-\uf8ff]")
LINE = "\n"
"""Between the lines of a call."""
READING = "\ue800"
SIZE = 8


class Tag(StrEnum):
    """Attribute of a call; the value is the letter with which its terms begin."""

    PERSON = "\ue801"
    """Person who sat there, by id."""
    EXTENSION = "\ue802"
    OPERATOR_NAME = "\ue803"
    CALLER_NUMBER = "\ue804"
    CALLER_END = "\ue805"
    """Last four digits of the caller's number."""
    CALLER_NAME = "\ue806"
    KIND = "\ue807"
    TEAM = "\ue808"
    LENGTH = "\ue809"


def tag(kind: Tag, value: str) -> str:
    """Return the term of an attribute: bare letters and digits, whatever its value is."""
    return kind + blake2b(value.encode("utf-8", "replace"), digest_size=SIZE).hexdigest()


def terms_of_word(word: str) -> list[str]:
    """Return the terms that a call holds that says a word, which is in normal form."""
    return [word] if len(word) == 1 else _pieces(word, 2)


def terms_of_reading(reading: str) -> list[str]:
    """Return the terms that a call holds in which a reading of three kana or more is said."""
    return [READING + each for each in _pieces(reading, 3)]


def terms_of_call(text: str, readings: str | None, tags: Iterable[str]) -> list[str]:
    """Return all terms of a call, in one order.

    Args:
        text: Its lines in normal form, `LINE` between them.
        readings: Its lines as `readings` writes them; None = they are not known.
        tags: Its attributes.
    """
    found = set(tags)
    for line in text.split(LINE):
        found.update(line)
        found.update(_pieces(line, 2))
    for line in (readings or "").split(LINE):
        found.update(terms_of_reading(bare(line)))
    return sorted(found)


def bare(readings: str) -> str:
    """Return readings without the marks of their words."""
    return _MARKS.sub("", readings)


def _pieces(text: str, size: int) -> list[str]:
    return [text[at : at + size] for at in range(len(text) - size + 1)]
