"""Execution of the dashboard's commands: effect on the call and the PBX, and the answer."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.control.move_limit import GAP_S, MoveLimit
from kikimori.control.pbx_control import PbxAnswer, PbxRequest
from kikimori.control.targets import TargetPolicy
from kikimori.unanswered.help import NOBODY_ANSWERED
from kikimori_core.wire.actions import MOVES, NEED_REASON, OF_JUDGING, OF_RECORDING, RING, TRANSFERS
from kikimori_core.wire.messages import Action, CallStatus, Command, CommandResult, Outcome, Party
from kikimori_core.wire.topics import is_name
from kikimori_core.wire.unanswered import UNREACHED

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.calls.call import LiveCall
    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.calls.desk import Desk
    from kikimori.control.accommodation import AccommodationBook
    from kikimori.control.pbx_control import PbxControl
    from kikimori.listening.listening_desk import ListeningDesk
    from kikimori.unanswered.help import UnansweredHelp

log = structlog.get_logger()


class CommandHandler:
    """Carries out commands on live calls. Origin, expiry and repetition were already dealt with by the bus."""

    def __init__(
        self,
        desk: Desk,
        pbx: PbxControl,
        superior: str | Callable[[], str],
        targets: TargetPolicy | None = None,
        accommodations: AccommodationBook | None = None,
        help_: UnansweredHelp | None = None,
        *,
        gap_s: float = GAP_S,
        recorder: CallRecorder = NO_RECORDER,
        listening: ListeningDesk | None = None,
    ) -> None:
        """`superior`: a number, or returns that of the moment.

        `targets`: telephones that may be rung, else that superior's alone; `accommodations`: keeps marks for a later run;
        `help_`: None = nobody is rung but by a press, and nobody follows; `gap_s`: see `MoveLimit`; `recorder` is given
        every command with its result; `listening`: None = nobody can listen in a browser.
        """
        self._desk = desk
        self._pbx = pbx
        self._superior: Callable[[], str] = superior if callable(superior) else partial(str, superior)
        self._targets = targets or TargetPolicy([self._superior()])
        self._accommodations = accommodations
        self._moves = MoveLimit(gap_s)
        self._help = help_
        self._recorder = recorder
        self._listening = listening

    async def handle(self, command: Command) -> CommandResult:
        """Carry out a command and return its result."""
        result = await self._recorded(command)
        if self._help is not None:
            self._help.note(command, result)
        return result

    async def _recorded(self, command: Command) -> CommandResult:
        """Carry out a command; it becomes part of the call's record with its result."""
        done, result = self._recorder.command_begun(command), None
        try:
            result = await self._handle(command)
        finally:
            done(result)
        return result

    async def _handle(self, command: Command) -> CommandResult:
        call = self._desk.find(command.call_id)
        if call is None:
            return _result(command, Outcome.REFUSED, "no_such_call")
        refusal = self._target_refusal(command)
        if refusal:
            return _result(command, Outcome.REFUSED, refusal)
        if command.action is Action.ESCALATE:
            reason = command.reason if command.reason and is_name(command.reason) else None
            call.press("page", command.issued_by, reason=reason, comment=command.comment)
            return _result(command, Outcome.DONE)
        if command.action is Action.ESCALATE_CANCEL:
            refusal = call.cancel_help()
            return _result(command, Outcome.REFUSED if refusal else Outcome.DONE, refusal)
        if command.action in OF_JUDGING:
            return await self._accommodate(command, call)
        if command.action in OF_RECORDING:
            return self._stop_recording(command, call)
        if command.action is Action.LISTEN_AUDIO:
            return await self._listen(command, call)
        if command.action is Action.RING_SUPERIOR:
            return await self._ring_superior(command, call)
        refusal = _refusal(command.action, call.status)
        if refusal:
            return _result(command, Outcome.REFUSED, refusal)
        # Where two callers cannot be told apart, a command might reach the other one.
        if command.action not in self._pbx.capabilities or call.info.identity:
            return _result(command, Outcome.REFUSED, "not_supported")
        if not self._moves.allow(command.action, command.call_id, asyncio.get_running_loop().time()):
            return _result(command, Outcome.REFUSED, "too_soon")
        if command.action in MOVES:
            call.act_on_help()
        answer = await self._carry_out(command, call)
        log.info(
            "command",
            call_id=command.call_id,
            action=str(command.action),
            role=command.role,
            outcome=str(answer.outcome),
            reason=answer.reason,
        )
        return _result(command, answer.outcome, answer.reason, answer.detail)

    async def _accommodate(self, command: Command, call: LiveCall) -> CommandResult:
        """Mark the call as a request for reasonable accommodation, or take the mark back. The PBX is not asked."""
        marked = command.action is Action.ACCOMMODATE
        if call.info.identity:
            return _result(command, Outcome.REFUSED, "not_supported")
        if call.accommodated is marked:
            return _result(command, Outcome.REFUSED, "already_accommodated" if marked else "not_accommodated")
        call.accommodate(marked=marked)
        if self._accommodations is not None:
            if marked:
                await self._accommodations.mark(call.call_id, command.issued_by)
            else:
                await self._accommodations.drop(call.call_id)
        return _result(command, Outcome.DONE)

    def _stop_recording(self, command: Command, call: LiveCall) -> CommandResult:
        """Erase what is recorded of the call, and record no more of it. The PBX is not asked."""
        if call.info.identity:
            return _result(command, Outcome.REFUSED, "not_supported")
        refusal = self._recorder.stop_recording(call.call_id, command.issued_by)
        if refusal is None and self._listening is not None:
            self._listening.forget_past(call)
        return _result(command, Outcome.REFUSED if refusal else Outcome.DONE, refusal)

    async def _listen(self, command: Command, call: LiveCall) -> CommandResult:
        """Send the call's sound to the dashboard that asks. The PBX is not asked."""
        if self._listening is None:
            return _result(command, Outcome.REFUSED, "not_supported")
        answer = await self._listening.listen(command, call)
        return _result(command, answer.outcome, answer.reason)

    async def _carry_out(self, command: Command, call: LiveCall) -> PbxAnswer:
        target = command.target or self._superior()
        request = PbxRequest(
            command.action,
            call.info,
            target,
            keep_operator=command.keep_operator,
            announcement=command.announcement,
        )
        help_ = self._help
        if command.action in TRANSFERS:
            led_to = Party(number=target) if help_ is None else help_.named(target)
            call.superiors.led_to(led_to, keep_operator=command.keep_operator)
        if help_ is None or command.action is not Action.HOLD_TRANSFER:
            return await self._pbx.carry_out(request, call.set_status)
        rung: list[str] = []

        def rings(number: str) -> None:
            rung.append(number)
            call.superiors.led_to(help_.named(number), keep_operator=command.keep_operator)
            help_.transfer_rings(call, number)

        then = help_.followers(command.action, target)
        answer = PbxAnswer(Outcome.FAILED, "internal_error")
        try:
            answer = await self._pbx.carry_out(replace(request, then=then, on_ring=rings), call.set_status)
        finally:
            help_.transfer_over(call, answer)
        if len(rung) > 1 and answer.reason in UNREACHED:
            return PbxAnswer(answer.outcome, NOBODY_ANSWERED, ", ".join(rung))
        return answer

    async def _ring_superior(self, command: Command, call: LiveCall) -> CommandResult:
        if self._help is None or command.about is None:
            return _result(command, Outcome.REFUSED, "not_supported")
        answer = await self._help.alarms.ring_next(call, command.about)
        return _result(command, answer.outcome, answer.reason, answer.detail)

    def _target_refusal(self, command: Command) -> str | None:
        """Return why the telephone that would ring must not; an unused target is checked too."""
        if command.action in NEED_REASON and command.reason is None:
            return "no_reason"
        target = command.target or (self._superior() if command.action in RING else None)
        return None if target is None else self._targets.refusal(command.action, target, command.reason)


def _refusal(action: Action, status: CallStatus) -> str | None:
    """Return why the action makes no sense now: two supervisors may press at the same moment."""
    if status is CallStatus.TRANSFERRED and action in TRANSFERS:
        return "already_transferred"
    if status is CallStatus.ON_HOLD and action is Action.HOLD:
        return "already_on_hold"
    if status is not CallStatus.ON_HOLD and action is Action.UNHOLD:
        return "not_on_hold"
    return None


def _result(
    command: Command, outcome: Outcome, reason: str | None = None, detail: str | None = None
) -> CommandResult:
    return CommandResult(
        command_id=command.command_id,
        call_id=command.call_id,
        action=command.action,
        outcome=outcome,
        reason=reason,
        detail=detail,
        at=datetime.now(UTC),
    )
