"""Messages of browsers about themselves: a ping, the alerts that are on the screen."""

from __future__ import annotations

import json
from typing import Literal

from pydantic import BaseModel, ConfigDict, ValidationError

MAX_PING = 1e15
"""Largest number of a ping, more than any browser's clock in milliseconds."""


class DrawnAlerts(BaseModel):
    """Message of a supervisor's page: the alerts that it has drawn, with their revisions."""

    model_config = ConfigDict(extra="forbid")

    type: Literal["drawn"]
    alerts: dict[str, int]


def read_ping(text: str) -> float | None:
    """Return the number of a ping; None when the message is something else."""
    try:
        ping = json.loads(text)
    except (ValueError, RecursionError):
        return None
    match ping:
        case {"type": "ping", "at": int() | float() as at} if (
            not isinstance(at, bool) and abs(at) <= MAX_PING
        ):
            return at
    return None


def read_drawn(text: str) -> DrawnAlerts | None:
    """Return the alerts that a page has drawn; None when the message is something else."""
    try:
        return DrawnAlerts.model_validate_json(text)
    except ValidationError:
        return None
