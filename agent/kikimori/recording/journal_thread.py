"""The thread that writes the journal of a run: takes what waits, codes it, appends it, syncs once a second.

Sound is written while there is room. When the disk is full or fails, events are written alone, at last with a reserve that
was kept for them; when even that fails they wait in memory. Both are tried again every five seconds.
"""

from __future__ import annotations

import errno
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import place_of
from kikimori.recording.accounts import CallAccounts
from kikimori.recording.batch import BatchCoder, windows
from kikimori.recording.disk_room import DISK_FULL, DiskRoom, reason_of
from kikimori.recording.entries import (
    EndEntry,
    EraseEntry,
    EventEntry,
    LostSound,
    SoundRound,
    WindowRound,
)
from kikimori.recording.journal_record import JournalRecord, frames_of
from kikimori_core.journal.events import CallEnded, JournalEvent
from kikimori_core.journal.framing import Kind
from kikimori_core.journal.writing import SegmentWriter

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.recording.entries import Entry
    from kikimori.recording.erasing import CallEraser
    from kikimori.recording.record_queue import RecordQueue
    from kikimori_core.journal.framing import SegmentHead

log = structlog.get_logger()

PASS_BYTES = 8 << 20
"""Sound that is written at once."""
MOST_HELD = 10_000
"""Events taken from the queue that wait for the disk; the queue keeps the others."""


@dataclass(frozen=True, slots=True)
class WritingPace:
    """Times of the thread in s."""

    pass_s: float = 0.2
    """Between two writes: what a killed process loses, with the block that is being heard."""
    sync_s: float = 0.8
    """Between two syncs; with the pass, what a loss of power loses."""
    retry_s: float = 5.0
    """Until a disk that was full or failed is tried again."""
    segment_s: float = 600.0
    """After which a segment is followed by another one: with it goes what is delivered, also where calls are few."""


