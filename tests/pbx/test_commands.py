"""What a press does: to a call, on a telephone without control, and when it makes no sense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from tests.support.told import PHRASES, RULES

from kikimori.calls.desk import Desk, DeskSettings
from kikimori.commands import CommandHandler
from kikimori.model.call import CallInfo, EndReason, LegInfo, Role
from kikimori.pbx.manual import DEFAULT_INSTRUCTIONS, ManualControl
from kikimori_wire.messages import Action, Alert, CallState, CallStatus, Command, Outcome, TranscriptLine

NOW = datetime.now(UTC)


class Nobody:
    """Nobody listens."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    def call_changed(self, state: CallState) -> None: ...

    def alert_changed(self, alert: Alert) -> None:
        self.alerts.append(alert)

    def line(self, line: TranscriptLine) -> None: ...


def command(action: Action, call: str = "c1", target: str | None = None) -> Command:
    return Command(
        command_id="x",
        call_id=call,
        action=action,
        target=target,
        reply_to="kikimori/v2/test/dashboards/d/replies/agent",
        issued_by="operator 204",
        issued_at=NOW,
        expires_at=NOW + timedelta(seconds=10),
    )


@pytest.fixture
async def desk() -> Desk:
    made = Desk(DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, Nobody(), None)
    made.open_leg(LegInfo(CallInfo(call_id="c1", tap="test"), Role.OPERATOR, 8000))
    return made


async def test_a_telephone_without_control_is_pressed_by_hand(desk: Desk) -> None:
    handler = CommandHandler(desk, ManualControl(), "200")
    result = await handler.handle(command(Action.HOLD_TRANSFER))
    assert (result.outcome, result.command_id) == (Outcome.INSTRUCTED, "x")
    assert result.detail is not None
    assert "内線 200" in result.detail
    # Nobody knows whether the operator did it: the call stays as it was.
    assert desk.calls["c1"].status is CallStatus.TALKING
    other = await handler.handle(command(Action.TRANSFER, target="777"))
    assert "777" in (other.detail or "")
    await desk.close()


async def test_an_office_has_its_own_words(desk: Desk) -> None:
    control = ManualControl({Action.HOLD: "赤いボタン"})
    assert set(control.capabilities) == set(DEFAULT_INSTRUCTIONS)
    result = await CommandHandler(desk, control, "200").handle(command(Action.HOLD))
    assert result.detail == "赤いボタン"
    await desk.close()


async def test_escalate_is_done_here(desk: Desk) -> None:
    result = await CommandHandler(desk, ManualControl(), "200").handle(command(Action.ESCALATE))
    assert result.outcome is Outcome.DONE
    listener = desk._listener
    assert isinstance(listener, Nobody)
    assert [each.rule for each in listener.alerts] == ["escalate"]
    await desk.close()


@pytest.mark.parametrize(
    ("status", "action", "reason"),
    [
        (CallStatus.TRANSFERRED, Action.TRANSFER, "already_transferred"),
        (CallStatus.TRANSFERRED, Action.HOLD_TRANSFER, "already_transferred"),
        (CallStatus.ON_HOLD, Action.HOLD, "already_on_hold"),
        (CallStatus.TALKING, Action.UNHOLD, "not_on_hold"),
    ],
)
async def test_two_supervisors_press_at_once(
    desk: Desk, status: CallStatus, action: Action, reason: str
) -> None:
    desk.calls["c1"].set_status(status)
    result = await CommandHandler(desk, ManualControl(), "200").handle(command(action))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, reason)
    await desk.close()


async def test_the_telephones_own_key_does_not_undo_what_was_pressed(desk: Desk) -> None:
    """The operator who waits in the music presses hold and takes it back; the customer goes on hearing music."""
    call = desk.calls["c1"]
    call.set_status(CallStatus.ON_HOLD)
    desk.held("c1", on_hold=True)
    desk.held("c1", on_hold=False)
    assert call.status is CallStatus.ON_HOLD
    call.set_status(CallStatus.TALKING)
    desk.held("c1", on_hold=True)
    assert call.status is CallStatus.ON_HOLD
    # Held by key first, then by a press.
    call.set_status(CallStatus.ON_HOLD)
    desk.held("c1", on_hold=False)
    assert call.status is CallStatus.ON_HOLD
    await desk.close()


async def test_the_telephones_own_key_alone(desk: Desk) -> None:
    seen = []
    for on_hold in (True, True, False, False):
        desk.held("c1", on_hold=on_hold)
        seen.append(desk.calls["c1"].status)
    assert seen == [CallStatus.ON_HOLD, CallStatus.ON_HOLD, CallStatus.TALKING, CallStatus.TALKING]
    await desk.close()


async def test_a_call_that_is_over(desk: Desk) -> None:
    for leg in list(desk.calls["c1"].legs):
        leg.close(EndReason.HUNG_UP)
    await desk.hear_all()
    for call in ("c1", "never-was"):
        result = await CommandHandler(desk, ManualControl(), "200").handle(command(Action.HOLD, call))
        assert (result.outcome, result.reason) == (Outcome.REFUSED, "no_such_call")
    await desk.close()
