"""Background tasks that are started again when they fail: one that has a fault must not end the calls."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import first_of, place_of
from kikimori_core.cancellation import run_cancellable
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

log = structlog.get_logger()

FIRST_RETRY_S = 0.5
LAST_RETRY_S = 30.0
CALM_S = 60.0
"""Seconds of running after which a task counts as recovered: its problem is dropped, the next retry is
quick."""


@dataclass(slots=True)
class _Failure:
    """Last failure of one task."""

    error: str
    times: int
    at: float
    """Time of the failure, by the loop's clock."""


class Supervisor:
    """Runs tasks until they are cancelled or return, and starts those again that fail."""

    def __init__(self, *, first_retry_s: float = FIRST_RETRY_S, last_retry_s: float = LAST_RETRY_S) -> None:
        self._first_retry_s = first_retry_s
        self._last_retry_s = last_retry_s
        self._failures: dict[str, _Failure] = {}
        self.restarts = 0

    async def keep(
        self,
        name: str,
        run: Callable[[], Awaitable[None]],
        *,
        last_retry_s: float | None = None,
        fatal: Callable[[Exception], bool] | None = None,
    ) -> None:
        """Run until it returns. After a failure wait 0.5 s, doubling up to 30 s or `last_retry_s`, and run it again.

        Raises:
            Exception: one for which `fatal` is true.
        """
        loop = asyncio.get_running_loop()
        wait_s = self._first_retry_s
        longest_s = self._last_retry_s if last_retry_s is None else last_retry_s
        while True:
            began = loop.time()
            try:
                await run_cancellable(run)
            except Exception as error:
                if fatal is not None and fatal(error):
                    raise
                if loop.time() - began > CALM_S:
                    wait_s = self._first_retry_s
                self._note(name, error, wait_s)
            else:
                return
            await asyncio.sleep(wait_s)
            wait_s = min(wait_s * 2, longest_s)
            self.restarts += 1

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems of tasks that failed lately."""
        now = asyncio.get_running_loop().time()
        for name in [name for name, failure in self._failures.items() if now - failure.at > CALM_S]:
            del self._failures[name]
        return tuple(
            Problem.of("task_failed", name=name, error=failure.error, times=failure.times)
            for name, failure in sorted(self._failures.items())
        )

    def _note(self, name: str, error: Exception, retry_in_s: float) -> None:
        # Not the error's text, which may quote a telephone number.
        first = first_of(error)
        log.error(
            "task_failed",
            task=name,
            error=type(first).__name__,
            at=place_of(first),
            retry_in_s=retry_in_s,
        )
        now = asyncio.get_running_loop().time()
        known = self._failures.get(name)
        times = known.times + 1 if known is not None and now - known.at <= CALM_S else 1
        self._failures[name] = _Failure(type(first).__name__, times, now)
