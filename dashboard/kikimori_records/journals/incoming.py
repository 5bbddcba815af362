"""Receiver of journals on this service's disk: `incoming/<agent>/<run>/` with segments in the agent's own format."""

from __future__ import annotations

import asyncio
import errno
import re
import threading
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import structlog

from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import DamageCode, JournalError
from kikimori_core.journal.sink import MAX_DELIVERY, RefusalCode, SinkRefusal
from kikimori_core.wire.topics import is_name
from kikimori_records import locks
from kikimori_records.errors import StoreError
from kikimori_records.folder import APART, INCOMING
from kikimori_records.journals.journal_run import JournalRun

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.journals.incoming_room import IncomingRoom
    from kikimori_records.journals.segment_limits import SegmentLimits

T = TypeVar("T")
ErasedCalls = Callable[[str, str], Awaitable[tuple[int, ...]]]
"""Returns the keys of the calls of an agent's run that are erased; raises StoreError."""

log = structlog.get_logger()

LOCK = "records-serving.lock"
LOST_AFTER_S = 24 * 3600.0
"""Time in s without a word from an agent after which its calls count as ended. No call lasts longer, and an agent that
runs asks every minute: it, or its way to here, is gone for a day. Sooner, what it still has would be kept apart."""
SPEAKS_WITHIN_S = 600.0
"""Time in s after a start in which every agent that runs has asked."""
_FULL = {errno.ENOSPC, errno.EDQUOT}


@dataclass(frozen=True, slots=True)
class RunKey:
    """Names of one run of an agent."""

    agent_id: str
    run: str

    @property
    def order(self) -> tuple[int, str]:
        """Return what sorts the runs of an agent by their start: a run's name is its time in base 36."""
        return (int(self.run, 36) if re.fullmatch(r"[0-9a-z]{1,16}", self.run) else 0, self.run)


@dataclass(slots=True)
class _Held:
    journal: JournalRun
    lock: threading.Lock = field(default_factory=threading.Lock)
    """Held by the thread that uses the journal: it may go on after the task that asked for it was cancelled."""
    loaded: bool = False
    ended: bool = False
    """A later run of the agent sends records, or asks where to begin: nothing more comes."""

    async def use(self, work: Callable[[JournalRun], T]) -> T:
        """Do something with the journal in a thread, while no other thread uses it."""
        return await asyncio.to_thread(self._use, work)

    def _use(self, work: Callable[[JournalRun], T]) -> T:
        with self.lock:
            if not self.loaded:
                self.journal.load()
                self.loaded = True
            return work(self.journal)


