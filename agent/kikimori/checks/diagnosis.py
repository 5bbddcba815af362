"""Results of checks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

WITHIN_S = 5.0
"""Longest time in s that anything in the network may take to answer."""


class State(StrEnum):
    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """Result of one check."""

    check: str
    state: State
    detail: str
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class Subject:
    """Checks that belong together and run in one go."""

    name: str
    """Label that is shown while the checks run."""
    look: Callable[[], Awaitable[list[Diagnosis]]]
    """Function that runs the checks; it never raises for a fault that it finds."""
