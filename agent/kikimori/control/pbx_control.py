"""Control of a call on the PBX, whichever PBX it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from kikimori_core.wire.messages import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.model.call import CallInfo
    from kikimori_core.wire.messages import Announcement, CallStatus, KeysToPress, Problem


@dataclass(frozen=True, slots=True)
class PbxRequest:
    """Request of a person, with everything that is known about it."""

    action: Action
    call: CallInfo
    target: str
    """Extension or queue of a transfer; for listening in the supervisor's own telephone."""
    keep_operator: bool | None = None
    """True = the operator stays in the call; None = as the control is configured."""
    announcement: str | None = None
    """Name of a configured announcement; None = the first."""
    then: tuple[str, ...] = ()
    """For HOLD_TRANSFER: who is rung next, one after another, while nobody answers. A control that cannot ring the next one
    without the customer going back in between leaves them out."""
    on_ring: Callable[[str], None] = lambda _target: None
    """Called with each target when its telephone begins to ring."""


@dataclass(frozen=True, slots=True)
class PbxAnswer:
    """Result of a request."""

    outcome: Outcome
    reason: str | None = None
    """Stable code for REFUSED and FAILED, e.g. `no_such_channel`, `no_answer`, `not_supported`."""
    detail: str | None = None
    """Text from the PBX; for INSTRUCTED the instruction for the operator."""


class PbxControl(Protocol):
    """One PBX. Every method may be called for any live call, in any state, more than once.

    Implementations answer within some seconds and raise nothing: what the PBX did or said is in the answer.
    """

    @property
    def kind(self) -> str:
        """Name of the implementation, shown in the agent's health."""

    @property
    def capabilities(self) -> tuple[Action, ...]:
        """Return the actions that the PBX supports; the dashboard offers nothing else."""

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        """Return the announcements that ANNOUNCE can play."""

    async def run(self) -> None:
        """Keep the needed connection until cancelled; return at once when there is none.

        After a crash this is also where customers are rescued whom the last run left on hold.
        """

    def problems(self) -> tuple[Problem, ...]:
        """Return the problems that a person should know now, e.g. an unreachable PBX; part of the health."""

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        """Carry out a request.

        `changed` is told what the call has become as soon as it has: a customer is on hold long before the superior
        answers. It may also be told later, when a held call came back by itself.
        """


@runtime_checkable
class OperatorChoice(Protocol):
    """Control that can keep or release the operator of a transferred call: `PbxRequest.keep_operator`."""

    @property
    def keep_operator(self) -> bool:
        """Return whether the operator stays in the call when the request does not say."""


@runtime_checkable
class ControlByHand(Protocol):
    """Control that only tells a person which keys to press."""

    @property
    def keys(self) -> tuple[KeysToPress, ...]:
        """Return the keys of each action."""


@runtime_checkable
class RecoveringControl(Protocol):
    """A control that may know of a call from an earlier run."""

    def meet(self, call: CallInfo, changed: Callable[[CallStatus], None]) -> None:
        """Note a call that is heard. If its customer is on hold or handed over, `changed` gets its status."""


@dataclass(frozen=True, slots=True)
class HoldTimes:
    """Times left of a customer's wait that the PBX ends by itself, in s."""

    hold_s: float
    """Until the customer is taken back."""
    ring_s: float | None = None
    """Until the telephone that rings now is given up; None = none rings."""


@runtime_checkable
class HoldingControl(Protocol):
    """Control whose PBX ends a hold by itself."""

    def hold_times(self, call: CallInfo) -> HoldTimes | None:
        """Return what is left of the call's hold; None when this control did not put it on hold, or does not know."""


def not_supported(action: Action) -> PbxAnswer:
    return PbxAnswer(Outcome.REFUSED, "not_supported", f"{action} is not possible on this PBX")
