"""The outbox: what must reach the broker, kept on disk until the broker has confirmed it.

One thread writes; the event loop never waits for the disk. Everything handed over while the thread was busy is
committed together. The outbox also remembers open alerts and live calls, so that the start after a crash can close
the former and clear the latter.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeVar

import structlog

from kikimori.bus.outbox_store import (
    MEMORY,
    Content,
    Outgoing,
    Queued,
    Store,
    VersionError,
    is_corrupt,
    is_locked,
    set_aside,
)
from kikimori.errors import KikimoriError
from kikimori.private_files import make_private
from kikimori_wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

log = structlog.get_logger()

Result = TypeVar("Result")

JOBS_PER_COMMIT = 500
NOT_DURABLE = "outbox_not_durable"
HOME_AGAIN_S = 30.0
"""How often the disk is tried again after it failed."""
BEYOND_THE_FILE = 1 << 40
"""No file has so many rows."""


class OutboxError(KikimoriError):
    """The outbox cannot be opened."""


@dataclass(slots=True)
class _Job:
    run: Callable[[Store], object]
    done: asyncio.Future[object] | None


class Outbox:
    """Durable queue. Create with `await Outbox.open(path)`, end with `await outbox.aclose()`."""

    def __init__(self, path: Path, store: Store, problems: list[Problem]) -> None:
        self._path = path
        self._store = store
        self._problems = problems
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._home_at: float | None = None
        """While the content is in memory only: when to try the disk again."""
        self._unread = False
        """What the file holds could not be read when it failed, and is not among that."""
        self.left_open: dict[str, bytes] = {}
        """Alerts that an earlier run left open: their last message by id."""
        self.left_live: frozenset[str] = frozenset()
        """Calls that an earlier run left live."""
        self.pending = 0
        """Messages that the broker has not confirmed."""
        self.arrived = asyncio.Event()
        """Set when something was appended."""
        self._take_stock(store.content())
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()

    def _take_stock(self, content: Content) -> None:
        self.left_open = dict(content.open_alerts)
        self.left_live = frozenset(content.live_calls)
        self.pending = len(content.queued)
        if self.pending:
            self.arrived.set()

    @classmethod
    async def open(cls, path: Path) -> Outbox:
        """Open or create the database. A damaged one is set aside, and said so in `problems`.

        Raises:
            OutboxError: the folder or file cannot be written, or a newer version of the program wrote it.
        """
        store, problems = await asyncio.to_thread(_open, path)
        return cls(path, store, problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """What a person should know about the outbox, for the health message."""
        return tuple(self._problems)

    # --- writing

    async def append(self, messages: Sequence[Outgoing], *, alert_id: str, open_as: bytes | None) -> None:
        """Queue messages in order and remember whether the alert is open. On the disk when this returns.

        `open_as`: the alert's last message while it is open, None when it is closed.
        """

        def job(store: Store) -> None:
            store.append(messages)
            store.set_open(alert_id, open_as)

        await self._submit(job)
        self.pending += len(messages)
        self.arrived.set()

    def confirmed(self, row: int) -> None:
        """Forget a message that the broker has confirmed. Does not wait for the disk."""
        self.pending -= 1
        self._send(_Job(lambda store: store.delete(row), None))

    def note_call(self, call_id: str, *, live: bool) -> None:
        """Remember that a call has a retained topic, or that it was cleared. Does not wait for the disk."""
        self._send(_Job(lambda store: store.set_live(call_id, live=live), None))

    # --- reading

    async def oldest(self, limit: int) -> list[Queued]:
        """Return the oldest queued messages, after everything handed over so far."""
        return await self._submit(lambda store: store.oldest(limit))

    # --- the thread

    async def aclose(self) -> None:
        """Write what was handed over and close the database."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def _send(self, job: _Job) -> None:
        if self._closed:
            raise RuntimeError("the outbox is closed")
        self._jobs.put(job)

    async def _submit(self, run: Callable[[Store], Result]) -> Result:
        done: asyncio.Future[Result] = self._loop.create_future()
        self._send(_Job(run, done))  # type: ignore[arg-type]  # Future is invariant; the job's result is what it gets
        # A caller that is cancelled does not take its message back: it is on its way to the disk.
        return await asyncio.shield(done)

    def _work(self) -> None:
        while True:
            jobs, ended = self._take()
            if self._home_at is not None and time.monotonic() >= self._home_at:
                self._go_home()
            try:
                self._commit(jobs)
            except Exception as error:  # noqa: BLE001 - the thread must outlive whatever the disk comes up with
                self._move_house(error)
                try:
                    self._commit(jobs)
                except Exception as second:  # noqa: BLE001 - said to whoever waits
                    self._fail(jobs, second)
            if ended:
                if self._home_at is not None:
                    self._go_home()
                self._store.close()
                return

    def _take(self) -> tuple[list[_Job], bool]:
        """Wait for a job, or until the disk is to be tried again, and take what else is waiting."""
        jobs: list[_Job] = []
        try:
            job = self._jobs.get(timeout=None if self._home_at is None else HOME_AGAIN_S)
        except queue.Empty:
            return jobs, False
        while job is not None:
            jobs.append(job)
            if len(jobs) >= JOBS_PER_COMMIT:
                return jobs, False
            try:
                job = self._jobs.get_nowait()
            except queue.Empty:
                return jobs, False
        return jobs, True

    def _commit(self, jobs: list[_Job]) -> None:
        if not jobs:
            return
        self._store.begin()
        try:
            results = [job.run(self._store) for job in jobs]
            self._store.commit()
        except BaseException:
            with suppress(sqlite3.Error):
                self._store.rollback()
            raise
        for job, result in zip(jobs, results, strict=True):
            self._answer(job, result, None)

    def _fail(self, jobs: list[_Job], error: Exception) -> None:
        for job in jobs:
            self._answer(job, None, error)

    def _answer(self, job: _Job, result: object, error: Exception | None) -> None:
        done = job.done
        if done is None:
            return

        def set_it() -> None:
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(result)

        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self._loop.call_soon_threadsafe(set_it)

    def _move_house(self, error: Exception) -> None:
        """The file failed while running: go on with what can be read of it, on a new file or in memory."""
        content: Content | None = None
        with suppress(sqlite3.Error):
            content = self._store.content()
        with suppress(sqlite3.Error):
            self._store.close()
        fresh: Store | None = None
        if is_corrupt(error):
            with suppress(sqlite3.Error, OSError):
                self._problems.append(_corrupt_problem(set_aside(self._path)))
                fresh = Store(self._path)
        if fresh is None:
            log.error("outbox_not_durable", error=str(error))
            self._problems.append(
                Problem(
                    code=NOT_DURABLE,
                    detail=f"{self._path}: {error}; alerts are kept in memory only",
                    remedy="make room and check the disk; it is tried again every half minute",
                )
            )
            fresh = Store(MEMORY)
            self._home_at = time.monotonic() + HOME_AGAIN_S
            self._unread = self._unread or content is None
            if self._unread:
                # The broker may still confirm rows of the file: no other message may have their numbers.
                fresh.count_from(BEYOND_THE_FILE)
        fresh.load(content or Content())
        self._store = fresh

    def _go_home(self) -> None:
        """Put what is in memory back on the disk, if that can be written again.

        It replaces what the file holds, or follows it where that was not read when the file failed.
        """
        self._home_at = time.monotonic() + HOME_AGAIN_S
        home: Store | None = None
        try:
            home = Store(self._path)
            content = self._store.content()
            home.load(content.after(home.content()) if self._unread else content)
        except (sqlite3.Error, VersionError):
            if home is not None:
                with suppress(sqlite3.Error):
                    home.close()
            return
        self._store.close()
        self._store = home
        if self._unread:
            self._unread = False
            with suppress(RuntimeError):  # the loop is gone: nobody waits any more
                self._loop.call_soon_threadsafe(self.arrived.set)
        self._home_at = None
        self._problems = [each for each in self._problems if each.code != NOT_DURABLE]
        log.info("outbox_durable_again")


