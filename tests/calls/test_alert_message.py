"""Message about a change of an alert."""

from __future__ import annotations

from datetime import UTC, datetime

from kikimori.calls.alert_message import alert_message
from kikimori_core.model.alert import AlertChange, AlertState, Severity
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Alert, AnsweredEvidence, Role, WordsEvidence

SAID = WordsEvidence(
    start_s=10, end_s=12, role=Role.CUSTOMER, text="返金して", matched="返金", category="refund"
)


def counted(*times_s: float) -> AnsweredEvidence:
    return AnsweredEvidence(start_s=times_s[0], end_s=times_s[-1] + 2, count=len(times_s), times_s=times_s)


def message(*evidence: WordsEvidence | AnsweredEvidence) -> Alert:
    change = AlertChange(
        rule="repeated-demand",
        rule_kind="repeated",
        title={"ja": "同じ要求の繰り返し"},
        ordinal=1,
        revision=2,
        severity=Severity.WARNING,
        state=AlertState.OPEN,
        raised_s=31,
        updated_s=33,
        evidence=evidence,
        suggestion=None,
    )
    began = datetime(2026, 11, 24, tzinfo=UTC)
    return alert_message(change, CallInfo(call_id="c", tap="test"), began, site="main", agent_id="a", run="r")


def test_a_count_that_a_later_one_takes_back_is_not_told() -> None:
    """The operator agreed to the first: the demand counts anew from the second. Another demand stands beside it."""
    early, other, now = counted(10, 20, 30), counted(400, 420, 440), counted(20, 30)
    told = message(SAID, early, other, now).evidence
    times = [each.times_s for each in told if isinstance(each, AnsweredEvidence)]
    assert times == [other.times_s, now.times_s]
    assert told[0].start_s == SAID.start_s
