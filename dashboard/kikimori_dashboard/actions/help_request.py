"""The operator's request for help in a call, and whether somebody acts on it. Pure: reads the state, changes nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.actions import Lane
from kikimori_core.wire.messages import CallStatus
from kikimori_core.wire.values import HELP_KIND

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.site.state import SiteState


def help_request(state: SiteState, call_id: str) -> Alert | None:
    """Return the open request for help of a call."""
    return next((each for each in state.open_alerts(call_id) if each.rule_kind == HELP_KIND), None)


def is_acted_on(state: SiteState, call_id: str) -> bool:
    """Return whether somebody has acted on a call's request for help: claimed it, or moved the customer since.

    A press that was refused or failed is none: the customer is where they were.
    """
    alert, entry = help_request(state, call_id), state.calls.get(call_id)
    if alert is None or entry is None:
        return False
    if state.alert_book.claim_of(alert.alert_id) is not None or entry.state.status is CallStatus.TRANSFERRED:
        return True
    press = state.presses.last(call_id, Lane.MOVE)
    return press is not None and not press.failed and press.issued_at >= alert.raised_at
