"""Control of a call on the PBX, whichever PBX it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kikimori_wire.messages import Action, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.model.call import CallInfo
    from kikimori_wire.messages import CallStatus


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

    async def carry_out(
        self, action: Action, call: CallInfo, target: str, changed: Callable[[CallStatus], None]
    ) -> PbxAnswer:
        """Do `action` to the call.

        `target` is the extension or queue of a transfer. `changed` is told what the call has become as soon as it has:
        a customer is on hold long before the superior answers.
        """


def not_supported(action: Action) -> PbxAnswer:
    return PbxAnswer(Outcome.REFUSED, "not_supported", f"{action} is not possible on this PBX")
