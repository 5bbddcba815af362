"""Sentences of argparse about a wrong command line, in other languages."""

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING

from kikimori_core.command_line.help_texts import MISTAKES, help_texts

if TYPE_CHECKING:
    from kikimori_core.messages.language import Language

PLACE = re.compile(r"\\\{(\w+)\\\}")


def worded(mistake: str, language: Language) -> str:
    """Return what argparse says in a language; as it is where it is not known."""
    if language == "en":
        return mistake
    for code, pattern in _patterns():
        if found := pattern.fullmatch(mistake):
            # A mistake may stand in another one: `argument --port: invalid int value: 'x'`.
            inside = {
                name: worded(value, language) if name in ("mistake", "type") else value
                for name, value in found.groupdict().items()
            }
            return help_texts(language)[MISTAKES][code].format_map(inside)
    return mistake


@cache
def _patterns() -> list[tuple[str, re.Pattern[str]]]:
    return [
        (code, re.compile(PLACE.sub(r"(?P<\1>.*?)", re.escape(english)), re.DOTALL))
        for code, english in help_texts("en")[MISTAKES].items()
    ]
