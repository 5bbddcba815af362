"""Rank, order and lane of calls, for all pages: computed here and nowhere else."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from kikimori_core.wire.actions import Lane
from kikimori_core.wire.messages import CallStatus, Severity

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_dashboard.site.presses import Press
    from kikimori_dashboard.site.state import SiteState

NEEDS_DECISION = 2
"""Urgency from which somebody has to decide."""


class CallLane(StrEnum):
    """Place of a call on the supervisor's page."""

    ATTENTION = "attention"
    """It needs a decision."""
    HELD = "held"
    RINGING = "ringing"
    """A superior's telephone rings for it."""
    TAKEN = "taken"
    """A superior has it."""
    CALM = "calm"


def in_order(state: SiteState) -> list[str]:
    """Return the calls in order: the greatest need of a decision first; among equals the longest wait."""

    def place(call_id: str) -> tuple[int, int, datetime, str]:
        urgency, rank, since = _need(state, call_id)
        return (-urgency, -rank, since, call_id)

    return sorted(state.calls, key=place)


def order_text(state: SiteState, call_id: str) -> str:
    """Return a text by which calls sort as in `in_order`."""
    urgency, rank, since = _need(state, call_id)
    return f"{9 - urgency}{8 - rank}{int(since.timestamp() * 1_000_000):017d}{call_id}"


def _need(state: SiteState, call_id: str) -> tuple[int, int, datetime]:
    """Return urgency, rank of the severity (-1 = none) and begin of the wait."""
    alerts = state.open_alerts(call_id)
    severity, urgency = state.standing(call_id)
    rank = -1 if severity is None else severity.rank
    return (urgency, rank, alerts[0].raised_at if alerts else state.calls[call_id].state.started_at)


def lane_of_call(state: SiteState, call_id: str) -> CallLane:
    """Return a call's lane.

    A press that moves the customer is a decision: the call is among those that were moved until the press fails, or
    something is raised that is later. A hold by the telephone alone decides nothing about an alert.
    """
    status = state.calls[call_id].state.status
    if status is CallStatus.TRANSFERRED:
        return CallLane.TAKEN
    press = state.presses.last(call_id, Lane.MOVE)
    undecided = _undecided(state, call_id, press)
    if press is not None and press.rings and not undecided:
        return CallLane.RINGING
    decided = status is CallStatus.ON_HOLD and press is not None and not press.failed and not undecided
    if state.urgency(call_id) >= NEEDS_DECISION and not decided:
        return CallLane.ATTENTION
    return CallLane.HELD if status is CallStatus.ON_HOLD else CallLane.CALM


def _undecided(state: SiteState, call_id: str, press: Press | None) -> bool:
    """Return whether something was raised since the last press."""
    return any(
        each.severity.rank >= Severity.WARNING.rank and (press is None or each.raised_at > press.issued_at)
        for each in state.open_alerts(call_id)
    )
