"""Lanes and order of calls, computed on the server alone."""

from __future__ import annotations

import random
from datetime import timedelta

from tests.dashboard.site.test_state import alert, call, press
from tests.support.sample import NOON

from kikimori_core.wire.messages import Action, CallStatus, CommandResult, Outcome, Severity
from kikimori_dashboard.picture.order import CallLane, in_order, lane_of_call, order_text
from kikimori_dashboard.site.state import SiteState

BEFORE = NOON - timedelta(seconds=5)
AFTER = NOON + timedelta(seconds=5)


def lane(state: SiteState) -> CallLane:
    return lane_of_call(state, "c")


def answer(state: SiteState, action: Action, outcome: Outcome) -> None:
    pressed = press(action)
    state.take_press(pressed)
    state.take_result(
        CommandResult(command_id=pressed.command_id, call_id="c", action=action, outcome=outcome, at=NOON)
    )


def alarmed(status: CallStatus = CallStatus.TALKING) -> SiteState:
    state = SiteState()
    state.take_call(call("c", status=status))
    state.take_alert(alert("c", severity=Severity.CRITICAL, raised_at=BEFORE))
    return state


def test_a_call_stands_where_its_customer_is() -> None:
    state = SiteState()
    for status, expected in (
        (CallStatus.TALKING, CallLane.CALM),
        (CallStatus.ON_HOLD, CallLane.HELD),
        (CallStatus.TRANSFERRED, CallLane.TAKEN),
    ):
        state.take_call(call("c", status=status))
        assert lane(state) is expected
    state.take_alert(alert("c", severity=Severity.CRITICAL))
    assert lane(state) is CallLane.TAKEN
    state.take_call(call("c"))
    assert lane(state) is CallLane.ATTENTION


def test_a_notice_needs_no_decision() -> None:
    state = SiteState()
    state.take_call(call("c"))
    state.take_alert(alert("c", severity=Severity.NOTICE))
    assert lane(state) is CallLane.CALM


def test_a_hold_of_the_telephone_alone_decides_nothing_but_a_press_does() -> None:
    state = alarmed(CallStatus.ON_HOLD)
    assert lane(state) is CallLane.ATTENTION
    answer(state, Action.HOLD, Outcome.DONE)
    assert lane(state) is CallLane.HELD


def test_a_superiors_telephone_rings_until_there_is_an_answer() -> None:
    state = alarmed()
    state.take_press(press(Action.HOLD_TRANSFER))
    assert lane(state) is CallLane.RINGING
    state.take_call(call("c", status=CallStatus.ON_HOLD))
    assert lane(state) is CallLane.RINGING
    answer(state, Action.HOLD_TRANSFER, Outcome.FAILED)
    # Nobody answered: the customer waits, and somebody has to decide again.
    assert lane(state) is CallLane.ATTENTION


def test_a_press_without_an_answer_decides_nothing() -> None:
    state = alarmed(CallStatus.ON_HOLD)
    pressed = press(Action.TRANSFER)
    state.take_press(pressed)
    assert lane(state) is CallLane.RINGING
    state.press_unanswered(pressed)
    assert lane(state) is CallLane.ATTENTION


def test_what_is_raised_after_the_press_needs_a_decision_of_its_own() -> None:
    state = alarmed(CallStatus.ON_HOLD)
    answer(state, Action.HOLD, Outcome.DONE)
    assert lane(state) is CallLane.HELD
    state.take_alert(alert("c", alert_id="c.escalate.1", rule="escalate", raised_at=AFTER))
    assert lane(state) is CallLane.ATTENTION


def test_the_texts_sort_as_the_calls_stand() -> None:
    draw = random.Random(4)  # noqa: S311
    state = SiteState()
    for number in range(200):
        name = f"c{number}"
        status = draw.choice([CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TRANSFERRED])
        started = NOON - timedelta(seconds=draw.random() * 9000)
        state.take_call(call(name, status=status, started_at=started))
        if draw.random() < 0.6:
            raised = NOON + timedelta(microseconds=draw.randrange(2_000_000))
            state.take_alert(alert(name, severity=draw.choice(list(Severity)), raised_at=raised))
    assert sorted(state.calls, key=lambda each: order_text(state, each)) == in_order(state)
