"""A customer who was moved by us, and what their call has become."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

from kikimori_wire.messages import CallStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kikimori.pbx.freeswitch.watching import Watched


class Step(StrEnum):
    """Where the customer is."""

    HELD = "held"
    FETCHING = "fetching"
    """On hold while the superior's telephone rings."""
    HANDED = "handed"
    """A telephone is ringing for them directly."""
    SUPERIOR = "superior"
    HOME = "home"
    """The operator's telephone is ringing for them."""


@dataclass(eq=False)
class Customer:
    call_id: str
    channel: Watched
    operator: str = ""
    """Channel of the operator who waits or takes part; empty: released."""
    extension: str = ""
    """Where the operator is rung."""
    superior: str = ""
    """Channel of the superior's telephone, while it rings and after."""
    step: Step = Step.HELD
    bridges: int = 0
    """The channel's count of bridges when the step began: a higher one is somebody new."""
    status: CallStatus = CallStatus.TALKING
    changed: Callable[[CallStatus], None] | None = field(default=None, repr=False)
    turn: int = 0
    """Counts orders: who finds it changed was superseded."""

    @property
    def uuid(self) -> str:
        return self.channel.uuid

    @property
    def connected(self) -> bool:
        """Whether somebody new talks with them since the step began."""
        return bool(self.channel.peer) and self.channel.bridges > self.bridges

    def begin(self, step: Step) -> int:
        """Start a step; return its turn."""
        self.step = step
        self.bridges = self.channel.bridges
        self.channel.plays = self.channel.rings = self.channel.failed = ""
        self.turn += 1
        return self.turn

    def become(self, status: CallStatus) -> None:
        """Tell the page."""
        if status is not self.status:
            self.status = status
            if self.changed is not None:
                self.changed(status)

    def entry(self) -> dict[str, str]:
        """For the disk."""
        return {
            "call_id": self.call_id,
            "operator": self.operator,
            "extension": self.extension,
            "superior": self.superior,
            "step": str(self.step),
        }

    @classmethod
    def from_entry(cls, channel: Watched, entry: Mapping[str, str]) -> Customer:
        step = entry.get("step", "")
        return cls(
            entry.get("call_id", ""),
            channel,
            entry.get("operator", ""),
            entry.get("extension", ""),
            entry.get("superior", ""),
            Step(step) if step in list(Step) else Step.HELD,
        )
