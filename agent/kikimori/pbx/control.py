"""Control of a call on the PBX, whichever PBX it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from kikimori_wire.messages import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.model.call import CallInfo
    from kikimori_wire.messages import Announcement, CallStatus, Problem


@dataclass(frozen=True, slots=True)
class PbxRequest:
    """One press, with everything that is known about it."""

    action: Action
    call: CallInfo
    target: str
    """Extension or queue of a transfer; for listening in the supervisor's own telephone."""
    keep_operator: bool | None = None
    """None = as the control is configured."""
    announcement: str | None = None
    """Name of a configured announcement; None = the first."""


@dataclass(frozen=True, slots=True)
class PbxAnswer:
    """What came of a request."""

    outcome: Outcome
    reason: str | None = None
    """Stable code for REFUSED and FAILED, e.g. `no_such_channel`, `no_answer`, `not_supported`."""
    detail: str | None = None
    """The PBX's own words; for INSTRUCTED what the operator should do."""


class PbxControl(Protocol):
    """One PBX. Every method may be called for any live call, in any state, more than once.

    Implementations answer within some seconds and raise nothing: what the PBX did or said is in the answer.
    """

    @property
    def kind(self) -> str:
        """Name of the implementation, shown in the agent's health."""

    @property
    def capabilities(self) -> tuple[Action, ...]:
        """What it can do; the dashboard offers nothing else."""

    @property
    def announcements(self) -> tuple[Announcement, ...]:
        """What ANNOUNCE can play."""

    async def run(self) -> None:
        """Keep whatever connection it needs until cancelled; returns at once where there is none.

        After a crash this is also where customers are rescued whom the last run left on hold.
        """

    def problems(self) -> tuple[Problem, ...]:
        """What a person should know now, e.g. that the PBX cannot be reached; shown in the agent's health."""

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        """Do what is asked.

        `changed` is told what the call has become as soon as it has: a customer is on hold long before the superior
        answers. It may also be told later, when a held call came back by itself.
        """


@runtime_checkable
class OperatorChoice(Protocol):
    """A control that keeps the operator in a transferred call or releases them, as `PbxRequest.keep_operator` says."""

    @property
    def keep_operator(self) -> bool:
        """What it does when the request does not say."""


@runtime_checkable
class Remembers(Protocol):
    """A control that may know of a call from an earlier run."""

    def meet(self, call: CallInfo, changed: Callable[[CallStatus], None]) -> None:
        """A call is heard. If its customer is on hold or handed over, `changed` is told so, now and when it changes."""


def not_supported(action: Action) -> PbxAnswer:
    return PbxAnswer(Outcome.REFUSED, "not_supported", f"{action} is not possible on this PBX")