class JournalThread:
    """Writer of one run's journal. What is public is written by the thread and read by the loop."""

    def __init__(
        self,
        root: Path,
        head: SegmentHead,
        queue: RecordQueue,
        eraser: CallEraser,
        *,
        most_bytes: int,
        pace: WritingPace | None = None,
    ) -> None:
        """`root`: folder of all journals of the agent; `most_bytes`: most disk of them."""
        self.folder = root / head.run
        self.accounts = CallAccounts()
        self.sound_off: str | None = None
        """Reason for which no sound is written; None = it is."""
        self.fault = ""
        """Reason for which even events are not written now."""
        self.next_number = head.first
        """Number after the last record that is on the disk for certain."""
        self.lost_samples = 0
        """Samples that the disk did not take."""
        self.failures = 0
        """Events that could not be coded, passes that failed: faults of the program."""
        self.bytes_written = 0
        self.room: DiskRoom | None = None
        self._root = root
        self._queue = queue
        self._eraser = eraser
        self._most_bytes = most_bytes
        self._pace = pace or WritingPace()
        self._writer = SegmentWriter(self.folder, head)
        self._coder = BatchCoder()
        self._held: list[JournalRecord] = []
        self._to_erase: list[int] = []
        self._lost = LostSound()
        self._retry_at = 0.0
        self._synced_at = 0.0
        self._segment_at = 0.0
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """Write what waits, and end. Blocks: call it off the loop."""
        self._stopping.set()
        self._queue.wake()
        self._thread.join(timeout_s)
        if self._thread.is_alive():
            log.error("journal_not_finished", waiting=self._queue.events_waiting)

    # --- the thread

    def _run(self) -> None:
        while True:
            self._queue.wait(None if self._is_idle else self._pace.pass_s)
            last = self._stopping.is_set()
            try:
                self._pass(time.monotonic())
            except Exception as error:  # noqa: BLE001 - the next pass must come
                self.failures += 1
                log.error("journal_failed", error=type(error).__name__, at=place_of(error))
            if last and (self._queue.empty or self.fault):
                break
            self._stopping.wait(self._pace.pass_s)
        self._close()

    @property
    def _is_idle(self) -> bool:
        return self.sound_off is None and not (self.fault or self._to_erase or self._unsynced)

    @property
    def _unsynced(self) -> bool:
        return self.next_number != self._writer.next_number

    def _pass(self, now: float) -> None:
        if now >= self._retry_at or self._stopping.is_set():
            self._try_again(now)
        if len(self._held) < MOST_HELD:
            self._write(self._queue.take(PASS_BYTES))
        if self._to_erase and not self.fault:
            self._erase()
        if self._unsynced and (now - self._synced_at >= self._pace.sync_s or self._stopping.is_set()):
            self._sync(now)

    def _write(self, entries: list[Entry]) -> None:
        """Write what was taken: what opens a call or a leg, sound, all else."""
        self._write_events([each.make for each in entries if isinstance(each, EventEntry) and each.opens])
        if sound := [each for each in entries if isinstance(each, SoundRound)]:
            self._write_sound(sound, [each for each in entries if isinstance(each, WindowRound)])
        events: list[Callable[[], JournalEvent]] = []
        for entry in entries:
            match entry:
                case EventEntry(make, False):
                    events.append(make)
                case EndEntry():
                    events.append(partial(self._ended, entry))
                case EraseEntry(call):
                    self._to_erase.append(call)
        self._write_events(events)

    # --- events

    def _write_events(self, events: list[Callable[[], JournalEvent]]) -> None:
        records = [record for make in events for record in self._made(make)]
        if self.fault:
            self._held += records
        elif records and (error := self._append_somehow(records)) is not None:
            self._held += records
            self._fail(error)

    def _made(self, make: Callable[[], JournalEvent]) -> list[JournalRecord]:
        """Return the record of an event; none when the program fails in it."""
        try:
            event = make()
            return [JournalRecord(event.kind, (event.to_payload(),))]
        except Exception as error:  # noqa: BLE001 - the events beside it must be written
            self.failures += 1
            log.error("event_not_coded", error=type(error).__name__, at=place_of(error))
            return []

    def _append_somehow(self, records: list[JournalRecord]) -> OSError | None:
        """Append events, at last on the reserve; return the error that is left."""
        error = self._tried(records)
        if error is not None and self.room is not None and reason_of(error) == DISK_FULL:
            self.room.release_reserve()
            error = self._tried(records)
        return error

    def _tried(self, records: list[JournalRecord]) -> OSError | None:
        """Append; a file that may not grow is followed by another one. Return the error that is left."""
        left: OSError | None = None
        for _ in range(2):
            try:
                self._append(records)
            except OSError as error:
                left = error
                if error.errno != errno.EFBIG:
                    break
                with suppress(OSError):
                    self._writer.rotate()
            else:
                return None
        return left

    def _fail(self, error: OSError) -> None:
        if not self.fault:
            log.error("journal_not_written", error=type(error).__name__, errno=error.errno)
        self.fault = error.strerror or type(error).__name__
        self._turn_off(reason_of(error))

    def _ended(self, end: EndEntry) -> CallEnded:
        status, written, lost = self.accounts.settle(end)
        self._coder.forget(end.call)
        return CallEnded(
            call=end.call,
            ended_at=end.at,
            reason=str(end.reason),
            heard_s=round(end.heard_s, 3),
            outcome=status,
            samples_written=written,
            samples_lost=lost,
            accounts=dict(self.accounts.ended),
        )

    # --- sound

    def _write_sound(self, sound: list[SoundRound], heard: list[WindowRound]) -> None:
        if self.sound_off is None and (why := self._refusal(sum(len(each.pcm) for each in sound))):
            self._turn_off(why)
        if self.sound_off is None:
            records = [
                *(JournalRecord(Kind.SOUND, each) for each in self._coder.sound(sound)),
                *(JournalRecord(Kind.WINDOWS, (each,)) for each in windows(heard)),
            ]
            if (error := self._tried(records)) is None:
                for each in sound:
                    self.accounts.wrote(each.lengths())
                return
            self._turn_off(reason_of(error))
        for each in sound:
            lengths = each.lengths()
            self.accounts.lost(lengths)
            self._lost.add(each, self.sound_off or "")
            self.lost_samples += sum(lengths.values())

    def _refusal(self, size: int) -> str | None:
        try:
            return self._opened().refusal(size)
        except OSError as error:
            return reason_of(error)

    def _turn_off(self, why: str) -> None:
        self._retry_at = time.monotonic() + self._pace.retry_s
        if self.sound_off is None:
            log.error("sound_not_recorded", reason=why)
        self.sound_off = why

    # --- disk

    def _opened(self) -> DiskRoom:
        if self.room is None:
            self.room = DiskRoom(self._root, self._most_bytes)
            self.room.hold_reserve()
        return self.room

    def _append(self, records: list[JournalRecord]) -> None:
        room, now, number = self._opened(), time.monotonic(), self._writer.next_number
        if now - self._segment_at >= self._pace.segment_s:
            self._writer.rotate()
        if not self._writer.size:
            self._segment_at = now
        parts = frames_of(records, number)
        size = sum(map(len, parts))
        self._writer.append(parts, number, len(records))
        self.bytes_written += size
        room.wrote(size)

    def _try_again(self, now: float) -> None:
        """Write what is held, and look whether there is room for sound again."""
        if self.fault:
            self._retry_at = now + self._pace.retry_s
            if (error := self._append_somehow(self._held)) is not None:
                self.fault = error.strerror or type(error).__name__
                return
            log.info("journal_written_again", events=len(self._held))
            self.fault, self._held = "", []
        if self.sound_off is None or self.room is None:
            return
        if why := self.room.look_again():
            self._turn_off(why)
            return
        self.room.hold_reserve()
        log.info("sound_recorded_again")
        self._note_lost()
        self.sound_off = None

    def _note_lost(self) -> None:
        if self._lost.samples:
            note = self._lost.take()
            self._write_events([lambda: note])

    def _sync(self, now: float) -> None:
        number = self._writer.next_number
        try:
            self._writer.sync()
        except OSError as error:
            log.error("journal_not_synced", error=type(error).__name__, errno=error.errno)
            self._turn_off(reason_of(error))
            return
        self.next_number = number
        self._synced_at = now

    def _erase(self) -> None:
        """Close the segment, so that calls can be erased from all before it."""
        try:
            self._writer.rotate()
        except OSError as error:
            self._turn_off(reason_of(error))
            return
        self.next_number = self._writer.next_number
        while self._to_erase:
            with suppress(OSError):
                self._eraser.add(self.folder, self._to_erase.pop(0), self._writer.next_number)

    def _close(self) -> None:
        self._note_lost()
        try:
            self._writer.close()
        except OSError as error:
            log.error("journal_not_closed", error=type(error).__name__, errno=error.errno)
        else:
            self.next_number = self._writer.next_number
