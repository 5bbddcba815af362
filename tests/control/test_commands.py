"""Effect of a press: on a call, on a telephone without control, and when it makes no sense."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support.told import PHRASES, RULES

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.commands import CommandHandler
from kikimori.config import read_config
from kikimori.control.move_limit import MoveLimit
from kikimori.control.pbx_control import PbxAnswer
from kikimori.control.targets import TargetPolicy
from kikimori.doctor.targets import look_at_targets
from kikimori.integrations.manual.control import DEFAULT_INSTRUCTIONS, ManualControl
from kikimori_core.errors import ConfigError
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role
from kikimori_core.wire.messages import Action, Alert, CallState, CallStatus, Command, Outcome, TranscriptLine

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.control.pbx_control import PbxRequest

NOW = datetime.now(UTC)


class Nobody:
    """Nobody listens."""

    def __init__(self) -> None:
        self.alerts: list[Alert] = []

    def call_changed(self, state: CallState) -> None: ...

    def alert_changed(self, alert: Alert) -> None:
        self.alerts.append(alert)

    def line(self, line: TranscriptLine) -> None: ...


def command(
    action: Action, call: str = "c1", target: str | None = None, reason: str | None = None
) -> Command:
    return Command(
        command_id="x",
        call_id=call,
        action=action,
        target=target,
        reason=reason,
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
    other = CommandHandler(desk, ManualControl(), "200", targets=TargetPolicy(["7??"]))
    assert "777" in ((await other.handle(command(Action.TRANSFER, target="777"))).detail or "")
    await desk.close()


async def test_an_office_has_its_own_words(desk: Desk) -> None:
    control = ManualControl({Action.HOLD: "赤いボタン"})
    assert set(control.capabilities) == set(DEFAULT_INSTRUCTIONS)
    told = {each.action: each.text for each in control.keys}
    assert told == {action.value: text for action, text in DEFAULT_INSTRUCTIONS.items()} | {
        "hold": "赤いボタン"
    }
    result = await CommandHandler(desk, control, "200").handle(command(Action.HOLD))
    assert result.detail == "赤いボタン"
    await desk.close()


async def test_no_command_reaches_a_call_that_may_be_another_ones(desk: Desk) -> None:
    doubted = CallInfo(call_id="c1", tap="mirror", identity="uncertain")
    desk.open_leg(LegInfo(doubted, Role.CUSTOMER, 8000))
    result = await CommandHandler(desk, ManualControl(), "200").handle(command(Action.HOLD))
    assert (result.outcome, result.reason) == (Outcome.REFUSED, "not_supported")
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


# --- toll fraud

OUTSIDE = (
    "09901234567",
    "0081312345678",
    "+4420123456",
    "*21*0990123456#",
    "200@evil.example",
    "*9",
    "0312345678",
)


class Everything(ManualControl):
    """A telephone that would dial anything."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: list[str] = []

    @property
    def capabilities(self) -> tuple[Action, ...]:
        return tuple(Action)

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        del changed
        self.asked.append(request.target)
        return PbxAnswer(Outcome.DONE)


@pytest.mark.parametrize("internal", [("200",), ("2??",), ("2*", "*"), ("?*",)])
@pytest.mark.parametrize("target", OUTSIDE)
async def test_no_action_rings_what_is_not_of_the_house(
    desk: Desk, target: str, internal: tuple[str, ...]
) -> None:
    control = Everything()
    handler = CommandHandler(desk, control, "200", targets=TargetPolicy(internal), gap_s=0)
    for action in Action:
        result = await handler.handle(command(action, target=target, reason="threat"))
        assert result.outcome is Outcome.REFUSED, action
        assert result.reason in ("forbidden_target", "not_internal"), action
    # And where the office's own file has it as the superior.
    by_file = CommandHandler(desk, control, target, targets=TargetPolicy(internal), gap_s=0)
    for action in (Action.TRANSFER, Action.HOLD_TRANSFER, Action.LISTEN, Action.WHISPER, Action.BARGE):
        assert (await by_file.handle(command(action, reason="threat"))).outcome is Outcome.REFUSED
    assert control.asked == []
    await desk.close()


async def test_an_outside_number_is_rung_where_the_file_names_it_and_with_a_reason(desk: Desk) -> None:
    control = Everything()
    targets = TargetPolicy(["200"], ["0312345678"])
    handler = CommandHandler(desk, control, "200", targets=targets, gap_s=0)
    reasons = [
        (await handler.handle(command(Action.TRANSFER, target="0312345678", reason=reason))).reason
        for reason in (None, "night")
    ]
    listening = await handler.handle(command(Action.LISTEN, target="0312345678", reason="night"))
    assert (reasons, listening.reason, control.asked) == (["no_reason", None], "not_internal", ["0312345678"])
    await desk.close()


async def test_what_cuts_in_carries_a_reason(desk: Desk) -> None:
    control = Everything()
    handler = CommandHandler(desk, control, "200", gap_s=0)
    for action in (Action.HANG_UP, Action.BARGE):
        assert (await handler.handle(command(action))).reason == "no_reason"
        assert (await handler.handle(command(action, reason="threat"))).outcome is Outcome.DONE
    await desk.close()


async def test_a_call_is_moved_once_in_two_seconds(desk: Desk) -> None:
    moves = MoveLimit()
    assert [moves.allow(Action.HOLD, "c1", at) for at in (10.0, 11.9, 12.0)] == [True, False, True]
    assert moves.allow(Action.HOLD, "c2", 11.9)
    assert moves.allow(Action.LISTEN, "c1", 12.1)
    handler = CommandHandler(desk, Everything(), "200", gap_s=1000)
    first = await handler.handle(command(Action.HOLD))
    second = await handler.handle(command(Action.TAKE_BACK))
    assert (first.outcome, second.reason) == (Outcome.DONE, "too_soon")
    await desk.close()


@pytest.mark.parametrize(
    "text", ["internal = ['2?@']", "internal = ['#21']", "[[control.outside]]\nnumber = '03-1'\nname='x'"]
)
def test_a_file_cannot_let_codes_in(tmp_path: Path, text: str) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text(f"[control]\n{text}\n", encoding="utf-8")
    with pytest.raises(ConfigError, match="cannot stand here"):
        read_config(file)


def test_an_office_of_the_version_before_rings_its_operators_and_its_superior(tmp_path: Path) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text("[sides]\noperator_numbers = ['3??']\n[pbx]\nsuperior = '200'\n", encoding="utf-8")
    targets = read_config(file).targets()
    assert [targets.is_internal(each) for each in ("200", "301", "201", "3011")] == [True, True, False, False]
    file.write_text("[pbx]\nsuperior = '*45@queues'\n", encoding="utf-8")
    (found,) = look_at_targets(read_config(file))
    assert (found.check, "never dialled" in found.detail) == ("[pbx] superior", True)
