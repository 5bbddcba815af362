"""Telephones that a command may ring: internal ones, and numbers outside that the agent's file names.

Internal are the numbers of the agent's file and, one by one, those of the signed directory: of superiors, and of
supervisors' own telephones. The directory allows no number that may be an outside one.

A feature code or an address dials what nobody meant; so `*`, `#` and `@` are refused in any target of any action.
"""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from kikimori_core.wire.actions import TRANSFERS

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable

    from kikimori_core.wire.messages import Action

PLAIN = re.compile(r"\+?[0-9A-Za-z._-]{1,64}")
"""Texts that may be dialled."""
LONGEST_OPEN = 8
"""Most digits of a number that a pattern with `*` covers: such a pattern must not allow outside numbers."""
OUTWARD = ("0", "+")
"""Beginnings of numbers that a pattern with `*` does not cover."""


class TargetPolicy:
    """Policy for telephones that may be rung."""

    def __init__(
        self,
        internal: Iterable[str],
        outside: Iterable[str] = (),
        listed: Callable[[], Collection[str]] = frozenset,
    ) -> None:
        """`internal` are patterns of a shell, `outside` whole numbers; `listed` returns those of the directory."""
        self._internal = tuple(internal)
        self._listed = listed
        self._outside = frozenset(outside)

    def refusal(self, action: Action, target: str, reason: str | None = None) -> str | None:
        """Return why a target is refused; None when it may be rung. `reason`: the person's own."""
        if not PLAIN.fullmatch(target):
            return "forbidden_target"
        if self.is_internal(target):
            return None
        if target in self._outside and action in TRANSFERS:
            return None if reason else "no_reason"
        return "not_internal"

    def is_internal(self, number: str) -> bool:
        """Return whether a number is internal."""
        if PLAIN.fullmatch(number) is None:
            return False
        if number in self._listed() and is_short(number):
            return True
        return any(number == pattern or _covers(pattern, number) for pattern in self._internal)


def _covers(pattern: str, number: str) -> bool:
    if number.startswith("+"):
        return False
    if "*" in pattern and not is_short(number):
        return False
    return fnmatchcase(number, pattern)


def is_short(number: str) -> bool:
    """Return whether a number has the form of an internal one."""
    return len(number) <= LONGEST_OPEN and not number.startswith(OUTWARD)
