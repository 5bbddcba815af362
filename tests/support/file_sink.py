"""Plain receiver of journals on a disk: segments of the same format, nothing of a history."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

from kikimori_core.journal.framing import RECORD_HEADER, FrameReader, JournalError, SegmentHead
from kikimori_core.journal.repairing import repair
from kikimori_core.journal.sink import RefusalCode, SinkRefusal
from kikimori_core.journal.writing import SegmentWriter


class FileSink:
    """A `JournalSink` that keeps each run in `folder/agent/run`; opened anew it goes on where its disk ends."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.full = False
        """True = the disk has no room."""
        self.deliveries = 0
        self.asked: list[str] = []
        """Runs whose position was asked for."""
        self.erasures: dict[str, tuple[int, ...]] = {}
        """Calls that are erased here, by run."""
        self._writers: dict[tuple[str, str], SegmentWriter] = {}
        self._alone = asyncio.Lock()

    async def position(self, agent_id: str, run: str) -> int:
        self.asked.append(run)
        async with self._alone:
            return (await asyncio.to_thread(self._writer, agent_id, run)).next_number

    async def deliver(self, agent_id: str, run: str, first: int, frames: bytes) -> int:
        async with self._alone:
            self.deliveries += 1
            return await asyncio.to_thread(self._deliver, agent_id, run, first, frames)

    async def erased(self, agent_id: str, run: str) -> tuple[int, ...]:  # noqa: ARG002 - as the protocol names it
        return self.erasures.get(run, ())

    def _deliver(self, agent_id: str, run: str, first: int, frames: bytes) -> int:
        reader = FrameReader(first)
        try:
            records = reader.feed(frames)
            reader.finish()
        except JournalError as error:
            raise SinkRefusal(RefusalCode.DAMAGED, detail=error.detail) from error
        writer = self._writer(agent_id, run)
        known = writer.next_number - first
        if known < 0:
            raise SinkRefusal(RefusalCode.GAP, wanted=writer.next_number)
        new = records[known:]
        if not new:
            return writer.next_number
        at = sum(RECORD_HEADER + len(each.payload) for each in records[:known])
        if self.full:
            raise SinkRefusal(RefusalCode.DISK_FULL)
        writer.append(frames[at:], new[0].number, len(new))
        writer.sync()
        return writer.next_number

    def _writer(self, agent_id: str, run: str) -> SegmentWriter:
        if (agent_id, run) not in self._writers:
            folder = self.folder / agent_id / run
            begin = repair(folder).next_number if folder.exists() else 0
            head = SegmentHead(agent_id, run, begin, datetime.now(UTC))
            self._writers[agent_id, run] = SegmentWriter(folder, head, max_bytes=1 << 20)
        return self._writers[agent_id, run]

    def close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers.clear()
