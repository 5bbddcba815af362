"""Watch over a records service that runs alone: its problems, and that it does not say anything any more."""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING

import structlog

from kikimori_core.cancellation import run_cancellable
from kikimori_core.wire.messages import Problem
from kikimori_records.errors import StoreError
from kikimori_records.service_state import read_state

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_records.service_state import ServiceState
    from kikimori_records.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 5.0
SILENT_AFTER_S = 60.0
"""Time in s without a new state after which the service counts as stopped; it writes one every 10 s."""


class ServiceWatch:
    """Reader of the service's state. `run` it as long as there are pages."""

    def __init__(
        self,
        store: Store,
        changed: Callable[[], None],
        *,
        look_every_s: float = LOOK_EVERY_S,
        silent_after_s: float = SILENT_AFTER_S,
    ) -> None:
        """`changed` is called when `problems` returns others."""
        self.state: ServiceState | None = None
        """None = no service runs alone: agents tell the problems."""
        self._store = store
        self._changed = changed
        self._look_every_s = look_every_s
        self._silent_after_s = silent_after_s
        self._new_at = 0.0
        self._told: tuple[Problem, ...] = ()

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of the service; that it is silent, when it is."""
        return self._told

    @property
    def is_silent(self) -> bool:
        """Return whether the state is old: by the time for which it is the same, as the machines' clocks may differ."""
        return self.state is not None and time.monotonic() - self._new_at >= self._silent_after_s

    async def run(self) -> None:
        """Look until cancelled. While the database is away what was read last stays."""
        while True:
            try:
                await run_cancellable(self._look)
            except StoreError as error:
                log.info("state_not_read", error=type(error).__name__)
            await asyncio.sleep(self._look_every_s)

    async def _look(self) -> None:
        found = await read_state(self._store)
        if found is None or self.state is None or found.at != self.state.at:
            self._new_at = time.monotonic()
        self.state = found
        told = (Problem.of("records_service_silent"),) if self.is_silent else found.problems if found else ()
        if told != self._told:
            self._told = told
            self._changed()
