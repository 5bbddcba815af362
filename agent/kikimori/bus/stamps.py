"""Sequence numbers for everything that one run of the agent publishes of calls and alerts."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator


class Stamps:
    """Counter from 1; `settled` is the number up to which every message is in force."""

    def __init__(self, run: str) -> None:
        self.run = run
        self._last = 0
        self._pending: int | None = None

    def next(self) -> int:
        """Return the number of something that is in force at once."""
        self._last += 1
        return self._last

    @contextmanager
    def coming(self) -> Iterator[int]:
        """Give the number of something that is in force when the `with` ends. One at a time."""
        self._pending = self.next()
        try:
            yield self._pending
        finally:
            self._pending = None

    @property
    def settled(self) -> int:
        return self._last if self._pending is None else self._pending - 1
