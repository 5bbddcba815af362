"""Erasure of calls from the journal's closed segments, in a thread of its own; what is to be erased outlasts a crash."""

from __future__ import annotations

import json
import threading
from contextlib import suppress
from typing import TYPE_CHECKING

import structlog

from kikimori_core.journal.erasing import rewrite_without
from kikimori_core.priority import give_way
from kikimori_core.wire.private_file import write_private

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger()

PENDING = "erasing.json"
"""File in a run's folder: calls to be erased, each with the number of the first record that stays."""
RETRY_S = 5.0
ALL = 2**63
"""Number after every record of a run that is over."""


class CallEraser:
    """Calls to be erased of all runs, one after another."""

    def __init__(self, *, retry_s: float = RETRY_S) -> None:
        self._retry_s = retry_s
        self._pending: list[tuple[Path, int, int]] = []
        self._changed = threading.Condition()
        self._stopping = False
        self._thread: threading.Thread | None = None
        self.fault = ""
        """Reason for which a call could not be erased yet."""

    @property
    def pending(self) -> int:
        """Calls that are not erased yet."""
        return len(self._pending)

    def add(self, folder: Path, call: int, before: int) -> None:
        """Have a call erased from the records of a run's folder before the number `before`, whose segments are closed.

        Raises:
            OSError: the disk; it is erased all the same, unless the agent ends before.
        """
        with self._changed:
            self._put([(folder, call, before)])
            self._note(folder)

    def resume(self, folder: Path) -> None:
        """Erase what an earlier run had not erased from its folder yet."""
        try:
            noted = json.loads((folder / PENDING).read_text("utf-8"))
            found = [(int(call), int(before)) for call, before in noted]
        except FileNotFoundError:
            return
        except (OSError, ValueError, TypeError) as error:
            log.error("erasures_unreadable", run=folder.name, error=type(error).__name__)
            return
        with self._changed:
            # All at once: the note on the disk is written anew after each call that was erased.
            self._put([(folder, call, before) for call, before in found])

    def stop(self, timeout_s: float) -> None:
        """End the thread; what is left is erased by the next run."""
        with self._changed:
            self._stopping = True
            self._changed.notify()
        if self._thread is not None:
            self._thread.join(timeout_s)

    def _put(self, calls: list[tuple[Path, int, int]]) -> None:
        """Have calls erased; the caller holds the lock."""
        self._pending += calls
        self._changed.notify()
        if calls and self._thread is None and not self._stopping:
            self._thread = threading.Thread(target=self._run, name="journal-erasing", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        give_way()
        while True:
            with self._changed:
                while not self._pending and not self._stopping:
                    self._changed.wait()
                if self._stopping:
                    return
                folder, call, before = self._pending[0]
            try:
                changed = rewrite_without(folder, call, before=before)
            except OSError as error:
                self.fault = error.strerror or type(error).__name__
                log.error("call_not_erased", run=folder.name, call=call, error=type(error).__name__)
                with self._changed:
                    self._changed.wait_for(lambda: self._stopping, self._retry_s)
                continue
            self.fault = ""
            log.info("call_erased", run=folder.name, call=call, records=changed)
            with self._changed:
                self._pending.pop(0)
            with suppress(OSError):
                self._note(folder)

    def _note(self, folder: Path) -> None:
        """Keep what is to be erased in a folder for a later run."""
        with self._changed:
            left = [(call, before) for each, call, before in self._pending if each == folder]
            if left:
                write_private(folder / PENDING, json.dumps(left))
            else:
                (folder / PENDING).unlink(missing_ok=True)
