"""Alerts that need an answer, and acts of superiors that give it. Pure: no clock."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.actions import answers_help
from kikimori_core.wire.messages import AlertState, CallStatus, Severity
from kikimori_core.wire.values import HELP_KIND

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from kikimori_core.wire.messages import Alert, CallState
    from kikimori_core.wire.unanswered import UnansweredTable
    from kikimori_dashboard.site.presses import Press

MARKS = ("claim", "false_alarm")
"""Marks of people that answer an alert."""


def needs_answer(alert: Alert, table: UnansweredTable) -> bool:
    """Return whether somebody must answer an alert."""
    if alert.state is AlertState.CLOSED:
        return False
    return alert.rule_kind == HELP_KIND or (table.critical and alert.severity is Severity.CRITICAL)


def is_answered(call: CallState, since: datetime, presses: Iterable[Press], marks: Collection[str]) -> bool:
    """Return whether a superior has acted on a call since its alert.

    Args:
        call: The call.
        since: Time of the alert.
        presses: Those of the call; one that failed was no act, one that is under way is.
        marks: Kinds of marks on the alerts of the call.
    """
    if call.status is CallStatus.TRANSFERRED or any(each in marks for each in MARKS):
        return True
    return any(_answers(each) for each in presses if each.issued_at >= since)


def _answers(press: Press) -> bool:
    return not press.failed and answers_help(press.action, press.role)
