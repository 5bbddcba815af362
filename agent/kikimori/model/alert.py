"""What judging gives: every change in the life of an alert."""

from __future__ import annotations

from dataclasses import dataclass

from kikimori_wire.messages import Action, AlertState, ClosedBecause, Evidence, Severity

__all__ = ["Action", "AlertChange", "AlertState", "ClosedBecause", "Evidence", "Severity"]


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
