"""The message about a change of an alert in a call."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from kikimori_core.judging.summary import with_summary
from kikimori_core.model.alert import alert_id
from kikimori_core.wire.messages import Alert

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_core.model.alert import AlertChange
    from kikimori_core.model.call import CallInfo


def alert_message(
    change: AlertChange, info: CallInfo, started_at: datetime, *, site: str, agent_id: str, run: str
) -> Alert:
    """Return an alert as it is published; `started_at`: wall clock at the call's first sample."""
    return Alert(
        alert_id=alert_id(info.call_id, run, change.rule, change.ordinal),
        call_id=info.call_id,
        site=site,
        agent_id=agent_id,
        rule=change.rule,
        rule_kind=change.rule_kind,
        title=change.title,
        severity=change.severity,
        state=change.state,
        revision=change.revision,
        raised_at=started_at + timedelta(seconds=change.raised_s),
        updated_at=started_at + timedelta(seconds=change.updated_s),
        raised_s=round(change.raised_s, 2),
        evidence=tuple(with_summary(each) for each in change.evidence),
        suggestion=change.suggestion,
        caller=info.caller,
        operator=info.operator,
        closed_because=change.closed_because,
    )
