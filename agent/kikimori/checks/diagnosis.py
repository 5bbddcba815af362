"""Results of checks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.model.diagnosis import CheckState, Diagnosis

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

__all__ = ["WITHIN_S", "CheckState", "Diagnosis", "Subject"]

WITHIN_S = 5.0
"""Longest time in s that anything in the network may take to answer."""


@dataclass(frozen=True, slots=True)
class Subject:
    """Checks that belong together and run in one go."""

    name: str
    """Label that is shown while the checks run."""
    look: Callable[[], Awaitable[list[Diagnosis]]]
    """Function that runs the checks; it never raises for a fault that it finds."""
