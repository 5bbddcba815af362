"""Calls marked as a request for reasonable accommodation, on disk, for calls that outlast this run of the agent."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kikimori.control.held import HeldBook
from kikimori_core.model.call import EndReason

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.wire.messages import Problem

LONGEST = timedelta(days=1)
"""Age of a mark after which no call can be the one it was set for."""


class AccommodationBook:
    """Marked calls by id, each with the person who pressed and the time. Nothing is kept of a call that has ended."""

    def __init__(self, path: Path) -> None:
        self._book = HeldBook(path, "accommodation_book_not_written")
        self._ended = asyncio.Event()

    async def load(self) -> None:
        """Read the marks of the last run, without those that are too old."""
        for call_id, entry in (await self._book.load()).items():
            if not _is_recent(entry.get("at", "")):
                self._book.forget(call_id)

    def has(self, call_id: str) -> bool:
        return self._book.has(call_id)

    async def mark(self, call_id: str, person: str) -> None:
        """Keep a mark; returns when it is on disk. A full disk is reported and does not hinder the press."""
        await self._book.put(call_id, {"by": person, "at": datetime.now(UTC).isoformat()})

    async def drop(self, call_id: str) -> None:
        """Forget a mark that was taken back."""
        await self._book.drop(call_id)

    def ended(self, call_id: str, reason: EndReason) -> None:
        """Forget the mark of a call that is over, `run` writes it; one that the next run hears on keeps it."""
        if reason is not EndReason.SHUTDOWN and self._book.has(call_id):
            self._book.forget(call_id)
            self._ended.set()

    async def run(self) -> None:
        while True:
            await self._ended.wait()
            await self.aclose()

    async def aclose(self) -> None:
        """Write what was forgotten."""
        if self._ended.is_set():
            self._ended.clear()
            await self._book.save()

    def problems(self) -> tuple[Problem, ...]:
        """Return why the file cannot be written; empty while it can."""
        return self._book.problems()


def _is_recent(at: str) -> bool:
    try:
        return datetime.now(UTC) - datetime.fromisoformat(at) < LONGEST
    except (TypeError, ValueError):
        return False
