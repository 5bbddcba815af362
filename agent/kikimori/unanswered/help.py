"""The agent's part while nobody answers, put together: superiors for calls for help and behind transfers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.unanswered.acted import ActedCalls
from kikimori.unanswered.alarms import SuperiorAlarms
from kikimori.unanswered.alone import LoneAlarm, LoneClock
from kikimori.unanswered.rounds import followers
from kikimori.unanswered.telephones import SuperiorTelephones
from kikimori_core.wire.messages import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.calls.call import LiveCall
    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.calls.desk import Desk
    from kikimori.control.pbx_control import PbxAnswer, PbxControl
    from kikimori.office_directory import OfficeDirectory
    from kikimori_core.wire.messages import Alert, CallState, Command, CommandResult, Party
    from kikimori_core.wire.unanswered import UnansweredTable

TRANSFER = "transfer"
"""`Ringing.purpose` of a superior to whom a customer on hold is transferred."""
NOBODY_ANSWERED = "no_superior_answered"


class UnansweredHelp:
    """Superiors' telephones of one agent."""

    def __init__(
        self,
        settings: UnansweredTable,
        desk: Desk,
        pbx: PbxControl,
        office: OfficeDirectory,
        recorder: CallRecorder = NO_RECORDER,
    ) -> None:
        """`recorder` is told whose telephone rings."""
        self._settings = settings
        self._desk = desk
        self._office = office
        self._acted = ActedCalls()
        self._telephones = SuperiorTelephones(recorder.ringing)
        self._clock = LoneClock(settings.ring_after_s)
        self.alarms = SuperiorAlarms(desk, pbx, office, self._telephones)

    def note(self, command: Command, result: CommandResult) -> None:
        """Note a command that was carried out."""
        self._acted.note(command, result, asyncio.get_running_loop().time())

    def note_alert(self, alert: Alert) -> None:
        """Note an alert of this agent."""
        self._clock.note(alert, asyncio.get_running_loop().time())

    async def run(self, dashboards: Callable[[], int]) -> None:
        """Ring superiors while no dashboard is there, until cancelled; `dashboards` returns how many are."""
        await LoneAlarm(self._clock, self.alarms, self._desk, self._acted, dashboards).run()

    def call(self, state: CallState) -> CallState:
        """Return a call's state with the superior who is rung for it."""
        ringing = self._telephones.ringing(state.call_id)
        return state if ringing is None else state.model_copy(update={"ringing": ringing})

    # --- transfers, one superior after another

    def followers(self, action: Action, target: str) -> tuple[str, ...]:
        """Return whom to ring, one after another, when a transfer's target does not answer."""
        if action is not Action.HOLD_TRANSFER or not self._settings.next_superior:
            return ()
        return followers(self._office.superiors_open(), target, self._telephones.in_use(self._desk.calls))

    def named(self, number: str) -> Party:
        """Return the owner of a telephone, as far as the directory knows them."""
        return self._office.named(number)

    def transfer_rings(self, call: LiveCall, target: str) -> None:
        """Note that a transfer rings a telephone now."""
        self._telephones.ring(call.call_id, self._office.named(target), TRANSFER, datetime.now(UTC))
        call.publish()

    def transfer_over(self, call: LiveCall, answer: PbxAnswer) -> None:
        """Note the end of a transfer."""
        if self._telephones.ringing(call.call_id) is not None:
            self._telephones.over(call.call_id, taken=answer.outcome is Outcome.DONE)
            call.publish()