class IncomingJournals:
    """Journals of all agents. It is a `JournalSink` once it is loaded, and tells which calls have ended."""

    def __init__(
        self,
        folder: Path,
        *,
        limits: SegmentLimits | None = None,
        erased: ErasedCalls | None = None,
        room: IncomingRoom | None = None,
        lost_after_s: float = LOST_AFTER_S,
    ) -> None:
        """Prepare for `load`.

        Args:
            folder: That of the records, of which this is the only user.
            limits: Limits of segments; None = the usual ones.
            erased: Says which calls of a run are erased; None = none.
            room: Says whether there is room for what comes; None = always.
            lost_after_s: See `LOST_AFTER_S`.
        """
        self.changed = asyncio.Event()
        """Set when a call may have ended, or a fault was found."""
        self._folder = folder
        self._limits = limits
        self._erased = erased
        self._room = room
        self._lost_after_s = lost_after_s
        self._heard: dict[str, float] = {}
        """Time of the monotonic clock at which an agent last said something."""
        self._runs: dict[RunKey, _Held] = {}
        self._loaded = False
        self._lock: locks.FileLock | None = None

    async def load(self) -> None:
        """Read what earlier processes left.

        Raises:
            OSError: the folder cannot be used.
            StoreError: another records service uses it.
        """
        self._lock = await asyncio.to_thread(_lock, self._folder)
        for key in await asyncio.to_thread(self._keys_with_segments):
            last_s = await self._held(key).use(_age_s)
            at = time.monotonic() - min(last_s, max(self._lost_after_s - SPEAKS_WITHIN_S, 0))
            self._heard[key.agent_id] = max(at, self._heard.get(key.agent_id, at))
        for key in list(self._runs):
            self._end_earlier(key)
        self._loaded = True
        self.changed.set()

    async def close(self) -> None:
        """Take nothing more, and end the open segments."""
        self._loaded = False
        for held in self._runs.values():
            await held.use(_close_quietly)
        if self._lock is not None:
            self._lock.release()
            self._lock = None

    async def position(self, agent_id: str, run: str) -> int:
        """Return the number of the next record wanted of a run; 0 for one that it does not know. Raises SinkRefusal."""
        position = await self._use(agent_id, run, _position)
        self._end_earlier(RunKey(agent_id, run))
        self.changed.set()
        return position

    async def deliver(self, agent_id: str, run: str, first: int, frames: bytes) -> int:
        """Keep whole frames and return the number of the next record wanted; see `JournalSink`. Raises SinkRefusal."""
        if len(frames) > MAX_DELIVERY:
            raise SinkRefusal(RefusalCode.TOO_LARGE, detail=f"{len(frames)} bytes")
        if self._room is not None and (why := await self._room.refusal(agent_id, len(frames))):
            raise SinkRefusal(RefusalCode.DISK_FULL, detail=why)

        def append(journal: JournalRun) -> int:
            journal.append(first, frames)
            return journal.position

        position = await self._use(agent_id, run, append)
        self._end_earlier(RunKey(agent_id, run))
        self.changed.set()
        return position

    async def erased(self, agent_id: str, run: str) -> tuple[int, ...]:
        """Return the keys of a run's calls that are erased here. Raises SinkRefusal."""
        if not self._loaded:
            raise SinkRefusal(RefusalCode.NOT_READY)
        self._heard[agent_id] = time.monotonic()
        if self._erased is None:
            return ()
        try:
            return await self._erased(agent_id, run)
        except StoreError as error:
            raise SinkRefusal(RefusalCode.NOT_READY, detail=type(error).__name__) from error

    async def give_up_lost(self) -> None:
        """Take the calls of agents that say nothing for long for ended."""
        now = time.monotonic()
        for key, held in list(self._runs.items()):
            silent_s = now - self._heard.get(key.agent_id, now)
            if silent_s >= self._lost_after_s and not held.ended and held.journal.has_open_calls:
                log.warning("agent_lost", agent_id=key.agent_id, run=key.run, silent_s=round(silent_s))
                await held.use(JournalRun.give_up)

    def ended_calls(self) -> list[tuple[RunKey, int]]:
        """Return the calls that have ended and are not in the history yet, in the order of their last records."""
        found = [
            (each.last, key, call)
            for key, held in self._runs.items()
            for call, each in list(held.journal.calls.calls.items())
            if each.ended or held.ended
        ]
        return [(key, call) for _, key, call in sorted(found, key=lambda each: (each[1].order, each[0]))]

    def runs(self) -> dict[RunKey, JournalRun]:
        """Return the journals that are in memory."""
        return {key: held.journal for key, held in self._runs.items()}

    async def within(self, key: RunKey, work: Callable[[JournalRun], T]) -> T:
        """Do something with a journal in a thread while nothing else uses it. Raises OSError."""
        return await self._held(key).use(work)

    async def _use(self, agent_id: str, run: str, work: Callable[[JournalRun], T]) -> T:
        if not self._loaded:
            raise SinkRefusal(RefusalCode.NOT_READY)
        if not (is_name(agent_id) and is_name(run)):
            raise SinkRefusal(RefusalCode.OTHER_RUN, detail="names")
        self._heard[agent_id] = time.monotonic()
        try:
            return await self._held(RunKey(agent_id, run)).use(work)
        except JournalError as error:
            code = RefusalCode.TOO_LARGE if error.code is DamageCode.TOO_LONG else RefusalCode.DAMAGED
            raise SinkRefusal(code, detail=error.detail) from None
        except OSError as error:
            raise _refusal(error) from error

    def _held(self, key: RunKey) -> _Held:
        if (held := self._runs.get(key)) is None:
            held = self._runs[key] = _Held(self._journal(key))
        return held

    def _journal(self, key: RunKey) -> JournalRun:
        place = f"{key.agent_id}/{key.run}"
        return JournalRun(
            self._folder / INCOMING / place,
            self._folder / APART / place,
            key.agent_id,
            key.run,
            self._limits,
        )

    def _end_earlier(self, key: RunKey) -> None:
        """Note that the earlier runs of an agent are over: it sends, and asks for, the oldest first."""
        for other, held in self._runs.items():
            if other.agent_id == key.agent_id and other.order < key.order:
                held.ended = True

    def _keys_with_segments(self) -> list[RunKey]:
        top = self._folder / INCOMING
        top.mkdir(mode=0o700, parents=True, exist_ok=True)
        return [
            RunKey(agent.name, run.name)
            for agent in sorted(top.iterdir())
            if agent.is_dir() and is_name(agent.name)
            for run in sorted(agent.iterdir())
            if is_name(run.name) and segments_of(run)
        ]


def _lock(folder: Path) -> locks.FileLock:
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = locks.FileLock.take(folder / LOCK)
    if found is None:
        raise StoreError.of("records_in_use", folder=folder)
    return found


def _refusal(error: OSError) -> SinkRefusal:
    full = error.errno in _FULL
    log.warning("journal_not_kept", error=error.strerror)
    return SinkRefusal(
        RefusalCode.DISK_FULL if full else RefusalCode.DISK_FAILED, detail=error.strerror or ""
    )


def _position(journal: JournalRun) -> int:
    return journal.position


def _age_s(journal: JournalRun) -> float:
    """Return the seconds since something came of a run, by the time of its last segment."""
    return max(time.time() - journal.kept_at, 0.0)


def _close_quietly(journal: JournalRun) -> None:
    try:
        journal.close()
    except OSError as error:
        log.warning("journal_not_closed", error=error.strerror)
