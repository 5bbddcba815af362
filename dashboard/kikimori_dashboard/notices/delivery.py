"""Delivery to one target: a bounded queue, attempts with back-off, and the problem while it fails."""

from __future__ import annotations

import asyncio
from collections import deque
from typing import TYPE_CHECKING, Protocol

import structlog

from kikimori_core.cancellation import run_cancellable
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_dashboard.notices.notice import Notice

log = structlog.get_logger()

MOST_WAITING = 100
FIRST_RETRY_S, LAST_RETRY_S = 1.0, 60.0
LONGEST_S = 900.0
"""Seconds after which a notice is not told any more: a quarter of an hour later it would only confuse."""


class NotDeliveredError(Exception):
    """A target did not take a notice. `cause` is a stable code; it never holds an address or an answer's words."""

    def __init__(self, cause: str, *, final: bool = False, after_s: float = 0.0) -> None:
        """`final`: another attempt would fail likewise; `after_s`: the target asks for so many seconds' patience."""
        super().__init__(cause)
        self.cause = cause
        self.final = final
        self.after_s = after_s


class NoticeSender(Protocol):
    name: str

    async def send(self, notice: Notice) -> None:
        """Send once, within some seconds; raises NotDeliveredError."""


class NoticeDelivery:
    """Delivery to one target, independent of the others."""

    def __init__(
        self,
        sender: NoticeSender,
        problems_changed: Callable[[], None],
        *,
        first_retry_s: float = FIRST_RETRY_S,
        longest_s: float = LONGEST_S,
    ) -> None:
        self._sender = sender
        self._problems_changed = problems_changed
        self._first_retry_s = first_retry_s
        self._longest_s = longest_s
        self._waiting: deque[tuple[float, Notice]] = deque(maxlen=MOST_WAITING)
        """Notices with the loop's time at which each was put in; of too many the oldest is dropped."""
        self._came = asyncio.Event()
        self._cause = ""
        self.dropped = 0

    def put(self, notice: Notice) -> None:
        """Queue a notice; returns at once."""
        if len(self._waiting) == MOST_WAITING:
            self._drop("queue_full")
        self._waiting.append((asyncio.get_running_loop().time(), notice))
        self._came.set()

    def problems(self) -> list[Problem]:
        """Return the reason for which the target gets nothing; none while it does."""
        if not self._cause:
            return []
        return [
            Problem.of("notify_failing", target=self._sender.name, fault=self._cause, dropped=self.dropped)
        ]

    async def run(self) -> None:
        """Deliver until cancelled."""
        while True:
            await self._came.wait()
            self._came.clear()
            while self._waiting:
                since, notice = self._waiting.popleft()
                await self._deliver(notice, since + self._longest_s)

    async def _deliver(self, notice: Notice, until: float) -> None:
        """Try until it is taken, is too late, or will never be taken."""
        clock = asyncio.get_running_loop().time
        wait_s = self._first_retry_s
        while True:
            try:
                await run_cancellable(lambda: self._sender.send(notice))
            except NotDeliveredError as error:
                failure = error
            except Exception as error:  # noqa: BLE001 - a fault in one target must end no other
                failure = NotDeliveredError(type(error).__name__)
            else:
                self._set_cause("")
                return
            self._set_cause(failure.cause)
            pause_s = max(wait_s, failure.after_s)
            if failure.final or clock() + pause_s > until:
                self._drop(failure.cause)
                return
            await asyncio.sleep(pause_s)
            wait_s = min(wait_s * 2, LAST_RETRY_S)

    def _drop(self, cause: str) -> None:
        self.dropped += 1
        log.warning("notice_dropped", target=self._sender.name, cause=cause)

    def _set_cause(self, cause: str) -> None:
        if cause != self._cause:
            self._cause = cause
            log.warning("notify_target", target=self._sender.name, cause=cause or "none")
            self._problems_changed()
