"""Faults that were found of late in received journals, as a problem for people."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from kikimori_records.journals.faults import JournalFault

log = structlog.get_logger()

SHOWN_S = 24 * 3600.0
"""Time in s for which the faults of an agent are shown after the last one."""


class FaultNews:
    """Counts of faults by agent, since this process began."""

    def __init__(self) -> None:
        self._counts: dict[str, int] = {}
        self._codes: dict[str, set[str]] = {}
        self._last: dict[str, float] = {}

    def note(self, agent_id: str, faults: list[JournalFault]) -> None:
        """Count faults that stand in the database now."""
        codes = sorted({str(each.code) for each in faults})
        log.warning("journal_faults", agent_id=agent_id, codes=codes)
        if not self._is_shown(agent_id):
            self._counts[agent_id], self._codes[agent_id] = 0, set()
        self._counts[agent_id] += sum(each.count for each in faults)
        self._codes[agent_id].update(codes)
        self._last[agent_id] = time.monotonic()

    def problems(self) -> tuple[Problem, ...]:
        return tuple(
            Problem.of(
                "records_faults",
                agent_id=each,
                count=self._counts[each],
                codes=", ".join(sorted(self._codes[each])),
            )
            for each in sorted(self._counts)
            if self._is_shown(each)
        )

    def _is_shown(self, agent_id: str) -> bool:
        last = self._last.get(agent_id)
        return last is not None and time.monotonic() - last < SHOWN_S
