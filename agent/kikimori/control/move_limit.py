"""Rate limit for moves of one call: at most one in two seconds, against a customer moved to and fro."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.actions import MOVES

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Action

GAP_S = 2.0
MOST_CALLS = 1000


class MoveLimit:
    """Time of the last move of each call. Times are of a clock that only goes forward."""

    def __init__(self, gap_s: float = GAP_S) -> None:
        self._gap_s = gap_s
        self._moved: dict[str, float] = {}

    def allow(self, action: Action, call_id: str, now_s: float) -> bool:
        """Note a move; False when the call was moved too recently. Actions without a move always pass."""
        if action not in MOVES:
            return True
        last = self._moved.get(call_id)
        if last is not None and now_s - last < self._gap_s:
            return False
        if len(self._moved) >= MOST_CALLS:
            self._moved = {call: at for call, at in self._moved.items() if now_s - at < self._gap_s}
        self._moved[call_id] = now_s
        return True
