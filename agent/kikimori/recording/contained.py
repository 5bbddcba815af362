"""Failures of the program in recording, kept away from the calls."""

from __future__ import annotations

from functools import wraps
from typing import TYPE_CHECKING, Concatenate, ParamSpec, TypeVar

import structlog

from kikimori.errors import place_of

if TYPE_CHECKING:
    from collections.abc import Callable

log = structlog.get_logger()

P = ParamSpec("P")


class Contained:
    """Owner of steps that never raise."""

    def __init__(self) -> None:
        self.failures = 0
        """Steps that failed; what they were about is missing in the journal."""
        self._failed_at: set[str] = set()

    def note_failure(self, step: str, error: Exception) -> None:
        """Count a failure. It is logged once for its place, as sound comes five times a second."""
        self.failures += 1
        where = f"{step}: {place_of(error)}"
        if where not in self._failed_at:
            self._failed_at.add(where)
            log.error("recording_failed", error=type(error).__name__, at=where)


Owner = TypeVar("Owner", bound=Contained)


def contained(step: Callable[Concatenate[Owner, P], None]) -> Callable[Concatenate[Owner, P], None]:
    """Let a failure of a step end that step alone: hearing and alerts of all calls go on."""

    @wraps(step)
    def never_raises(owner: Owner, /, *args: P.args, **kwargs: P.kwargs) -> None:
        try:
            step(owner, *args, **kwargs)
        except Exception as error:  # noqa: BLE001 - see above
            owner.note_failure(step.__name__, error)

    return never_raises
