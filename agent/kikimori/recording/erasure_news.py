"""Erasures of the records service, carried out in the journals that the agent still has."""

from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING

import structlog

from kikimori_core.journal.sink import SinkRefusal

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Sequence

    from kikimori_core.journal.sink import JournalSink

log = structlog.get_logger()

ASK_EVERY_S = 60.0
"""Interval between questions about a run; by them the service also knows that the agent is there."""


class ErasureNews:
    """Calls that the records service has erased, asked for and erased here too."""

    def __init__(
        self,
        agent_id: str,
        sink: JournalSink,
        live: str,
        erase: Callable[[str, int], Awaitable[None]],
        *,
        ask_every_s: float = ASK_EVERY_S,
    ) -> None:
        """Prepare for `look`.

        Args:
            agent_id: The agent's id.
            sink: Receiver of the journals.
            live: Name of the present run.
            erase: Has a call erased from the journal of a run; raises OSError.
            ask_every_s: Interval between questions.
        """
        self._agent_id = agent_id
        self._sink = sink
        self._live = live
        self._erase = erase
        self._ask_every_s = ask_every_s
        self._asked: dict[str, float] = {}
        """Time of the monotonic clock of the last question, by run."""
        self._done: set[tuple[str, int]] = set()
        """Calls that are erased, or noted to be; forgotten with the process: to erase again changes nothing."""

    async def look(self, runs: Sequence[str]) -> None:
        """Ask about the runs with journals, and the present one, where it is time.

        Raises:
            SinkAwayError: the service cannot be reached.
            OSError: the agent's own disk.
        """
        for run in {**dict.fromkeys(runs), self._live: None}:
            now = time.monotonic()
            if now - self._asked.get(run, -math.inf) < self._ask_every_s:
                continue
            try:
                keys = await self._sink.erased(self._agent_id, run)
            except SinkRefusal as error:
                # Such as while its database is away: it takes journals all the same.
                log.info("erasures_not_told", code=str(error.code))
                keys = ()
            for key in keys:
                if (run, key) not in self._done:
                    await self._erase(run, key)
                    self._done.add((run, key))
                    log.info("call_erased_by_records", run=run, call=key)
            self._asked[run] = now
