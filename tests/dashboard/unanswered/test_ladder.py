"""Steps of alerts that nobody answers, and what answers them. Pure: times are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from tests.support import sample

from kikimori_core.wire.messages import Action, Alert, AlertState, CallStatus, Outcome, Severity
from kikimori_core.wire.unanswered import UnansweredTable
from kikimori_dashboard.site.presses import Press
from kikimori_dashboard.unanswered.answered import is_answered, needs_answer
from kikimori_dashboard.unanswered.ladder import UnansweredLadder

NOON = datetime(2026, 11, 20, 3, 0, tzinfo=UTC)


def after(seconds: float) -> datetime:
    return NOON + timedelta(seconds=seconds)


def came(ladder: UnansweredLadder, seconds: float) -> tuple[bool, ...] | None:
    steps = ladder.steps("a", after(seconds))
    return None if steps is None else (steps.louder, steps.hold, steps.ring)


def test_each_step_comes_at_its_time() -> None:
    ladder = UnansweredLadder(UnansweredTable())
    assert came(ladder, 0) is None
    ladder.begin("a", NOON)
    # Another revision of the alert is no new beginning.
    assert ladder.begin("a", after(50)) == NOON
    assert [came(ladder, seconds) for seconds in (14.9, 15, 30, 59, 60)] == [
        (False, False, False),
        (True, False, False),
        (True, True, False),
        (True, True, False),
        (True, True, True),
    ]


def test_each_step_can_be_switched_off() -> None:
    ladder = UnansweredLadder(UnansweredTable(louder_after_s=0, ring_after_s=0))
    ladder.begin("a", NOON)
    assert came(ladder, 3000) == (False, True, False)


def test_an_answer_ends_the_steps_and_its_end_begins_them_anew() -> None:
    ladder = UnansweredLadder(UnansweredTable())
    ladder.begin("a", NOON)
    ladder.answer("a")
    assert came(ladder, 100) is None
    assert ladder.begin("a", after(100)) == NOON
    ladder.take_up_again("a", after(100))
    assert came(ladder, 114) == (False, False, False)
    assert came(ladder, 115) == (True, False, False)
    # While it waits there is nothing to take up again.
    ladder.take_up_again("a", after(120))
    assert came(ladder, 116) == (True, False, False)
    ladder.keep_only(["b"])
    assert came(ladder, 1000) is None


def alert(**fields: Any) -> Alert:
    return sample.alert("a", **fields)


def test_which_alerts_need_an_answer() -> None:
    table, help_alone = UnansweredTable(), UnansweredTable(critical=False)
    critical = alert(severity=Severity.CRITICAL)
    button = alert(severity=Severity.WARNING, rule_kind="escalate")
    assert [needs_answer(each, table) for each in (critical, button)] == [True, True]
    assert [needs_answer(each, help_alone) for each in (critical, button)] == [False, True]
    assert not needs_answer(alert(severity=Severity.WARNING), table)
    assert not needs_answer(alert(severity=Severity.CRITICAL, state=AlertState.CLOSED), table)


def press(action: Action, *, role: str = "supervisor", at: float = 10, **fields: Any) -> Press:
    return Press("x", "c", action, "木村", after(at), role=role, **fields)


def done(action: Action, outcome: Outcome = Outcome.DONE, **fields: Any) -> Press:
    result = sample.result(action=action, outcome=outcome, reason=None)
    return press(action, result=result, **fields)


@pytest.mark.parametrize(
    ("made", "answered"),
    [
        (done(Action.HOLD), True),
        (done(Action.LISTEN), True),
        (done(Action.HOLD_TRANSFER, Outcome.INSTRUCTED), True),
        (press(Action.HOLD_TRANSFER), True),
        # Whose superior did not answer, nobody has helped.
        (done(Action.HOLD_TRANSFER, Outcome.FAILED), False),
        (press(Action.HOLD, unanswered=True), False),
        (done(Action.HOLD, role="operator"), False),
        (done(Action.HOLD, at=-1), False),
        (done(Action.ACCOMMODATE), False),
        (done(Action.ESCALATE), False),
    ],
)
def test_which_presses_are_an_answer(made: Press, *, answered: bool) -> None:
    assert is_answered(sample.call("c"), NOON, [made], ()) is answered


def test_a_claim_and_a_superior_in_the_call_are_an_answer() -> None:
    call = sample.call("c")
    assert not is_answered(call, NOON, [], ("unanswered",))
    assert is_answered(call, NOON, [], ("claim",))
    assert is_answered(call, NOON, [], ("false_alarm",))
    assert is_answered(sample.call("c", status=CallStatus.TRANSFERRED), NOON, [], ())
    # Nobody is helped by the customer's music alone.
    assert not is_answered(sample.call("c", status=CallStatus.ON_HOLD), NOON, [], ())
