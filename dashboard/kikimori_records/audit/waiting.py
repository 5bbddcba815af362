"""Entries of the audit on the disk, while the database is away: bounded, in order, on the platter before `put` returns."""

from __future__ import annotations

import asyncio
import json
import os
import uuid
from collections import deque
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import structlog

from kikimori_core.wire.private_file import write_private
from kikimori_records.audit.entry import AuditEntry, entry_of, written
from kikimori_records.columns import time_text

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger()

FILE, LEFT_OUT = "audit-waiting.jsonl", "audit-left-out.json"
MOST = 10_000
"""Entries on the disk; of more only the number is kept."""
MOST_IN_MEMORY = 1_000
"""Entries that the disk refused."""
LeftOut = tuple[int, str, str]
"""Number of entries that were not kept, time of the first, and the id under which this is noted."""


class WaitingEntries:
    """Queue of one folder, for one program. Entries that the disk refuses wait in memory, behind those on it."""

    def __init__(self, folder: Path, most: int = MOST) -> None:
        self._file = folder / FILE
        self._left_out_file = folder / LEFT_OUT
        self._most = most
        self._refused: deque[AuditEntry] = deque()
        self._on_disk = 0
        self.left_out: LeftOut | None = None

    async def load(self) -> None:
        """Read what a former run left; raises OSError."""
        await asyncio.to_thread(self._load)

    @property
    def empty(self) -> bool:
        return not self._on_disk and not self._refused and self.left_out is None

    def __len__(self) -> int:
        return self._on_disk + len(self._refused)

    async def put(self, entry: AuditEntry) -> None:
        if self._refused or self._on_disk >= self._most:
            await self._keep_in_memory(entry)
            return
        try:
            await asyncio.to_thread(self._write, entry)
        except OSError as error:
            log.error("audit_entry_not_on_disk", error=type(error).__name__)
            await self._keep_in_memory(entry)
            return
        self._on_disk += 1

    async def first(self, most: int) -> list[AuditEntry]:
        """Return the oldest entries."""
        if self._on_disk:
            return await asyncio.to_thread(self._read, most)
        return list(self._refused)[:most]

    async def drop(self, count: int) -> None:
        """Drop the oldest entries: they are in the database."""
        if self._on_disk:
            await asyncio.to_thread(self._drop, count)
            self._on_disk = max(0, self._on_disk - count)
            return
        for _ in range(min(count, len(self._refused))):
            self._refused.popleft()

    async def forget_left_out(self) -> None:
        self.left_out = None
        await asyncio.to_thread(self._left_out_file.unlink, missing_ok=True)

    async def _keep_in_memory(self, entry: AuditEntry) -> None:
        if self._on_disk < self._most and len(self._refused) < MOST_IN_MEMORY:
            self._refused.append(entry)
            return
        self.left_out = one_more(self.left_out)
        log.error("audit_entry_left_out", count=self.left_out[0])
        try:
            await asyncio.to_thread(write_private, self._left_out_file, json.dumps(self.left_out))
        except OSError as error:
            log.error("audit_left_out_not_on_disk", error=type(error).__name__)

    def _load(self) -> None:
        lines = self._lines()
        self._on_disk = len(lines)
        # A crash tore the last line: it was not promised to anybody.
        if self._file.exists() and self._file.stat().st_size != sum(map(len, lines)):
            self._replace(lines)
        try:
            count, since, entry_id = json.loads(self._left_out_file.read_text(encoding="utf-8"))
            self.left_out = (int(count), str(since), str(entry_id))
        except (FileNotFoundError, ValueError, TypeError):
            self.left_out = None

    def _lines(self) -> list[bytes]:
        """Return the whole lines that hold an entry."""
        try:
            found = self._file.read_bytes().splitlines(keepends=True)
        except FileNotFoundError:
            return []
        return [each for each in found if _parsed(each) is not None]

    def _read(self, most: int) -> list[AuditEntry]:
        return [entry for each in self._lines()[:most] if (entry := _parsed(each)) is not None]

    def _write(self, entry: AuditEntry) -> None:
        handle = os.open(self._file, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(handle, "wb") as file:
            before = file.tell()
            try:
                file.write(json.dumps(written(entry)).encode() + b"\n")
                file.flush()
                os.fsync(file.fileno())
            except OSError:
                # Half a line would swallow the next one.
                os.ftruncate(handle, before)
                raise

    def _drop(self, count: int) -> None:
        self._replace(self._lines()[count:])

    def _replace(self, lines: list[bytes]) -> None:
        write_private(self._file, b"".join(lines).decode())


def one_more(before: LeftOut | None) -> LeftOut:
    """Count another entry that is not kept, after those `before`."""
    count, since, entry_id = before or (0, time_text(datetime.now(UTC)), uuid.uuid4().hex)
    return count + 1, since, entry_id


def _parsed(line: bytes) -> AuditEntry | None:
    if not line.endswith(b"\n"):
        return None
    try:
        found: Any = json.loads(line)
        return entry_of(found)
    except (ValueError, TypeError, KeyError):
        return None
