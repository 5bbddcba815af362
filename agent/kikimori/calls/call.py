"""One live call: its legs, its judge, its published state."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Literal, ParamSpec

import structlog

from kikimori.calls.alert_message import alert_message
from kikimori.calls.call_recorder import NO_RECORDER
from kikimori.calls.help_call import HelpCall
from kikimori.calls.leg_names import LegNames
from kikimori.calls.line import LineTail, transcript_line
from kikimori.calls.open_changes import OpenChanges
from kikimori.calls.superior_talks import SuperiorTalks
from kikimori.errors import place_of
from kikimori_core.model.call import CallInfo, EndReason, Role
from kikimori_core.model.evidence import ButtonPress, Utterance
from kikimori_core.wire.messages import (
    CallLevels,
    CallState,
    CallStatus,
    ClosedBecause,
    Party,
    SpeechStatus,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from kikimori.calls.call_observer import CallObserver
    from kikimori.calls.call_offers import CallOffers
    from kikimori.calls.call_recorder import CallRecorder
    from kikimori.calls.leg import LiveLeg
    from kikimori_core.judging.judge import CallJudge
    from kikimori_core.judging.phrases import Match
    from kikimori_core.model.alert import AlertChange
    from kikimori_core.model.evidence import Evidence

log = structlog.get_logger()

P = ParamSpec("P")


class LiveCall:
    def __init__(
        self,
        info: CallInfo,
        asked_id: str,
        judge: CallJudge,
        listener: CallObserver,
        *,
        site: str,
        agent_id: str,
        started_at: datetime,
        opened_at: float,
        words_heard: bool,
        escalate_code: str,
        offers: CallOffers,
        run: str = "",
        accommodated: bool = False,
        recorder: CallRecorder = NO_RECORDER,
        open_changes: OpenChanges | None = None,
    ) -> None:
        """Begin a call.

        `asked_id` is the name the tap gave it, which `info.call_id` need not be; `started_at` is the wall clock and
        `opened_at` the loop's at the call's first sample;
        `accommodated`: an earlier run was told that reasonable accommodation was asked for in it; `open_changes`: of the ring.
        """
        self.info = info
        self.asked_id = asked_id
        self.opened_at = opened_at
        self.status = CallStatus.TALKING
        self.legs: list[LiveLeg] = []
        self.failed = False
        """True after the program failed in judging this call; only the operator's button is still judged."""
        self.accommodated = accommodated
        """True while the call is marked as a request for reasonable accommodation."""
        if accommodated:
            judge.accommodate(marked=True)
        self._judge: CallJudge | None = judge
        """None after a second failure."""
        self._open = open_changes or OpenChanges()
        self._listener = listener
        self._site = site
        self._agent_id = agent_id
        self.started_at = started_at
        self.words_heard = words_heard
        self._help, self.held_by_key = HelpCall(escalate_code), False
        self._offers = offers
        self._run = run
        self._tail = LineTail()
        self._shown: dict[Role, str] = {}
        """Line id of the partial on the screen, by voice."""
        self._heard_to_s = 0.0
        self.superiors = SuperiorTalks(offers.keep_operator)
        self.leg_names = LegNames()
        self._recorder = recorder
        recorder.call_begun(self)

    @property
    def call_id(self) -> str:
        return self.info.call_id

    @property
    def heard_s(self) -> float:
        """Media time up to which every leg that still sends was heard."""
        sending = [leg.heard_s for leg in self.legs if not leg.deaf and (not leg.closed or leg.has_block)]
        if sending:
            return min(sending)
        return max([self._heard_to_s, *(leg.heard_s for leg in self.legs)])

    def leg_opened(self, leg: LiveLeg, info: CallInfo) -> None:
        """Add a leg; what its announcement names replaces the known parties (a superior takes over)."""
        self.legs.append(leg)
        known = Party() if info.identity else self.info.caller
        self.info = replace(
            self.info,
            identity=info.identity or self.info.identity,
            caller=info.caller if info.caller != Party() else known,
            operator=info.operator if info.operator != Party() else self.info.operator,
            queue=info.queue or self.info.queue,
            channel=info.channel if leg.role is not Role.OPERATOR and info.channel else self.info.channel,
            operator_channel=info.operator_channel or self.info.operator_channel,
        )
        self._recorder.leg_opened(self, leg)
        self.publish()

    def leg_closed(self, leg: LiveLeg) -> None:
        """Remove a leg that was heard to its end."""
        self.legs.remove(leg)
        self._heard_to_s = max(self._heard_to_s, leg.heard_s)
        self._recorder.leg_closed(self, leg)
        if self.legs:
            self.publish()

    def set_status(self, status: CallStatus) -> None:
        """Take the call's status from control of the PBX."""
        self.held_by_key = False
        self._become(status)
        self._recorder.status(self)

    def _become(self, status: CallStatus) -> None:
        # The PBX may answer when the call is over already.
        if status is not self.status and self.status is not CallStatus.ENDED:
            self.status = status
            self.superiors.become(status, self.received_s)
            self._recorder.status(self)
            self.publish()

    def observe(self, evidence: Evidence, leg: LiveLeg | None = None) -> None:
        """Take evidence from hearing; `leg`: that which heard it, if known. Never raises: a failure stays with this call."""
        self._safely(self._observe, evidence, leg)

    def _observe(self, evidence: Evidence, leg: LiveLeg | None) -> None:
        if isinstance(evidence, Utterance):
            evidence = self._judge.chosen(evidence) if self._judge and not self.failed else evidence
            if evidence.final:
                self._recorder.line(self, evidence, self.superiors.spoken_by(evidence, leg, self.legs))
            if evidence.final or evidence.text != self._shown.get(evidence.role):
                self._show(evidence, leg)
            if not evidence.again:
                self._shown[evidence.role] = "" if evidence.final else evidence.text
        if self._judge is not None and (not self.failed or isinstance(evidence, ButtonPress)):
            asked = self._judge.stop_requests
            self._tell(self._judge.observe(evidence))
            if self._judge.stop_requests is not asked:
                self._publish()
            if isinstance(evidence, Utterance) and evidence.final and self._judge.doubted:
                self._show(evidence, leg, self._judge.doubted)

    def advance(self) -> None:
        """Advance the rules' time. Never raises."""
        self._safely(self._advance)

    def _advance(self) -> None:
        if self._judge is not None:
            self._tell(self._judge.advance(self.heard_s))

    def fail(self, error: Exception) -> None:
        """End the judging of this call after a failure: its alerts close, the operator's button still works.

        If that fails too, nothing is judged any more. Never raises.
        """
        if self._judge is None:
            return
        log.error("call_failed", call_id=self.call_id, error=type(error).__name__, at=place_of(error))
        again, self.failed = self.failed, True
        if again:
            self._judge = None
        else:
            self._judge.keep_button()
        closing = self._open.closed_by_fault(self.heard_s, keep_button=not again)
        steps: list[Callable[[], None]] = [partial(self._tell, [change]) for change in closing]
        for step in (*steps, self._publish):
            try:
                step()
            except Exception as worse:  # noqa: BLE001 - nothing is left that could be tried
                log.error("call_untold", call_id=self.call_id, error=type(worse).__name__, at=place_of(worse))

    def _safely(self, step: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Run a step of this call; an exception in it ends this call's judging, and no other call's."""
        try:
            step(*args, **kwargs)
        except Exception as error:  # noqa: BLE001 - see above
            self.fail(error)

    def press(
        self,
        source: Literal["page", "dtmf"],
        pressed_by: str | None,
        *,
        reason: str | None = None,
        comment: str | None = None,
    ) -> None:
        """Note that the operator asks for help, now; once more to say why, or which help they wish."""
        log.info("escalate_pressed", call_id=self.call_id, source=source)
        if not self._open.help_called:
            self._help.acted_on = False
        self.observe(ButtonPress(self.received_s, source, pressed_by, reason, comment))

    def cancel_help(self) -> str | None:
        """Take the operator's request for help back; return the reason for which it stands, else None."""
        moved = self.status is not CallStatus.TALKING and not self.held_by_key
        refusal = self._help.refusal(called=self._open.help_called, moved=moved)
        if refusal is None:
            log.info("escalate_cancelled", call_id=self.call_id)
            self._safely(self._cancel_help)
        return refusal

    def _cancel_help(self) -> None:
        if self._judge is not None:
            self._tell(self._judge.cancel_help(self.received_s))

    def act_on_help(self) -> None:
        """Note that somebody moves the customer: a request for help can no longer be taken back."""
        self._help.acted_on = True

    @property
    def received_s(self) -> float:
        return max((leg.received_s for leg in self.legs), default=0.0)

    def accommodate(self, *, marked: bool) -> None:
        """Mark the call as a request for reasonable accommodation, or take the mark back. Never raises."""
        self.accommodated = marked
        log.info("call_accommodated", call_id=self.call_id, marked=marked)
        self._safely(self._accommodate, marked)
        self._recorder.status(self)
        self.publish()

    def _accommodate(self, marked: bool) -> None:
        if self._judge is not None and not self.failed:
            self._tell(self._judge.accommodate(marked=marked))

    def held(self, *, on_hold: bool) -> None:
        """Note the telephone's own hold key; it does not undo a hold by control of the PBX."""
        if on_hold and self.status is CallStatus.TALKING:
            self.held_by_key = True
            self._become(CallStatus.ON_HOLD)
        elif not on_hold and self.held_by_key:
            self.held_by_key = False
            self._become(CallStatus.TALKING)

    def digit(self, role: Role, digit: str) -> None:
        """Note a pressed key; the operator's escalate code counts as a press of the button."""
        if role is not Role.CUSTOMER and self._help.typed(digit):
            self.press("dtmf", self.info.operator.number)

    def end(self, at: datetime, reason: EndReason) -> None:
        """End the call: the last leg has ended and everything was heard."""
        because = ClosedBecause.AGENT_RESTARTED if reason is EndReason.SHUTDOWN else ClosedBecause.CALL_ENDED
        self._safely(self._close, because)
        self.status = CallStatus.ENDED
        self._safely(lambda: self._listener.call_changed(self.state(ended_at=at)))
        self._recorder.call_ended(self, at, reason)

    def _close(self, because: ClosedBecause) -> None:
        if self._judge is not None:
            self._tell(self._judge.end(self.heard_s, because))

    def publish(self) -> None:
        """Publish the call's present state. Never raises."""
        self._safely(self._publish)

    def _publish(self) -> None:
        self._listener.call_changed(self.state())

    def state(self, ended_at: datetime | None = None) -> CallState:
        recording = self._recorder.state_of(self)
        return CallState(
            call_id=self.call_id,
            site=self._site,
            agent_id=self._agent_id,
            tap=self.info.tap,
            started_at=self.started_at,
            ended_at=ended_at,
            status=self.status,
            caller=self.info.caller,
            operator=self.info.operator,
            queue=self.info.queue,
            roles=tuple(sorted({leg.role for leg in self.legs})),
            speech=self._speech_status(),
            capabilities=self._offers.actions(recording, certain=not self.info.identity),
            identity=self.info.identity,
            superior=self._offers.superior,
            announcements=self._offers.announcements,
            keep_operator=self._offers.keep_operator,
            keys=self._offers.keys,
            help_keys=self._help.keys or None,
            judging_failed=self.failed,
            accommodated=self.accommodated,
            recording=recording,
            with_superior=self.superiors.superior,
            stop_requests=() if self._judge is None else self._judge.stop_requests,
            transcript_tail=self._tail.lines(),
        )

    def levels(self) -> CallLevels:
        return CallLevels(media_s=round(self.heard_s, 2), legs={leg.role: leg.level() for leg in self.legs})

    def _speech_status(self) -> SpeechStatus:
        if not self.words_heard:
            return SpeechStatus.OFF
        shed = any(leg.speech is not None and leg.speech.shed_s > 0 for leg in self.legs)
        return SpeechStatus.SHED if shed else SpeechStatus.ON

    def _show(self, utterance: Utterance, leg: LiveLeg | None, doubted: Sequence[Match] = ()) -> None:
        superior = self.superiors.spoken_by(utterance, leg, self.legs)
        line = transcript_line(self.call_id, utterance, doubted, superior)
        self._listener.line(line)
        if line.final:
            self._tail.keep(line)
            self._publish()

    def _tell(self, changes: Sequence[AlertChange]) -> None:
        for change in changes:
            self._open.note(change)
            about = {"site": self._site, "agent_id": self._agent_id, "run": self._run}
            alert = alert_message(change, self.info, self.started_at, **about)
            self._recorder.alert(self, alert)
            self._listener.alert_changed(alert)
        if changes:
            worst = None if self._judge is None else self._judge.worst
            for leg in self.legs:
                if leg.speech is not None:
                    leg.speech.priority = 0 if worst is None else 1 + worst.rank
