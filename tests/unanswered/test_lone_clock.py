"""The agent's own clock for calls for help. Pure: times are given."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.sample import alert

from kikimori.unanswered.acted import ActedCalls
from kikimori.unanswered.alone import LoneClock
from kikimori_core.wire.messages import Action, Alert, AlertState, Command, CommandResult, Outcome

NOW = datetime.now(UTC)


def help_alert(alert_id: str, kind: str, state: AlertState = AlertState.OPEN) -> Alert:
    return alert(alert_id, call_id="c1", rule=kind, rule_kind=kind, state=state)


def pressed(action: Action, role: str) -> Command:
    return Command(
        command_id="x",
        call_id="c1",
        action=action,
        role=role,
        reply_to="r",
        issued_by="木村",
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=10),
    )


def came(action: Action, outcome: Outcome) -> CommandResult:
    return CommandResult(command_id="x", call_id="c1", action=action, outcome=outcome, at=NOW)


def clock() -> LoneClock:
    made = LoneClock(60)
    made.note(help_alert("a1", "escalate"), 100.0)
    return made


def test_only_a_call_for_help_is_due_and_only_after_its_time() -> None:
    made = clock()
    made.note(help_alert("a2", "shouting"), 100.0)
    # Another press of the button is the same call for help.
    made.note(help_alert("a1", "escalate"), 150.0)
    acted = ActedCalls()
    assert [made.due(now, acted) for now in (159.9, 160.0)] == [[], [("c1", "a1")]]
    made.again("a1", 170.0)
    assert [made.due(now, acted) for now in (169.0, 170.0)] == [[], [("c1", "a1")]]
    made.note(help_alert("a1", "escalate", AlertState.CLOSED), 171.0)
    assert made.due(1000.0, acted) == []


def test_a_clock_that_is_switched_off_is_never_due() -> None:
    made = LoneClock(0)
    made.note(help_alert("a1", "escalate"), 100.0)
    assert made.due(10_000.0, ActedCalls()) == []


@pytest.mark.parametrize(
    ("action", "role", "outcome", "answered"),
    [
        (Action.HOLD, "supervisor", Outcome.DONE, True),
        (Action.LISTEN, "supervisor", Outcome.DONE, True),
        (Action.HOLD_TRANSFER, "supervisor", Outcome.INSTRUCTED, True),
        (Action.HOLD_TRANSFER, "supervisor", Outcome.FAILED, False),
        # The operator's own hold is no answer: they still wait for somebody.
        (Action.HOLD, "operator", Outcome.DONE, False),
        (Action.ESCALATE, "supervisor", Outcome.DONE, False),
        (Action.RING_SUPERIOR, "clock", Outcome.DONE, False),
    ],
)
def test_a_call_is_answered_by_what_a_superior_did(
    action: Action, role: str, outcome: Outcome, *, answered: bool
) -> None:
    made, acted = clock(), ActedCalls()
    acted.note(pressed(action, role), came(action, outcome), 120.0)
    assert made.due(160.0, acted) == ([] if answered else [("c1", "a1")])


def test_what_was_done_before_the_call_for_help_is_no_answer() -> None:
    made, acted = clock(), ActedCalls()
    acted.note(pressed(Action.HOLD, "supervisor"), came(Action.HOLD, Outcome.DONE), 99.0)
    assert made.due(160.0, acted) == [("c1", "a1")]
