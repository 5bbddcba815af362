"""English in texts for a Japanese reader: lines that hold words of it, and no Japanese."""

from __future__ import annotations

import re

JAPANESE = re.compile("[、。「」ぁ-んァ-ン一-龥]")
WORD = re.compile(r"[A-Za-z]{3,}")

NAMES = (
    *("Kikimori", "Asterisk", "FreeSWITCH", "AudioSocket", "SIPREC", "Mosquitto", "PostgreSQL", "SQLite"),
    *("Vosk", "Whisper", "Chromium", "MQTT", "JSON", "SHA-256", "Ctrl-C", "dBFS", "loopback"),
)
"""Products and standards: the same in every language."""

SAME = re.compile(
    "|".join(
        (
            r"`[^`]*`",  # a command to type
            r"(?m:(?<=:)|^) *(?:sudo |\S*/)?(?:kikimori|sudo|pip|\S*python\S*) [^\u3000-\u9fff]*",  # likewise
            r'"[^"\n]*"',  # a value of JSON or TOML
            r"(?<!\w)--?[a-z][\w-]*",  # an option
            r"\{[\w,.-]+\}",  # its choices
            r"\[[\w.]+\]",  # a table of the configuration
            r"\b[A-Z][A-Z0-9_-]*\b(?:\.\w+)?",  # what an option takes
            r"https?://\S+",
            r"\S*[/\\]\S*",  # a path
            r"\b[\w-]+\.(?:toml|json|jsonl|html|csv|wav|db|pem|log)\b",  # a file
            r"\b(?:" + "|".join(NAMES) + r")\b",
        )
    )
)
"""Parts of a line that are the same in every language."""


def english_lines(text: str, *, names: frozenset[str] = frozenset()) -> list[str]:
    """Return the lines that have English words and no Japanese; `names`: words that are names here."""
    return [
        line
        for line in text.splitlines()
        if not JAPANESE.search(line) and WORD.search(_without(SAME.sub(" ", line), names))
    ]


def _without(line: str, names: frozenset[str]) -> str:
    for each in sorted(names, key=len, reverse=True):
        line = re.sub(rf"(?<![\w-]){re.escape(each)}(?![\w-])", " ", line)
    return line
