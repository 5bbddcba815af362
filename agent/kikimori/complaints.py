"""Warnings about peers, so many a minute: a flood of bad connections must not fill the disk."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger

AT_ONCE = 50
"""So many lines of one event may come at a time …"""
PER_S = 1.0
"""… and so many a second in the long run."""


@dataclass(slots=True)
class _Allowance:
    lines: float
    at: float
    unlogged: int = 0


class Complaints:
    """Logs warnings until an event has used up its allowance; the next line then says how many were not logged."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._allowances: dict[str, _Allowance] = {}

    def warn(self, log: FilteringBoundLogger, event: str, **fields: object) -> None:
        """Log a warning. `event` is one of a fixed few, never made of what a peer sent."""
        now = self._clock()
        allowance = self._allowances.setdefault(event, _Allowance(AT_ONCE, now))
        allowance.lines = min(AT_ONCE, allowance.lines + (now - allowance.at) * PER_S)
        allowance.at = now
        if allowance.lines < 1:
            allowance.unlogged += 1
            return
        allowance.lines -= 1
        if allowance.unlogged:
            fields["unlogged"] = allowance.unlogged
            allowance.unlogged = 0
        log.warning(event, **fields)
