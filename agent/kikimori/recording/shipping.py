"""Shipping of journals to the records service: oldest run first, from the last acknowledged record, until it has all.

A segment is deleted when every record in it is acknowledged, and never before.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from itertools import pairwise
from typing import TYPE_CHECKING

import structlog

from kikimori.recording.shipping_state import ShippingState
from kikimori_core.cancellation import run_cancellable
from kikimori_core.journal.folder import first_of, segments_of
from kikimori_core.journal.framing import RECORD_HEADER, JournalError, header_of
from kikimori_core.journal.reading import Owner
from kikimori_core.journal.shipped import RawFrames, gap_frames
from kikimori_core.journal.sink import RefusalCode, SinkAwayError, SinkRefusal
from kikimori_core.wire.topics import is_name

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.recording.erasure_news import ErasureNews
    from kikimori_core.journal.framing import DamageCode
    from kikimori_core.journal.sink import JournalSink

log = structlog.get_logger()

LOOK_EVERY_S = 0.5
"""Interval between looks for new records while everything is shipped."""
FIRST_RETRY_S, LAST_RETRY_S = 0.5, 5.0
MOST_BYTES, FEWEST_BYTES = 2 << 20, 64 << 10
"""Bytes of a delivery: the fewest at first, doubled after each that arrived, halved after each that did not."""
MOST_GAPS = 10_000
"""Records in one delivery that stand for missing ones."""


class Shipper:
    """Ships the runs in `folder` until cancelled. `live` is the run that is being written."""

    def __init__(
        self,
        folder: Path,
        agent_id: str,
        sink: JournalSink,
        live: str,
        durable: Callable[[], int],
        *,
        news: ErasureNews | None = None,
        look_every_s: float = LOOK_EVERY_S,
        first_retry_s: float = FIRST_RETRY_S,
    ) -> None:
        """Prepare for `run`.

        Args:
            folder: The journals, a folder for each run.
            agent_id: The agent's id.
            sink: Receiver.
            live: Name of the present run.
            durable: Returns the number after the last record of the present run that is on the disk.
            news: Asks for erasures, before a run is shipped and now and then; None = nobody asks.
            look_every_s: Interval between looks.
            first_retry_s: First delay after a failure.
        """
        self.state = ShippingState()
        self._folder = folder
        self._agent_id = agent_id
        self._sink = sink
        self._live = live
        self._durable = durable
        self._news = news
        self._look_every_s = look_every_s
        self._first_retry_s = first_retry_s
        self._wanted: dict[str, int] = {}
        """Number of the next record that the receiver wants, by run."""
        self._reached: dict[str, int] = {}
        """Largest of these numbers that the receiver has named, by run."""
        self._has_come_on = False
        """True = the receiver has named a larger one since the last failure."""
        self._live_frames = RawFrames(folder / live, Owner(agent_id, live))
        self._at_most = FEWEST_BYTES
        self._shipping = asyncio.Lock()

    async def run(self) -> None:
        """Ship until cancelled; try again after each failure, after 0.5 s and at most 5 s.

        A connection that breaks again and again, and brings something over each time, is tried at once.
        """
        wait_s = self._first_retry_s
        while True:
            self._has_come_on = False
            if await self._round():
                wait_s = self._first_retry_s
                await asyncio.sleep(self._look_every_s)
            else:
                if self._has_come_on:
                    wait_s = self._first_retry_s
                await asyncio.sleep(wait_s)
                wait_s = min(wait_s * 2, LAST_RETRY_S)

    async def drain(self, within_s: float) -> bool:
        """Ship what is left, after the end of the present run; False when it was not done within the time."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within_s):
                return await self._round()
        return False

    async def _round(self) -> bool:
        """Ship every run to its present end; False when the receiver did not take all of it."""
        try:
            async with self._shipping:
                await run_cancellable(self._ship_all)
        except SinkAwayError as error:
            self._at_most = max(self._at_most // 2, FEWEST_BYTES)
            self.state.away(str(error))
        except SinkRefusal as error:
            self._refused(error)
        except OSError as error:
            # Of our own disk.
            self.state.unreadable(error)
        else:
            self.state.done()
            return True
        # Also what it had acknowledged may be lost with a disk of its: ask again.
        self._wanted.clear()
        return False

    def _refused(self, error: SinkRefusal) -> None:
        if self.state.refusal is not error.code:
            log.warning("journal_refused", code=error.code, detail=error.detail)
        self.state.refused(error.code)

    async def _ship_all(self) -> None:
        foreign: dict[str, DamageCode] = {}
        runs = await asyncio.to_thread(self._runs)
        if self._news is not None:
            await self._news.look(runs)
        for run in runs:
            try:
                await self._ship(run)
            except JournalError as error:
                foreign[run] = error.code
        self.state.foreign(foreign)
        if self._live not in self._wanted:
            # Nothing is written yet. That this run is asked for tells the receiver that the earlier ones are over.
            self._wanted[self._live] = await self._position(self._live)

    def _runs(self) -> list[str]:
        """Return the runs with segments, the oldest first: names of runs grow with the time."""
        try:
            found = [each.name for each in self._folder.iterdir() if each.is_dir()]
        except FileNotFoundError:
            return []
        return sorted((each for each in found if is_name(each)), key=lambda name: (len(name), name))

    async def _ship(self, run: str) -> None:
        folder = self._folder / run
        frames = self._live_frames if run == self._live else RawFrames(folder, Owner(self._agent_id, run))
        if (wanted := self._wanted.get(run)) is None:
            wanted = await self._position(run)
        while True:
            # Before it is read: what is written meanwhile is for the next time.
            end = self._durable() if run == self._live else None
            first, count, body = await asyncio.to_thread(self._take, frames, wanted, end)
            if not count:
                break
            if first > wanted:
                self.state.lacking(first - wanted)
                # They are neither here nor with the receiver.
                gaps = gap_frames(wanted, min(first, wanted + MOST_GAPS), "deleted")
                body = b"".join(frame for _, frame in gaps)
                first = wanted
            wanted = self._wanted[run] = await self._deliver(run, first, body)
            await asyncio.to_thread(self._delete, run, wanted, whole=False)
        self._wanted[run] = wanted
        await asyncio.to_thread(self._delete, run, wanted, whole=run != self._live)

    async def _position(self, run: str) -> int:
        wanted = await self._sink.position(self._agent_id, run)
        self._note_reached(run, wanted)
        return wanted

    def _note_reached(self, run: str, wanted: int) -> None:
        if wanted > self._reached.get(run, 0):
            self._reached[run] = wanted
            self._has_come_on = True

    async def _deliver(self, run: str, first: int, body: bytes) -> int:
        try:
            wanted = await self._sink.deliver(self._agent_id, run, first, body)
        except SinkRefusal as error:
            if error.code is not RefusalCode.GAP or error.wanted is None or error.wanted >= first:
                raise
            # It was told more than its disk kept, e.g. restored from a backup.
            return error.wanted
        if wanted <= first:
            raise SinkAwayError("it acknowledged nothing")
        self._note_reached(run, wanted)
        self.state.delivered(len(body))
        self._at_most = min(self._at_most * 2, MOST_BYTES)
        return wanted

    def _take(self, frames: RawFrames, wanted: int, end: int | None) -> tuple[int, int, bytes]:
        """Return first number, count and bytes of records from `wanted` on; of those before `end` alone."""
        if end is not None and wanted >= end:
            return wanted, 0, b""
        first, count, body = frames.take(wanted, self._at_most)
        if end is None or first + count <= end:
            return first, count, body
        return first, max(end - first, 0), body[: _length(body, end - first)]

    def _delete(self, run: str, wanted: int, *, whole: bool) -> None:
        """Delete the segments whose records are all before `wanted`; `whole`: all of the run is delivered."""
        paths = segments_of(self._folder / run)
        for path, following in pairwise(paths):
            if first_of(following) > wanted:
                return
            path.unlink(missing_ok=True)
        if whole:
            for path in paths[-1:]:
                path.unlink(missing_ok=True)
            with suppress(OSError):
                # What was set aside as damaged stays.
                (self._folder / run).rmdir()


def _length(frames: bytes, count: int) -> int:
    """Return the length in bytes of the first `count` records."""
    at = 0
    for _ in range(count):
        at += RECORD_HEADER + header_of(frames, at)[0]
    return at
