"""Execution of the dashboard's commands: effect on the call and the PBX, and the answer."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.control.move_limit import GAP_S, MoveLimit
from kikimori.control.pbx_control import PbxRequest
from kikimori.control.targets import TargetPolicy
from kikimori_core.wire.actions import NEED_REASON, OF_JUDGING, RING, TRANSFERS
from kikimori_core.wire.messages import Action, CallStatus, Command, CommandResult, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.calls.call import LiveCall
    from kikimori.calls.desk import Desk
    from kikimori.control.accommodation import AccommodationBook
    from kikimori.control.pbx_control import PbxControl

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
        *,
        gap_s: float = GAP_S,
    ) -> None:
        """`superior`: a number, or returns that of the moment.

        `targets`: telephones that may be rung, else that superior's alone; `accommodations`: keeps marks for a
        later run; `gap_s`: see `MoveLimit`.
        """
        self._desk = desk
        self._pbx = pbx
        self._superior: Callable[[], str] = superior if callable(superior) else partial(str, superior)
        self._targets = targets or TargetPolicy([self._superior()])
        self._accommodations = accommodations
        self._moves = MoveLimit(gap_s)

    async def handle(self, command: Command) -> CommandResult:
        call = self._desk.find(command.call_id)
        if call is None:
            return _result(command, Outcome.REFUSED, "no_such_call")
        refusal = self._target_refusal(command)
        if refusal:
            return _result(command, Outcome.REFUSED, refusal)
        if command.action is Action.ESCALATE:
            call.press("page", command.issued_by)
            return _result(command, Outcome.DONE)
        if command.action in OF_JUDGING:
            return await self._accommodate(command, call)
        refusal = _refusal(command.action, call.status)
        if refusal:
            return _result(command, Outcome.REFUSED, refusal)
        # Where two callers cannot be told apart, a command might reach the other one.
        if command.action not in self._pbx.capabilities or call.info.identity:
            return _result(command, Outcome.REFUSED, "not_supported")
        if not self._moves.allow(command.action, command.call_id, asyncio.get_running_loop().time()):
            return _result(command, Outcome.REFUSED, "too_soon")
        request = PbxRequest(
            command.action,
            call.info,
            command.target or self._superior(),
            keep_operator=command.keep_operator,
            announcement=command.announcement,
        )
        answer = await self._pbx.carry_out(request, call.set_status)
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
