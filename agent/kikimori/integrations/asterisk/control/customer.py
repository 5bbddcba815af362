"""State of one customer's channel, built from Asterisk's events. Pure but for the waiting."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.integrations.asterisk.control.dialplan import (
    HELD,
    NEXT,
    TO_OPERATOR,
    TO_SUPERIOR,
    Step,
    step_of,
)
from kikimori_core.wire.messages import CallStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    from kikimori.integrations.asterisk.ami_codec import Block
    from kikimori.integrations.asterisk.control.finding import Place


def nobody(status: CallStatus) -> None:
    """Do nothing: the default receiver of a status."""


def _untold(target: str) -> None:
    """Do nothing: the default receiver of a target that rings."""


@dataclass(eq=False, slots=True)
class AsteriskCustomer:
    """State of one customer channel under our control, built from AMI events."""

    call_id: str
    channel: str
    uniqueid: str
    operator: str = ""
    """Channel of the operator who waits; empty when released or unknown."""
    operator_extension: str | None = None
    from_dead_run: bool = False
    """True = read from the disk at start: the run that put this customer on hold has ended."""
    changed: Callable[[CallStatus], None] = nobody
    status: CallStatus = CallStatus.TALKING
    step: Step | None = None
    step_at: float = 0.0
    """The loop's time at which the step began."""
    timed: bool = False
    """True = `step_at` is the begin as reported; false = the step was found begun."""
    chain_at: float | None = None
    """The loop's time at which the first telephone of the present transfer began to ring."""
    music: bool = False
    """True once music has started in this step; a telephone that answers at once ends it within a
    millisecond."""
    bridge: str = ""
    left: str = ""
    """The bridge in which the customer was when the last move began; its BridgeLeave may still be on the way."""
    operator_in: bool = False
    """True while the operator is in the customer's bridge."""
    doubt: bool = False
    """True after somebody left the bridge: Asterisk must be asked who is left."""
    dial_status: str = ""
    """Result of this channel's last Dial() from DialEnd; finer than the dialplan's DIALSTATUS."""
    ringing: bool = False
    """True once the target was reached: a telephone rings, or a queue plays its music."""
    linked: str = ""
    """Asterisk's id for all channels of this call."""
    rung: str | None = None
    """DIALSTATUS with which the ringing ended, as the dialplan reported it; None = not yet."""
    targets: list[str] = field(default_factory=list)
    """Extensions that the present transfer has not rung yet, in order."""
    on_ring: Callable[[str], None] = _untold
    """Called with each extension that the transfer rings."""
    gone: bool = False
    lost: bool = False
    """True after the connection to Asterisk was lost: the state is of that time."""
    turn: int = 0
    """Number of the present wait; a later press that takes over increases it."""
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def expect(self) -> None:
        """Reset the state before the customer is moved: later events belong to the new step."""
        self.step, self.rung, self.dial_status, self.ringing = None, None, "", False
        self.music, self.chain_at = False, None
        self.left = self.bridge

    def call_off(self) -> None:
        """End the present wait: another press has taken over."""
        self.turn += 1
        self.news.set()

    async def until(self, condition: Callable[[], bool], within_s: float) -> bool:
        """Wait for the condition; False after a timeout, a call-off, or the end of the channel."""
        turn = self.turn
        try:
            async with asyncio.timeout(within_s):
                while not condition():
                    if self.gone or self.lost or self.turn != turn:
                        return False
                    self.news.clear()
                    await self.news.wait()
        except TimeoutError:
            return False
        return True

    @property
    def held_by_us(self) -> bool:
        return self.step in HELD and not self.bridge

    def note(self, event: Block, now: float) -> None:
        """Take an event of this channel or of another one in its bridge."""
        if event.get("Channel") == self.channel:
            self._own(event, now)
        elif self.bridge and event.get("BridgeUniqueid") == self.bridge:
            self._note_other(event)
        self.news.set()

    def found(self, there: Place, others: Collection[str], now: float) -> None:
        """Take Asterisk's answer about the channel: events may be missing. `others` share its bridge."""
        self.lost = False
        step = step_of(there.exten)
        if step is not None and step is not self.step:
            self.step, self.step_at, self.timed = step, now, False
        self.bridge, self.doubt = there.bridge, False
        self.operator_in = self.operator in others
        if not self.bridge:
            if self.step in HELD:
                self.set_status(CallStatus.ON_HOLD)
        elif self.step in TO_OPERATOR or (self.operator_in and len(others) == 1):
            # With the operator alone, after the superior has left them with each other.
            self.set_status(CallStatus.TALKING)
        elif others:
            self.set_status(CallStatus.TRANSFERRED)

    def note_queue(self, event: Block) -> None:
        """Note the music of a Local channel: a queue that waits for a member neither rings nor answers."""
        if self.linked and event.get("Linkedid") == self.linked and event.get("Channel") != self.operator:
            self.ringing = True
            self.news.set()

    def set_status(self, status: CallStatus) -> None:
        if status is not self.status:
            self.status = status
            self.changed(status)

    def entry(self) -> dict[str, str]:
        """Return the entry for the disk."""
        return {
            "call_id": self.call_id,
            "uniqueid": self.uniqueid,
            "operator": self.operator,
            "operator_extension": self.operator_extension or "",
        }

    @classmethod
    def from_entry(cls, channel: str, entry: Mapping[str, str]) -> AsteriskCustomer:
        return cls(
            entry.get("call_id", ""),
            channel,
            entry.get("uniqueid", ""),
            entry.get("operator", ""),
            entry.get("operator_extension") or None,
            from_dead_run=True,
        )

    def _own(self, event: Block, now: float) -> None:
        self.linked = event.get("Linkedid") or self.linked
        match event.event:
            case "UserEvent" if event.get("UserEvent") == "Kikimori":
                self._stepped(event, now)
            case "MusicOnHoldStart":
                self.music = True
                if self.held_by_us:
                    self.set_status(CallStatus.ON_HOLD)
            case "BridgeEnter":
                self.bridge = event.get("BridgeUniqueid")
                self._connected()
            case "BridgeLeave" if event.get("BridgeUniqueid") == self.bridge:
                self.bridge, self.operator_in = "", False
            case "DialState":
                self.ringing = True
            case "DialEnd" if event.get("DestChannel") != self.operator or not self.operator:
                # The operator's own answer, with which the call began, may be told as late as this.
                self.dial_status = event.get("DialStatus")
                self._connected()
            case "Hangup":
                self.gone = True
            case _:
                pass

    def _stepped(self, event: Block, now: float) -> None:
        step = step_of(event.get("Step"))
        if step is None:
            if event.get("Step") == NEXT:
                self.dial_status, self.ringing = "", False
            return
        self.step, self.step_at, self.timed, self.music = step, now, True, False
        if step is Step.RUNG:
            self.rung = event.get("Status")
        elif step is Step.RING:
            self.chain_at = now if self.chain_at is None else self.chain_at
            if self.targets:
                self.on_ring(self.targets.pop(0))
        elif step is Step.HAND:
            # What is heard is the target's: a ringing tone, a queue's music.
            self.set_status(CallStatus.ON_HOLD)
        elif step in TO_OPERATOR:
            self._connected()

    def _connected(self) -> None:
        """Set the status from the customer's present peer.

        Asterisk keeps the order within a kind of event, not between kinds: on a busy machine BridgeEnter can come before
        the step that led to it. So a superior counts only when a telephone was answered, and an operator also when the
        step comes late.
        """
        if not self.bridge or self.bridge == self.left:
            return
        if self.step in TO_OPERATOR:
            self.set_status(CallStatus.TALKING)
        elif self.step in TO_SUPERIOR and self.dial_status == "ANSWER":
            self.set_status(CallStatus.TRANSFERRED)

    def _note_other(self, event: Block) -> None:
        about_operator = bool(self.operator) and event.get("Channel") == self.operator
        if event.event == "BridgeEnter":
            self.operator_in = self.operator_in or about_operator
        elif event.event == "BridgeLeave":
            if about_operator:
                self.operator_in = False
            elif self.operator_in:
                # The superior left customer and operator with each other; or a Local channel took itself out.
                self.doubt = True
