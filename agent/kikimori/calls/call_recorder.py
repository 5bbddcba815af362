"""Interface by which calls are recorded, for an agent that records and for one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from kikimori.calls.call import LiveCall
    from kikimori.calls.leg import Block, LiveLeg
    from kikimori.hearing.bank import AcousticResult
    from kikimori_core.model.call import EndReason
    from kikimori_core.model.evidence import Utterance
    from kikimori_core.wire.messages import Alert, Command, CommandResult, Ringing, SpokenBy
    from kikimori_core.wire.values import CallRecording


class CallRecorder(Protocol):
    """Keeper of what is known of calls. Called on the event loop; every method returns at once and never raises."""

    def call_begun(self, call: LiveCall) -> None: ...

    def leg_opened(self, call: LiveCall, leg: LiveLeg) -> None:
        """Note a leg that was added to its call; the call's parties may be others from now on."""

    def leg_closed(self, call: LiveCall, leg: LiveLeg) -> None:
        """Note a leg that was heard to its end."""

    def sound(self, legs: Sequence[LiveLeg], pcm: bytes) -> None:
        """Note the blocks that were just taken from legs of one rate: s16le, one block of each after another."""

    def windows(self, legs: Sequence[LiveLeg], blocks: Sequence[Block], heard: AcousticResult) -> None:
        """Note the results for one block of each leg."""

    def line(self, call: LiveCall, utterance: Utterance, spoken_by: SpokenBy | None = None) -> None:
        """Note a final, and the superior who says it; one without text takes back what was on the screen, and is no line."""

    def alert(self, call: LiveCall, alert: Alert) -> None:
        """Note a revision of an alert."""

    def status(self, call: LiveCall) -> None:
        """Note the call's status and parties where they have changed."""

    def call_ended(self, call: LiveCall, at: datetime, reason: EndReason) -> None: ...

    def ringing(self, call_id: str, ringing: Ringing | None) -> None:
        """Note the superior whose telephone rings for a call; None = no longer."""

    def command_begun(self, command: Command) -> Callable[[CommandResult | None], None]:
        """Note that a command is being carried out; what it returns is given the result, or None without one."""
        ...

    def stop_recording(self, call_id: str, by: str) -> str | None:
        """Erase a call from its first frame and write no more of it; return the reason for which it is not done."""

    def state_of(self, call: LiveCall) -> CallRecording | None:
        """Return the state of a call's recording; None where nothing is recorded at all."""


class NoRecorder:
    """A `CallRecorder` that keeps nothing."""

    def call_begun(self, call: LiveCall) -> None: ...

    def leg_opened(self, call: LiveCall, leg: LiveLeg) -> None: ...

    def leg_closed(self, call: LiveCall, leg: LiveLeg) -> None: ...

    def sound(self, legs: Sequence[LiveLeg], pcm: bytes) -> None: ...

    def windows(self, legs: Sequence[LiveLeg], blocks: Sequence[Block], heard: AcousticResult) -> None: ...

    def line(self, call: LiveCall, utterance: Utterance, spoken_by: SpokenBy | None = None) -> None: ...

    def alert(self, call: LiveCall, alert: Alert) -> None: ...

    def status(self, call: LiveCall) -> None: ...

    def call_ended(self, call: LiveCall, at: datetime, reason: EndReason) -> None: ...

    def ringing(self, call_id: str, ringing: Ringing | None) -> None: ...

    def command_begun(self, _command: Command) -> Callable[[CommandResult | None], None]:
        return _forget

    def stop_recording(self, _call_id: str, _by: str) -> str:
        return "not_recorded"

    def state_of(self, _call: LiveCall) -> None:
        return None


def _forget(_result: CommandResult | None) -> None: ...


NO_RECORDER = NoRecorder()
