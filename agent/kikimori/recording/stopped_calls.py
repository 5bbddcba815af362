"""Calls whose recording a person stopped, on disk, for calls that outlast this run of the agent."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog

from kikimori_core.model.call import EndReason
from kikimori_core.wire.messages import Problem
from kikimori_core.wire.private_file import write_private

if TYPE_CHECKING:
    from pathlib import Path

log = structlog.get_logger()

LONGEST = timedelta(days=1)
"""Age of an entry after which no call can be the one that it is of."""


class StoppedCalls:
    """Stopped calls by id, each with the time of the press. Nothing is kept of a call that has ended."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._at: dict[str, datetime] = {}
        self._changed = False
        self._saving: asyncio.Task[None] | None = None
        self._fault = ""

    def load(self) -> None:
        """Read the calls of the last run, without those that are too old. A file that cannot be read counts as empty."""
        oldest = datetime.now(UTC) - LONGEST
        try:
            found = json.loads(self._path.read_text("utf-8"))
            at = {str(call_id): datetime.fromisoformat(each) for call_id, each in found["stopped"].items()}
            self._at = {call_id: each for call_id, each in at.items() if each > oldest}
        except FileNotFoundError:
            return
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            log.error("stopped_calls_unreadable", error=type(error).__name__)

    def __contains__(self, call_id: str) -> bool:
        return call_id in self._at

    def names(self) -> tuple[str, ...]:
        """Return the ids of the calls."""
        return tuple(self._at)

    def add(self, call_id: str) -> None:
        """Note a call; it is written to the disk at once. A full disk is reported and does not hinder the press."""
        self._at[call_id] = datetime.now(UTC)
        self._save_soon()

    def ended(self, call_id: str, reason: EndReason) -> None:
        """Forget a call that is over; one that the next run hears on stays."""
        if reason is not EndReason.SHUTDOWN and self._at.pop(call_id, None) is not None:
            self._save_soon()

    async def aclose(self) -> None:
        """Wait until everything is written."""
        if self._saving is not None:
            await self._saving

    def problems(self) -> tuple[Problem, ...]:
        """Return why the file cannot be written; empty while it can."""
        return (Problem.of("stopped_calls_not_written", fault=self._fault),) if self._fault else ()

    def _save_soon(self) -> None:
        self._changed = True
        if self._saving is None or self._saving.done():
            self._saving = asyncio.create_task(self._save(), name="stopped-calls")

    async def _save(self) -> None:
        while self._changed:
            self._changed = False
            content = json.dumps({"v": 1, "stopped": {key: at.isoformat() for key, at in self._at.items()}})
            try:
                await asyncio.to_thread(write_private, self._path, content)
            except OSError as error:
                self._fault = error.strerror or type(error).__name__
                log.error("stopped_calls_not_written", error=type(error).__name__)
            else:
                self._fault = ""
