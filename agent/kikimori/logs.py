"""Structured logs on standard error: static event names with `call_id`, never transcripts or numbers."""

from __future__ import annotations

import logging
import sys
import time
from typing import TYPE_CHECKING, Literal

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

LogFormat = Literal["auto", "console", "json"]

FLOOD_LINES = 50
FLOOD_S = 60.0
"""Seconds in which at most `FLOOD_LINES` warnings of one kind are written, so that no peer fills the disk."""
_MOST_KINDS = 1000


class FloodGate:
    """Rate limit for warnings, a structlog processor: the first of a kind pass, the minute's rest is counted.

    A kind is an event and its `reason`. The last line that passes says so; the first of a later minute says how many
    were `left_out` meanwhile. What is said of every call (info) always passes.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._kinds: dict[tuple[str, str], tuple[float, int]] = {}
        """Start of the interval, and number of lines, by kind."""

    def __call__(
        self, _logger: structlog.typing.WrappedLogger, method: str, event: structlog.typing.EventDict
    ) -> structlog.typing.EventDict:
        if method in ("debug", "info"):
            return event
        kind = (str(event.get("event")), str(event.get("reason", "")))
        now = self._clock()
        since, count = self._kinds.pop(kind, (now, 0))
        if now - since >= FLOOD_S:
            if count > FLOOD_LINES:
                event["left_out"] = count - FLOOD_LINES
            since, count = now, 0
        count += 1
        if len(self._kinds) >= _MOST_KINDS:
            del self._kinds[next(iter(self._kinds))]
        self._kinds[kind] = since, count
        if count > FLOOD_LINES:
            raise structlog.DropEvent
        if count == FLOOD_LINES:
            event["flood"] = f"more of these are left out for up to {FLOOD_S:.0f} s"
        return event


def configure(level: str = "info", fmt: LogFormat = "auto") -> None:
    """`auto`: for people on a terminal, JSON lines otherwise (journald)."""
    if fmt == "auto":
        fmt = "console" if sys.stderr.isatty() else "json"
    renderer: structlog.types.Processor = (
        structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
        if fmt == "console"
        else structlog.processors.JSONRenderer(ensure_ascii=False)
    )
    numeric = logging.getLevelNamesMapping()[level.upper()]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            FloodGate(),
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            renderer,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(numeric),
        logger_factory=structlog.PrintLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    # Libraries speak through the standard logging; their chatter is not the operator's business.
    logging.basicConfig(level=logging.WARNING, stream=sys.stderr, format="%(name)s: %(message)s")