def _open(path: Path) -> tuple[Store, list[Problem]]:
    next_step = f"give this user the right to write {path.parent}, or set state_dir to another folder"
    problems: list[Problem] = []
    try:
        make_private(path.parent)
    except OSError as error:
        raise OutboxError(
            f"the folder of the outbox cannot be made: {path.parent}: {error.strerror}", next_step=next_step
        ) from error
    while True:
        try:
            return Store(path), problems
        except VersionError as error:
            raise OutboxError(
                f"{path}: {error}", next_step="install the newer version again, or move the file away"
            ) from error
        except sqlite3.Error as error:
            if is_locked(error):
                raise OutboxError(
                    f"the outbox is in use by another agent: {path}",
                    next_step="stop that one, or give this one another agent_id or state_dir",
                ) from error
            if not is_corrupt(error) or problems:
                raise OutboxError(
                    f"the outbox cannot be written: {path}: {error}", next_step=next_step
                ) from error
            try:
                problems.append(_corrupt_problem(set_aside(path)))
            except OSError as rename_error:
                raise OutboxError(
                    f"{path} is damaged ({error}) and cannot be renamed: {rename_error.strerror}",
                    next_step=next_step,
                ) from error


def _corrupt_problem(aside: Path) -> Problem:
    log.error("outbox_corrupt", kept_as=str(aside))
    return Problem(
        code="outbox_corrupt",
        detail=f"the outbox was damaged; it is kept as {aside}, alerts in it may not have reached the broker",
        remedy=f"look at the calls of that time; sqlite3 {aside} .recover shows what can be read",
    )
