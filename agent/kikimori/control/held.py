"""Customers put on hold or handed over by us, on disk, for a later run after a crash."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

import structlog

from kikimori.private_files import make_private
from kikimori_core.messages import text
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.private_file import write_private

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

log = structlog.get_logger()

MOST = 10_000
"""Most entries; the file is replaced whole."""
MOST_BYTES = 16 * 1024 * 1024
ASIDE = ".unreadable"
"""End of the name of a file that could not be read and was moved out of the way."""

Entry = dict[str, str]


class HeldBook:
    """Entries by the customer's channel, each a few words. The file is replaced whole, never half written."""

    def __init__(self, path: Path, fault_code: str = "held_book_not_written") -> None:
        """`fault_code`: problem reported while the file cannot be written."""
        self._path = path
        self._fault_code = fault_code
        self._entries: dict[str, Entry] = {}
        self._writing = asyncio.Lock()
        self._fault: str = ""

    async def load(self) -> dict[str, Entry]:
        """Return the entries that the last run left.

        A file that cannot be read is logged, kept under another name, and counts as empty.
        """
        self._entries = await asyncio.to_thread(self._read) | self._entries
        return dict(self._entries)

    def channels(self) -> list[str]:
        """Return the channels that have an entry."""
        return list(self._entries)

    def has(self, channel: str) -> bool:
        return channel in self._entries

    async def put(self, channel: str, entry: Mapping[str, str]) -> None:
        """Keep an entry; returns when it is on disk. A full disk is reported and does not hinder the hold."""
        if channel in self._entries or len(self._entries) < MOST:
            self._entries[channel] = dict(entry)
        await self.save()

    def forget(self, channel: str) -> None:
        """Remove an entry at once; the caller saves."""
        self._entries.pop(channel, None)

    async def drop(self, channel: str) -> None:
        if channel in self._entries:
            self.forget(channel)
            await self.save()

    async def save(self) -> None:
        async with self._writing:
            content = json.dumps({"v": 1, "held": self._entries})
            try:
                await asyncio.to_thread(self._write, content)
            except OSError as error:
                self._fault = text("file_reason", file=self._path, reason=error.strerror or error)
                log.error(self._fault_code, error=type(error).__name__)
            else:
                self._fault = ""

    def problems(self) -> tuple[Problem, ...]:
        """Return why the file cannot be written; empty while it can."""
        if not self._fault:
            return ()
        return (Problem.of(self._fault_code, fault=self._fault),)

    def _read(self) -> dict[str, Entry]:
        try:
            with self._path.open(encoding="utf-8") as file:
                held = json.loads(file.read(MOST_BYTES))["held"]
            return {
                str(channel)[:256]: {str(name): str(value)[:256] for name, value in entry.items()}
                for channel, entry in list(held.items())[:MOST]
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
            log.warning("held_book_unreadable", error=type(error).__name__, kept=self._set_aside())
            return {}

    def _set_aside(self) -> bool:
        """Rename an unreadable file, which the next write would replace; True when it is kept."""
        try:
            if self._path.is_file():
                self._path.replace(self._path.with_name(self._path.name + ASIDE))
                return True
        except OSError:
            pass
        return False

    def _write(self, text: str) -> None:
        if not self._path.parent.is_dir():
            make_private(self._path.parent)
        write_private(self._path, text)
