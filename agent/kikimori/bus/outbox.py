"""Outbox: messages that dashboards must receive, kept on disk until one of them has acknowledged them.

One thread writes; the event loop never waits for the disk. Everything handed over while the thread was busy is
committed together. The thread knows the whole content, so a disk that fails costs durability and nothing else. The
outbox also remembers open alerts and live calls, so that the start after a crash can close the former and clear the
latter.
"""

from __future__ import annotations

import asyncio
import queue
import sqlite3
import threading
import time
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kikimori.bus.outbox_schema import VersionError
from kikimori.bus.outbox_store import (
    MEMORY,
    Change,
    Drop,
    Keep,
    NoteCall,
    OutboxStore,
    is_corrupt,
    is_locked,
    set_aside,
)
from kikimori.errors import KikimoriError
from kikimori.private_files import make_private
from kikimori_core.messages import remedy, text
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from kikimori.bus.kept import KeptAlert

log = structlog.get_logger()

JOBS_PER_COMMIT = 500
NOT_DURABLE = "outbox_not_durable"
DISK_RETRY_S = 30.0
"""Interval in s at which the disk is tried again after it failed."""


class OutboxError(KikimoriError):
    """The outbox cannot be opened."""


@dataclass(slots=True)
class _Job:
    change: Change
    done: asyncio.Future[None] | None


