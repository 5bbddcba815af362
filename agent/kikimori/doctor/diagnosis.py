"""What a check finds."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WITHIN_S = 5.0
"""How long anything in the network may take to answer."""


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One thing looked at."""

    check: str
    state: State
    detail: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """What belongs together and is looked at in one go."""

    name: str
    """Shown while it is looked at."""
    look: Callable[[], Awaitable[list[Diagnosis]]]
    """Never raises for what it finds."""
