"""The order of calls on the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_dashboard.state import SiteState


def in_order(state: SiteState) -> list[str]:
    """Return the calls in order: the greatest need of a decision first; among equals the longest wait."""

    def place(call_id: str) -> tuple[int, int, datetime, str]:
        alerts = state.open_alerts(call_id)
        severity, urgency = state.standing(call_id)
        rank = -1 if severity is None else severity.rank
        since = alerts[0].raised_at if alerts else state.calls[call_id].state.started_at
        return (-urgency, -rank, since, call_id)

    return sorted(state.calls, key=place)