class Outbox:
    """Durable alerts. Create with `await Outbox.open(path)`, end with `await outbox.aclose()`."""

    def __init__(self, path: Path, store: OutboxStore, problems: list[Problem]) -> None:
        self._path = path
        self._store = store
        self._problems = problems
        self._loop = asyncio.get_running_loop()
        self._jobs: queue.SimpleQueue[_Job | None] = queue.SimpleQueue()
        self._closed = False
        self._disk_retry_at: float | None = None
        """Time of the next attempt to write to the disk, while the content is in memory only."""
        self._content = store.content()
        """Content of the outbox; owned by the thread once it runs."""
        self.left_alerts: dict[str, KeptAlert] = dict(self._content.alerts)
        """Alerts that an earlier run left here."""
        self.left_live: frozenset[str] = frozenset(self._content.live_calls)
        """Calls that an earlier run left live."""
        self.migrated: tuple[str, ...] = store.migrated
        """Alerts taken over from a file of the version before."""
        self._thread = threading.Thread(target=self._work, name="outbox", daemon=True)
        self._thread.start()

    @classmethod
    async def open(cls, path: Path) -> Outbox:
        """Open or create the database. A damaged one is renamed and reported in `problems`.

        Raises:
            OutboxError: the folder or file cannot be written, or a newer version of the program wrote it.
        """
        store, problems = await asyncio.to_thread(_open, path)
        return cls(path, store, problems)

    @property
    def problems(self) -> tuple[Problem, ...]:
        """Return the outbox's problems that a person should know, for the health message."""
        return tuple(self._problems)

    async def keep(self, alert: KeptAlert) -> None:
        """Keep an alert in place of its earlier revision. On the disk when this returns."""
        done: asyncio.Future[None] = self._loop.create_future()
        self._send(_Job(Keep(alert), done))
        # A caller that is cancelled does not take its alert back: it is on its way to the disk.
        await asyncio.shield(done)

    def note(self, alert: KeptAlert) -> None:
        """Keep a new fact about an alert. Does not wait for the disk."""
        self._send(_Job(Keep(alert), None))

    def drop(self, alert_ids: Iterable[str]) -> None:
        """Forget alerts. Does not wait for the disk."""
        self._send(_Job(Drop(tuple(alert_ids)), None))

    def note_call(self, call_id: str, *, live: bool) -> None:
        """Remember that a call has a retained topic, or that it was cleared. Does not wait for the disk."""
        self._send(_Job(NoteCall(call_id, live), None))

    # --- the thread

    async def aclose(self) -> None:
        """Write the jobs that were handed over and close the database."""
        if not self._closed:
            self._closed = True
            self._jobs.put(None)
            await asyncio.to_thread(self._thread.join)

    def _send(self, job: _Job) -> None:
        if self._closed:
            raise RuntimeError("the outbox is closed")
        self._jobs.put(job)

    def _work(self) -> None:
        while True:
            jobs, ended = self._take()
            if self._disk_retry_at is not None and time.monotonic() >= self._disk_retry_at:
                self._return_to_disk()
            error: Exception | None = None
            for job in jobs:
                job.change.apply(self._content)
            try:
                self._commit(jobs)
            except Exception as failed:  # noqa: BLE001 - the thread must go on after any error of the disk
                try:
                    self._recover(failed)
                except Exception as second:  # noqa: BLE001 - passed to the waiting caller
                    error = second
            for job in jobs:
                self._answer(job, error)
            if ended:
                if self._disk_retry_at is not None:
                    self._return_to_disk()
                self._store.close()
                return

    def _take(self) -> tuple[list[_Job], bool]:
        """Wait for a job, or for the next attempt to use the disk, and take the other waiting jobs too."""
        jobs: list[_Job] = []
        try:
            job = self._jobs.get(timeout=None if self._disk_retry_at is None else DISK_RETRY_S)
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
            for job in jobs:
                job.change.write(self._store)
            self._store.commit()
        except BaseException:
            with suppress(sqlite3.Error):
                self._store.rollback()
            raise

    def _answer(self, job: _Job, error: Exception | None) -> None:
        done = job.done
        if done is None:
            return

        def set_it() -> None:
            if done.done():
                return
            if error is not None:
                done.set_exception(error)
            else:
                done.set_result(None)

        with suppress(RuntimeError):  # the loop is gone: nobody waits any more
            self._loop.call_soon_threadsafe(set_it)

    def _recover(self, error: Exception) -> None:
        """Go on with the same content in a new file or in memory after the file failed while running."""
        with suppress(sqlite3.Error):
            self._store.close()
        fresh: OutboxStore | None = None
        if is_corrupt(error):
            with suppress(sqlite3.Error, OSError):
                self._problems.append(_corrupt_problem(set_aside(self._path)))
                fresh = OutboxStore(self._path)
        if fresh is None:
            log.error("outbox_not_durable", error=str(error))
            self._problems.append(
                Problem(
                    code=NOT_DURABLE,
                    detail=text("outbox_not_durable", path=self._path, error=error),
                    remedy=remedy("outbox_not_durable", path=self._path, error=error),
                )
            )
            fresh = OutboxStore(MEMORY)
            self._disk_retry_at = time.monotonic() + DISK_RETRY_S
        fresh.load(self._content)
        self._store = fresh

    def _return_to_disk(self) -> None:
        """Write the content in memory back to the disk, if it can be written again."""
        self._disk_retry_at = time.monotonic() + DISK_RETRY_S
        store: OutboxStore | None = None
        try:
            store = OutboxStore(self._path)
            store.load(self._content)
        except (sqlite3.Error, VersionError):
            if store is not None:
                with suppress(sqlite3.Error):
                    store.close()
            return
        self._store.close()
        self._store = store
        self._disk_retry_at = None
        self._problems = [each for each in self._problems if each.code != NOT_DURABLE]
        log.info("outbox_durable_again")


def _open(path: Path) -> tuple[OutboxStore, list[Problem]]:
    problems: list[Problem] = []
    try:
        make_private(path.parent)
    except OSError as error:
        raise OutboxError.of("outbox_no_folder", parent=path.parent, reason=error.strerror) from error
    while True:
        try:
            return OutboxStore(path), problems
        except VersionError as error:
            raise OutboxError.of("outbox_version", path=path, error=error) from error
        except sqlite3.Error as error:
            if is_locked(error):
                raise OutboxError.of("outbox_in_use", path=path) from error
            if not is_corrupt(error) or problems:
                raise OutboxError.of(
                    "outbox_not_written", path=path, error=error, parent=path.parent
                ) from error
            try:
                problems.append(_corrupt_problem(set_aside(path)))
            except OSError as rename_error:
                raise OutboxError.of(
                    "outbox_not_renamed",
                    path=path,
                    error=error,
                    reason=rename_error.strerror,
                    parent=path.parent,
                ) from error


def _corrupt_problem(aside: Path) -> Problem:
    log.error("outbox_corrupt", kept_as=str(aside))
    return Problem.of("outbox_corrupt", aside=aside)
