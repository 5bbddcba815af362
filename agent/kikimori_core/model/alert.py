"""Output of judging: every change in the life of an alert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from uuid import NAMESPACE_URL, uuid5

from kikimori_core.wire.messages import Action, AlertState, ClosedBecause, Evidence, Severity

if TYPE_CHECKING:
    from datetime import datetime

__all__ = [
    "Action",
    "AlertChange",
    "AlertState",
    "ClosedBecause",
    "Evidence",
    "Severity",
    "alert_id",
    "run_name",
]


@dataclass(frozen=True, slots=True)
class AlertChange:
    """An alert as it stands after a change. `ordinal` counts the alerts of one rule in one call from 1."""

    rule: str
    rule_kind: str
    title: dict[str, str]
    ordinal: int
    revision: int
    severity: Severity
    state: AlertState
    raised_s: float
    updated_s: float
    evidence: tuple[Evidence, ...]
    suggestion: Action | None
    closed_because: ClosedBecause | None = None


LONGEST_ID = 128
_DIGITS = "0123456789abcdefghijklmnopqrstuvwxyz"


def run_name(started_at: datetime) -> str:
    """Return a short name for one run of an agent: another one for each millisecond in which it could have started."""
    return name_of_number(int(started_at.timestamp() * 1000))


def name_of_number(number: int) -> str:
    """Return a number of more than 0 in base 36, with small letters."""
    rest, name = number, ""
    while rest:
        rest, digit = divmod(rest, len(_DIGITS))
        name = _DIGITS[digit] + name
    return name


def alert_id(call_id: str, run: str, rule: str, ordinal: int) -> str:
    """Return the id of an alert: the same for the same call, run of the agent, rule and ordinal.

    Without the run (analysis of a recording, which is the same whenever it is made) it is left out. A call's name that
    would make it too long for a topic gives way to a UUID derived from it.
    """
    rest = ".".join([*filter(None, [run]), rule, str(ordinal)])
    made = f"{call_id}.{rest}"
    return made if len(made) <= LONGEST_ID else f"{uuid5(NAMESPACE_URL, f'kikimori:{call_id}')}.{rest}"
