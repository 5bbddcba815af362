"""State of a customer under our control."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.integrations.freeswitch.control.orders import TO_SUPERIOR, OrderSubject
from kikimori_core.wire.messages import CallStatus

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kikimori.integrations.freeswitch.control.watching import Watched


@dataclass(eq=False)
class FreeSwitchCustomer:
    """State of one customer channel under our control, built from FreeSWITCH's events."""

    call_id: str
    channel: Watched
    operator: str = ""
    """Channel of the operator who waits or takes part; empty: released."""
    extension: str = ""
    """Extension at which the operator is rung."""
    hook_is_free: bool = False
    """True when the channel's `AT_END` hook is unset or ours, so that we may set it."""
    from_dead_run: bool = False
    """True = read from the disk at start, and not yet updated: the run that put them on hold has ended."""
    status: CallStatus = CallStatus.TALKING
    changed: Callable[[CallStatus], None] | None = field(default=None, repr=False)
    doubtful: bool = False
    """True when it is unknown whether the last order is carried out: the connection was lost, or FreeSWITCH
    is slow."""
    hold_ends: float | None = None
    """The loop's time at which FreeSWITCH takes the customer back from the wait of the last order; None = not known."""
    rings: bool = False
    """True while a telephone rings until then."""
    turn: int = 0
    """Number of orders; a waiting order that finds it changed was superseded."""

    @property
    def uuid(self) -> str:
        return self.channel.uuid

    @property
    def subject(self) -> OrderSubject:
        """Return the subject of the order begun last."""
        return OrderSubject(self.uuid, self.channel.order, self.operator, self.extension, self.hook_is_free)

    @property
    def connected(self) -> bool:
        """Return whether the customer talks with somebody, connected since the order was given."""
        return bool(self.channel.peer) and self.channel.met

    @property
    def begun(self) -> bool:
        """Return whether FreeSWITCH has reported that the order is being carried out."""
        return self.channel.music or bool(self.channel.rung)

    @property
    def with_superior(self) -> bool:
        return self.connected and self.channel.step in TO_SUPERIOR and self.channel.peer != self.operator

    def adopt(self) -> bool:
        """Take the channel's status for a customer moved by an earlier run; False when they simply talk."""
        if self.with_superior:
            self.become(CallStatus.TRANSFERRED)
        elif self.channel.step in ("hold", "target") and not self.channel.peer:
            self.become(CallStatus.ON_HOLD)
        return self.status is not CallStatus.TALKING

    def begin(self) -> int:
        """Begin an order; return its turn."""
        self.channel.expect(uuid.uuid4().hex[:16])
        self.hold_ends, self.rings = None, False
        self.turn += 1
        self.doubtful = False
        return self.turn

    def become(self, status: CallStatus) -> None:
        """Publish a changed status."""
        if status is not self.status:
            self.status = status
            self.doubtful = False
            if self.changed is not None:
                self.changed(status)

    def entry(self) -> dict[str, str]:
        """Return the entry for the disk, without the step, which FreeSWITCH knows."""
        return {"call_id": self.call_id, "operator": self.operator, "extension": self.extension}

    @classmethod
    def from_entry(cls, channel: Watched, entry: Mapping[str, str]) -> FreeSwitchCustomer:
        return cls(
            entry.get("call_id", ""),
            channel,
            entry.get("operator", ""),
            entry.get("extension", ""),
            from_dead_run=True,
        )
