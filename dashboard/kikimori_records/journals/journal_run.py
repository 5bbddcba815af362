"""Received journal of one run of an agent: its segments on this service's disk, their index and the state of its calls."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.erasing import rewrite_without, without_call
from kikimori_core.journal.folder import SUFFIX, segment_path, segments_of, sync_folder
from kikimori_core.journal.framing import RECORD_HEADER, DamageCode, FrameReader, SegmentHead, encode
from kikimori_core.journal.reading import head_of, locate
from kikimori_core.journal.sink import RefusalCode, SinkRefusal
from kikimori_core.journal.writing import SegmentWriter
from kikimori_records.journals.apart import keep_apart
from kikimori_records.journals.compacting import compact, kept_share
from kikimori_records.journals.fault_list import FaultList
from kikimori_records.journals.faults import FaultCode, JournalFault
from kikimori_records.journals.indexing import note_places
from kikimori_records.journals.run_calls import Examined, RunCalls
from kikimori_records.journals.run_state import RunState, read_state, write_state
from kikimori_records.journals.segment_index import SegmentIndex
from kikimori_records.journals.segment_limits import SegmentLimits

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from kikimori_core.journal.framing import Record

log = structlog.get_logger()

COMPACTED_BELOW = 0.5
"""Share of a segment's bytes that calls still need, below which it is compacted."""


@dataclass(frozen=True, slots=True)
class CallPlaces:
    """Places of one call's sound, windows and events in one segment, in their order."""

    path: Path
    sound: NDArray[np.void]
    windows: NDArray[np.void]
    events: NDArray[np.void]


