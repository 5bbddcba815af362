"""Clock by which is removed what is old: after a leap of the wall clock nothing is, until somebody could look at it.

A machine whose battery is empty, whose time server is wrong, or whose clock was set by hand may be years ahead. What is
removed in such a time is lost. So the time of the last look is a note of the store. A look much later is taken for a leap,
and a day of running time passes before the new time counts.
"""

from __future__ import annotations

import json
import time
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog

from kikimori_core.wire.messages import Problem
from kikimori_records.columns import time_text
from kikimori_records.store_notes import read_note, write_note

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_records.store import Store

log = structlog.get_logger()

KEY = "removal_clock"
LONGEST_GAP = timedelta(days=5)
"""Longest time between two looks that is no leap. A service looks every few hours; a machine that is off over a weekend
with a holiday on each side of it looks again after four days and a half. After longer holidays removal is late by a day, which harms nobody."""
HELD_FOR = timedelta(hours=24)
"""Running time for which nothing is removed after a leap: somebody works in the office meanwhile, and sees the problem."""
BEHIND_FOR = timedelta(hours=1)
"""Running time after which a clock that went back is believed. A machine without a battery begins in 1970 at every start,
until a time server tells it the time; the way back from there is no leap."""
LOOK_AGAIN_S = 60.0
"""Interval in s between looks while nothing is removed."""
_MINUTE = "%Y-%m-%d %H:%M"


@dataclass(frozen=True, slots=True)
class ClockLeap:
    """Leap of the wall clock, after which nothing is removed for some time."""

    since: datetime
    """Last look before it."""
    to: datetime
    """First look after it."""
    left_s: float
    """Running time in s that is still to pass."""

    @property
    def ran(self) -> timedelta:
        """Return the running time since then."""
        return HELD_FOR - timedelta(seconds=self.left_s)


@dataclass(frozen=True, slots=True)
class ClockState:
    """State of the clock, as the store has it."""

    at: datetime
    """Last look; of a clock that went back for a short time the latest."""
    leap: ClockLeap | None = None


class RemovalClock:
    """Judges the wall clock for one part of the program that removes what is old."""

    def __init__(
        self, store: Store, part: str, code: str, running: Callable[[], float] = time.monotonic
    ) -> None:
        """Use an open store.

        Args:
            store: It has the note.
            part: Name of the part, as several look at different times, or in different programs.
            code: Problem that is told meanwhile; its texts name `since`, `to` and `until`.
            running: Returns the running time in s.
        """
        self._store = store
        self._key = f"{KEY}.{part}"
        self._code = code
        self._running = running
        self._looked_at: float | None = None
        self._state: ClockState | None = None
        self._behind_s = 0.0
        self._problem: Problem | None = None

    async def allows(self, now: datetime) -> bool:
        """Look at the wall clock, and return whether what is old at this time may be removed. Raises StoreError."""
        running = self._running()
        passed_s = 0.0 if self._looked_at is None else running - self._looked_at
        async with self._store.begin(within_s=60) as connection:
            before = _state(await read_note(connection, self._key))
            after = self._after(before, now, passed_s)
            await write_note(connection, self._key, _value(after))
        self._looked_at, self._state = running, after
        self._tell(before.leap if before else None, after.leap, now)
        return after.leap is None

    async def believed(self, now: datetime) -> datetime:
        """Return the time by which a hold has come to its end: the last one before a leap, and the present one without. Raises StoreError."""
        if self._state is None or self._looked_at is None:
            await self.allows(now)
        if (state := self._state) is None or self._looked_at is None:
            return now
        if state.leap is not None:
            return min(now, state.leap.since)
        passed = timedelta(seconds=self._running() - self._looked_at)
        return min(now, state.at) if now - state.at > LONGEST_GAP + passed else now

    @property
    def problem(self) -> Problem | None:
        """Return the leap because of which nothing is removed; None where there is none."""
        return self._problem

    def _after(self, before: ClockState | None, now: datetime, passed_s: float) -> ClockState:
        """Return the state after a look, `passed_s` of running time after the last one of this run."""
        if before is None:
            return ClockState(now)
        leap = before.leap
        if now < (before.at if leap is None else leap.since):
            self._behind_s += passed_s
            return ClockState(now) if self._behind_s >= BEHIND_FOR.total_seconds() else before
        self._behind_s = 0.0
        if leap is None:
            is_leap = now - before.at > LONGEST_GAP
            return ClockState(now, ClockLeap(before.at, now, HELD_FOR.total_seconds()) if is_leap else None)
        if now - leap.since <= LONGEST_GAP + leap.ran:
            return ClockState(now)
        if now - before.at > LONGEST_GAP:
            return ClockState(now, replace(leap, to=now, left_s=HELD_FOR.total_seconds()))
        left_s = leap.left_s - passed_s
        to = min(leap.to, now)
        return ClockState(now, replace(leap, to=to, left_s=left_s) if left_s > 0 else None)

    def _tell(self, before: ClockLeap | None, after: ClockLeap | None, now: datetime) -> None:
        if after is None:
            if before is not None:
                log.info("removal_goes_on", part=self._key, at=time_text(now))
            self._problem = None
            return
        until = now + timedelta(seconds=after.left_s)
        said = {
            name: each.astimezone().strftime(_MINUTE)
            for name, each in (("since", after.since), ("to", after.to), ("until", until))
        }
        known = self._problem
        self._problem = Problem.of(self._code, **said)
        if known is None or before is None or before.to != after.to:
            log.warning(
                "removal_held", code=self._code, error=self._problem.detail, next=self._problem.remedy
            )


def _value(state: ClockState) -> str:
    said: dict[str, Any] = asdict(state)
    return json.dumps(said, default=time_text)


def _state(value: str | None) -> ClockState | None:
    """Return the state in a note; of one that nobody can read none."""
    try:
        said = json.loads(value or "")
        leap = said["leap"]
        return ClockState(
            _time(said["at"]),
            None
            if leap is None
            else ClockLeap(_time(leap["since"]), _time(leap["to"]), float(leap["left_s"])),
        )
    except (ValueError, KeyError, TypeError):
        return None


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text).astimezone(UTC)
