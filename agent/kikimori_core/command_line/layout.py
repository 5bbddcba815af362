"""Layout of `--help`: lines as wide as the terminal, also where a character is two columns wide."""

from __future__ import annotations

import argparse
import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

PIECES = re.compile(r"\s+|[^\s\u3000-\u30ff\u4e00-\u9fff\uff00-\uffef]+|.")
"""A gap, a word of narrow characters, or one wide character: a line may end behind each."""

NOT_FIRST = "、。，．）」』】：；！？ー々ぁぃぅぇぉっゃゅょァィゥェォッャュョ・"
NOT_LAST = "（「『【"


class HelpLayout(argparse.HelpFormatter):
    """Formatter that keeps the lines of a text that has several, and fills the others."""

    usage_prefix: Callable[[], str] | None = None
    """Asked when a usage is shown: argparse formats others to find the names of commands."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: Iterable[argparse._MutuallyExclusiveGroup],
        prefix: str | None = None,
    ) -> None:
        if prefix is None and self.usage_prefix is not None:
            prefix = self.usage_prefix()
        super().add_usage(usage, actions, groups, prefix)

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines = text.strip("\n").splitlines() if "\n" in text else wrapped(text, width - len(indent))
        return "\n".join(f"{indent}{each}" for each in lines)

    def _split_lines(self, text: str, width: int) -> list[str]:
        return list(wrapped(text, width))


def wrapped(text: str, width: int) -> Iterator[str]:
    """Give the lines of a text that is filled to a width in columns."""
    line, taken = "", 0
    for piece in _unbreakable(" ".join(text.split())):
        if line and taken + columns(piece.rstrip()) > width:
            yield line.rstrip()
            line, taken = "", 0
        line, taken = line + piece, taken + columns(piece)
    if line:
        yield line.rstrip()


def columns(text: str) -> int:
    """Return the width of a text in the terminal."""
    from unicodedata import east_asian_width  # noqa: PLC0415  (only `--help` needs it)

    return sum(2 if east_asian_width(each) in "WF" else 1 for each in text)


def _unbreakable(text: str) -> Iterator[str]:
    """Give the pieces between which a line may end: what must not begin or end one stays with its neighbour."""
    piece = ""
    for each in PIECES.findall(text):
        joined = not piece or each[0] in NOT_FIRST or piece[-1] in NOT_LAST or each.isspace()
        if joined:
            piece += each
            continue
        yield piece
        piece = each
    if piece:
        yield piece