class JournalRun:
    """Journal of one run. Everything here blocks; one thread at a time uses it."""

    def __init__(
        self, folder: Path, apart: Path, agent_id: str, run: str, limits: SegmentLimits | None = None
    ) -> None:
        self.agent_id = agent_id
        self.run = run
        self.position = 0
        """Number of the next record wanted."""
        self.calls = RunCalls(agent_id, run)
        self.faults = FaultList()
        self.generation = 0
        """Another number after places of records have moved."""
        self.first_at: datetime | None = None
        self.last_at: datetime | None = None
        """Times of the first and the last delivery of this process."""
        self._folder = folder
        self._apart = apart
        self._limits = limits or SegmentLimits()
        self._segments: list[SegmentIndex] = []
        self._writer: SegmentWriter | None = None
        self._erased: set[int] = set()
        """Calls that were erased after they were given up; more may come of them."""
        self._saved = RunState()
        """State as the disk has it."""

    def load(self) -> None:
        """Read everything anew from the disk; cuts what the last delivery left half written. Raises OSError, ValueError."""
        self.close()
        for unfinished in self._folder.glob(f"*{SUFFIX}.new"):
            # Of an erasure or a compaction that a kill cut off: it is done again, and these calls may go before.
            unfinished.unlink()
        state = read_state(self._folder)
        self.position = state.position
        self.calls = RunCalls(self.agent_id, self.run)
        self.calls.finished, self.calls.lost = dict(state.finished), set(state.lost)
        self._erased, self._saved = set(state.erased), state
        self.generation += 1
        self._segments = []
        paths = segments_of(self._folder)
        for path in paths:
            self._load_segment(path, is_last=path == paths[-1])

    def append(self, first: int, frames: bytes) -> None:
        """Keep whole frames, durable when it returns; what is here already is skipped.

        Raises:
            JournalError: the frames are no whole records.
            SinkRefusal: records are missing before them.
            OSError: the disk; nothing of them is kept.
        """
        reader = FrameReader(first)
        records = reader.feed(frames)
        reader.finish()
        if first > self.position:
            raise SinkRefusal(RefusalCode.GAP, wanted=self.position, detail=f"begins at {first}")
        known = records[: self.position - first]
        new = records[len(known) :]
        if not new:
            return
        if self._erased:
            new = [self._without_erased(each) for each in new]
            rest = b"".join(encode(each.number, each.kind, each.payload) for each in new)
        else:
            rest = frames[sum(RECORD_HEADER + len(each.payload) for each in known) :]
        offset = self._write(rest, len(new))
        index = self._segments[-1]
        for record in new:
            self._note(index, record, offset)
            offset += RECORD_HEADER + len(record.payload)
        self.position += len(new)
        self.last_at = datetime.now(UTC)
        self.first_at = self.first_at or self.last_at

    def places(self, call: int) -> list[CallPlaces]:
        """Return where a call's content stands, in the order of its records."""
        return [
            CallPlaces(each.path, each.sound.of(call), each.windows.of(call), each.events.of(call))
            for each in self._segments
            if call in each.calls
        ]

    def finish(self, call: int) -> None:
        """Note that a call is in the history; its records are not needed any more."""
        if (found := self.calls.calls.pop(call, None)) is not None:
            self.calls.finished[call] = found.last
            if found.lost:
                self.calls.lost.add(call)

    @property
    def has_open_calls(self) -> bool:
        """Return whether there is a call that has not ended. May be called from any thread."""
        return any(not each.ended for each in list(self.calls.calls.values()))

    def give_up(self) -> None:
        """Take the calls that have not ended for ended: nothing came from the agent for long.

        What comes of them afterwards is kept apart. After a restart before they are in the history they go on.
        """
        for each in self.calls.calls.values():
            if not each.ended:
                each.ended = each.lost = True

    def erase(self, call: int, until: int | None = None) -> int:
        """Erase a call's sound and words from every segment; return the number of changed records. Raises OSError.

        `until`: only from records before that one, which is an event of the call.
        """
        if self._writer is not None:
            self._writer.rotate()
        sizes = [each.path.stat().st_size for each in self._segments]
        changed = rewrite_without(self._folder, call, until=until)
        for each in self._segments:
            each.erase_sound(call, until)
        if until is None and call in self.calls.lost and call not in self._erased:
            self._erased.add(call)
            self._save(self._saved.finished)
        if sizes != [each.path.stat().st_size for each in self._segments]:
            self.load()  # the places of what follows have moved
        return changed

    def erase_stopped(self) -> None:
        """Erase the calls that a person asked not to record, and what came before an exclusion was known. Raises OSError."""
        for call, each in list(self.calls.calls.items()):
            if each.stopped and not each.erased:
                self.erase(call)
                if (found := self.calls.calls.get(call)) is not None:
                    found.erased = True
            elif each.erase_until > each.erased_until:
                self.erase(call, each.erase_until)
                if (found := self.calls.calls.get(call)) is not None:
                    found.erased_until = each.erase_until

    def retire(self) -> int:
        """Remove the segments all of whose calls are in the history; return how many. Raises OSError.

        Which calls are in the history is on the disk then: a row that is removed later must not come back.
        """
        done = [each for each in self._segments if each.calls <= self.calls.finished.keys()]
        if done and done[-1] is self._segments[-1] and self._writer is not None:
            self._writer.rotate()
        kept = [each for each in self._segments if each not in done]
        for each in done:
            keep_apart(each, self._apart)
        # Of all segments: a kill may leave some of those that go.
        needed = set[int]().union(*(each.calls for each in self._segments))
        ends = {call: end for call, end in self.calls.finished.items() if call in needed}
        if done or ends != self._saved.finished or self.calls.lost != set(self._saved.lost):
            self._save(ends)
        for each in done:
            each.path.unlink(missing_ok=True)
        if done:
            sync_folder(self._folder)
        self._segments = kept
        return len(done)

    def compact(self, now: datetime) -> bool:
        """Take out of one segment what is in the history, where that is most of it and a long call holds the rest.

        Return whether there was one. Raises OSError.
        """
        for at, index in enumerate(self._segments[:-1]):
            calls = index.calls - self.calls.finished.keys()
            if calls == index.calls or kept_share(index, calls) >= COMPACTED_BELOW:
                continue
            if now - head_of(index.path).made_at >= self._limits.compacted_after:
                log.debug("segment_compacting", run=self.run, first=index.path.stem)
                keep_apart(index, self._apart)
                self._segments[at] = compact(index, calls)
                self.generation += 1
                log.debug("segment_compacted", run=self.run, first=index.path.stem)
                return True
        return False

    def _save(self, finished: dict[int, int]) -> None:
        state = RunState(self.position, finished, frozenset(self.calls.lost), frozenset(self._erased))
        write_state(self._folder, state)
        self._saved = state

    def _without_erased(self, record: Record) -> Record:
        """Return a record without the content of calls that were erased here before it came."""
        for call in self._erased:
            record = without_call(record, call) or record
        return record

    @property
    def kept_at(self) -> float:
        """Return the time (seconds since 1970) at which the last segment was written; now where there is none."""
        return self._segments[-1].path.stat().st_mtime if self._segments else time.time()

    def close(self) -> None:
        """End the open segment. Raises OSError."""
        if self._writer is not None:
            writer, self._writer = self._writer, None
            writer.close()

    def _write(self, frames: bytes, count: int) -> int:
        """Append the frames, return their place in the last segment. Raises OSError."""
        if self._writer is None:
            head = SegmentHead(self.agent_id, self.run, self.position, datetime.now(UTC))
            self._writer = SegmentWriter(self._folder, head, max_bytes=self._limits.max_bytes)
        writer, before = self._writer, self._writer.size
        try:
            writer.append(frames, self.position, count)
            writer.sync()
        except OSError:
            self._forget(before)
            raise
        if not before or writer.size != before + len(frames):
            self._segments.append(SegmentIndex(segment_path(self._folder, self.position)))
        return writer.size - len(frames)

    def _forget(self, size: int) -> None:
        """Take back an append that failed: cut the open segment, go on in a new one. `size`: of the segment before it."""
        writer, self._writer = self._writer, None
        path = segment_path(self._folder, self.position)
        try:
            if writer is not None:
                writer.close()
        finally:
            if path.exists() and not any(each.path == path for each in self._segments):
                path.unlink()
            elif size and self._segments:
                os.truncate(self._segments[-1].path, size)

    def _load_segment(self, path: Path, *, is_last: bool) -> None:
        index = SegmentIndex(path)
        damage: list[Damage] = []
        end = 0
        for each in locate(path):
            if isinstance(each, Damage):
                damage.append(each)
                continue
            self._note_damage(damage)
            damage = []
            self._note(index, each.record, each.offset)
            self.position = max(self.position, each.record.number + 1)
            end = each.end
        if not is_last:
            self._note_damage(damage)
        elif end and damage:
            os.truncate(path, end)
        if end or (damage and not is_last):
            self._segments.append(index)
        else:
            path.unlink()

    def _note(self, index: SegmentIndex, record: Record, offset: int) -> None:
        found = self._examined(record)
        note_places(index, record, offset, found)
        self.faults.add(found.faults)

    def _examined(self, record: Record) -> Examined:
        try:
            return self.calls.examine(record)
        except Exception as error:  # noqa: BLE001 - it is on the disk: the next ones must find their places
            details = {"kind": record.kind, "reason": type(error).__name__}
            return Examined(faults=[JournalFault(record.number, FaultCode.BAD_PAYLOAD, details=details)])

    def _note_damage(self, damage: Iterable[Damage]) -> None:
        for each in damage:
            if each.code is DamageCode.NUMBER and not each.length:
                continue  # left out by `compact`
            details = {"reason": str(each.code), "bytes": each.length, "records": each.lost}
            self.faults.add([JournalFault(each.number, FaultCode.DAMAGED, details=details)])
