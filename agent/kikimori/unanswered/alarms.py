"""Ringing of superiors because nobody answered a call for help: the next free one, who hears where."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori.control.pbx_control import PbxAnswer, PbxRequest
from kikimori.unanswered.rounds import AlarmRounds, next_superior
from kikimori_core.wire.messages import Action, Outcome

if TYPE_CHECKING:
    from kikimori.calls.call import LiveCall
    from kikimori.calls.desk import Desk
    from kikimori.control.pbx_control import PbxControl
    from kikimori.office_directory import OfficeDirectory
    from kikimori.unanswered.telephones import SuperiorTelephones

log = structlog.get_logger()

HELP = "help"
"""`Ringing.purpose` of a superior who is only told; no call is moved."""
NOT_TRIED = ("pbx_away", "under_way", "not_permitted", "not_included", "pbx_error")
"""Reasons for which the telephone did not ring at all: it may be tried again."""


class SuperiorAlarms:
    """Rings superiors one at a time for each call for help, each at most once."""

    def __init__(
        self, desk: Desk, pbx: PbxControl, office: OfficeDirectory, telephones: SuperiorTelephones
    ) -> None:
        self._desk = desk
        self._pbx = pbx
        self._office = office
        self._telephones = telephones
        self._rounds = AlarmRounds()

    @property
    def possible(self) -> bool:
        """Return whether the PBX can ring a third telephone."""
        return Action.RING_SUPERIOR in self._pbx.capabilities

    async def ring_next(self, call: LiveCall, about: str) -> PbxAnswer:
        """Ring the next free superior; `about`: id of the alert.

        DONE: somebody has heard it, now or earlier; `detail` is the number. FAILED: this one did not answer, ask again for
        the next. REFUSED: `nobody_left`, `nobody_open`; or `nobody_free`, `under_way`, which may pass.
        """
        if not self.possible:
            return PbxAnswer(Outcome.REFUSED, "not_supported")
        current = self._rounds.of(call.call_id, about)
        if current.heard_by:
            return PbxAnswer(Outcome.DONE, detail=current.heard_by)
        # One telephone at a time for a call, whatever it is about.
        if current.under_way or self._telephones.ringing(call.call_id) is not None:
            return PbxAnswer(Outcome.REFUSED, "under_way")
        listed = self._office.superiors_open()
        superior, reason = next_superior(listed, current.rung, self._telephones.in_use(self._desk.calls))
        if superior is None or superior.number is None:
            return PbxAnswer(Outcome.REFUSED, reason)
        current.under_way = True
        self._telephones.ring(call.call_id, superior, HELP, datetime.now(UTC))
        call.publish()
        try:
            request = PbxRequest(Action.RING_SUPERIOR, call.info, superior.number)
            answer = await self._pbx.carry_out(request, lambda _status: None)
        finally:
            current.under_way = False
            self._telephones.over(call.call_id, taken=False)
            call.publish()
        if answer.outcome is Outcome.DONE:
            current.heard_by = superior.number
        if answer.reason not in NOT_TRIED:
            current.rung.add(superior.number)
        log.info("superior_rung", call_id=call.call_id, outcome=str(answer.outcome), reason=answer.reason)
        return PbxAnswer(answer.outcome, answer.reason, superior.number)
