"""Run of a journal that a test writes on the agent's side, with a copy of everything that was written."""

from __future__ import annotations

import random
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from tests.support.records_service import AGENT

from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import JournalError, Kind, SegmentHead, encode, read_head
from kikimori_core.journal.writing import SegmentWriter

SEGMENT = 64 << 10


class WrittenRun:
    """Writer of records of random length. `written` = all frames so far, `durable` = number after the last one."""

    def __init__(self, folder: Path, run: str, seed: int = 1) -> None:
        self.name = run
        self.folder = folder / run
        self.written = b""
        self.durable = 0
        self._random = random.Random(seed)  # noqa: S311 - repeatable
        head = SegmentHead(AGENT, run, 0, datetime.now(UTC))
        self._writer = SegmentWriter(self.folder, head, max_bytes=SEGMENT)

    def write(self, count: int, most: int = 3000) -> None:
        for _ in range(count):
            payload = self._random.randbytes(self._random.randrange(most))
            frame = encode(self.durable, Kind.SOUND, payload)
            self._writer.append(frame, self.durable, 1)
            self._writer.sync()
            self.written += frame
            self.durable += 1

    def close(self) -> None:
        self._writer.close()


def frames_in(folder: Path) -> bytes:
    """Return the frames of a run's segments, one after another."""
    found = b""
    for path in segments_of(folder):
        data = path.read_bytes()
        with suppress(JournalError):  # being made
            found += data[read_head(data)[1] :]
    return found
