"""Steps of the documents as a reader takes them: their commands, and their lines for configuration files."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
BLOCK = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.MULTILINE | re.DOTALL)
WORDS_A_MINUTE = 200
SECONDS_A_COMMAND = 30


@dataclass(frozen=True, slots=True)
class CodeBlock:
    """Block of code in a document."""

    language: str
    text: str

    def commands(self) -> list[str]:
        """Return the commands of the block, without remarks."""
        lines = [re.sub(r"\s+#.*", "", line) for line in self.text.splitlines() if not line.startswith("#")]
        return [line for line in lines if line.strip()]


def section(path: str, heading: str) -> str:
    """Return the text below a heading, up to the next one of its level or above."""
    text = (ROOT / path).read_text(encoding="utf-8")
    begin = re.search(rf"^(#+) {re.escape(heading)}$", text, re.MULTILINE)
    assert begin is not None, f"{path} has no heading {heading!r}"
    rest = text[begin.end() :]
    end = re.search(rf"^#{{1,{len(begin[1])}}} ", rest, re.MULTILINE)
    return rest if end is None else rest[: end.start()]


def blocks(path: str, heading: str) -> list[CodeBlock]:
    """Return the blocks of code below a heading."""
    return [
        CodeBlock(found[2], re.sub(rf"^{found[1]}", "", found[3], flags=re.MULTILINE))
        for found in BLOCK.finditer(section(path, heading))
    ]


def write_lines(sample: str, lines: str) -> str:
    """Write lines of a document into a configuration file as its reader does: in place of those of the same key."""
    text, table = sample, ""
    for line in lines.splitlines():
        if found := re.match(r"\[(\w+)\]$", line.strip()):
            table = found[1]
        elif found := re.match(r"(\w+) = ", line):
            text = _write_line(text, table, found[1], line)
    return text


def _write_line(text: str, table: str, key: str, line: str) -> str:
    begin = 0 if not table else text.index(f"\n[{table}]\n") + len(table) + 3
    end = re.compile(r"^\[", re.MULTILINE).search(text, begin)
    part = text[begin : end.start() if end else len(text)]
    changed, count = re.subn(
        rf"^(# ?)?{key} = .*$", line.replace("\\", r"\\"), part, count=1, flags=re.MULTILINE
    )
    assert count == 1, f"[{table}] has no line for {key}"
    return text[:begin] + changed + text[begin + len(part) :]


def words(text: str) -> int:
    """Return the number of words to read, without blocks of code."""
    return len(re.findall(r"\S*\w\S*", BLOCK.sub("", text)))


def minutes(texts: Iterable[str], typed: int) -> float:
    """Return how long somebody reads these texts and types so many commands, in minutes."""
    return sum(map(words, texts)) / WORDS_A_MINUTE + typed * SECONDS_A_COMMAND / 60
