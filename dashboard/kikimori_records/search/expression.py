"""Expression of terms: each of its groups is held, of a group any one term."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

LATEST = 2**63 - 1


@dataclass(frozen=True, slots=True)
class Expression:
    """Terms that a call holds."""

    text: frozenset[str] = frozenset()
    """All of these; whoever asks looks at the text besides, so an engine may leave some out."""
    tags: frozenset[frozenset[str]] = frozenset()
    """Of each of these sets one, exactly."""
    lacked: frozenset[str] = frozenset()
    """Not all of these; empty = there is no such condition."""

    def __bool__(self) -> bool:
        return bool(self.text or self.tags)

    def with_text(self, terms: Iterable[str]) -> Expression:
        return replace(self, text=frozenset(terms))

    def exactly(self) -> Expression:
        """Return the same of which nothing may be left out."""
        return replace(self, text=frozenset(), tags=self.tags | {frozenset({each}) for each in self.text})

    def written(self, quoted: Callable[[str], str], both: str, either: str, but_not: str) -> str:
        """Return it in the language of an engine, with its quotation marks and words for and, or, and not."""
        groups = [quoted(each) for each in sorted(self.text)]
        groups += [
            "(" + either.join(map(quoted, sorted(group))) + ")" for group in sorted(map(sorted, self.tags))
        ]
        found = both.join(groups)
        if not self.lacked:
            return found
        return f"({found}){but_not}({both.join(map(quoted, sorted(self.lacked)))})"


@dataclass(frozen=True, slots=True)
class NumberRange:
    """Range of the numbers of calls: `first` ≤ number < `before`."""

    first: int = 0
    before: int = LATEST
