"""Superiors' telephones in use: rung now, or connected with a customer. Pure: times are given."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.messages import CallStatus, Ringing

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from datetime import datetime

    from kikimori.calls.call import LiveCall
    from kikimori_core.wire.messages import Party


class SuperiorTelephones:
    """Telephones by call: one that rings, and one that has taken the customer."""

    def __init__(
        self, noted: Callable[[str, Ringing | None], None] = lambda _call_id, _ringing: None
    ) -> None:
        """`noted` is told of each call for which a telephone rings, and of the end of that."""
        self._noted = noted
        self._ringing: dict[str, Ringing] = {}
        self._taken: dict[str, str] = {}

    def ring(self, call_id: str, superior: Party, purpose: str, at: datetime) -> None:
        """Note that a superior is rung for a call; whoever was rung for it before is no more."""
        self._ringing[call_id] = Ringing(
            number=superior.number, name=superior.name, since=at, purpose=purpose
        )
        self._noted(call_id, self._ringing[call_id])

    def over(self, call_id: str, *, taken: bool) -> None:
        """Note the end of the ringing; `taken`: the superior has the customer."""
        rung = self._ringing.pop(call_id, None)
        self._noted(call_id, None)
        if taken and rung is not None and rung.number is not None:
            self._taken[call_id] = rung.number

    def ringing(self, call_id: str) -> Ringing | None:
        """Return the superior who is rung for a call now."""
        return self._ringing.get(call_id)

    def in_use(self, calls: Mapping[str, LiveCall]) -> frozenset[str]:
        """Return the telephones in use: those of operators in a call, those that ring or have taken a customer."""
        self._taken = {
            call_id: number
            for call_id, number in self._taken.items()
            if call_id in calls and calls[call_id].status is CallStatus.TRANSFERRED
        }
        return frozenset((*_operators(calls.values()), *self._rung(), *self._taken.values()))

    def _rung(self) -> list[str]:
        return [each.number for each in self._ringing.values() if each.number]


def _operators(calls: Iterable[LiveCall]) -> list[str]:
    return [call.info.operator.number for call in calls if call.info.operator.number]
