"""Course of a call for the pages: the changes of its status, and the presses with who pressed. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from kikimori_core.wire.messages import CallStatus
    from kikimori_dashboard.site.presses import Press

KEPT_MOVES = 40

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class CallMoves:
    """Changes of a call's status, oldest first; the newest `KEPT_MOVES`."""

    def __init__(self) -> None:
        self._moves: list[tuple[CallStatus, datetime | None]] = []

    def note(self, status: CallStatus, at: datetime | None) -> None:
        """Note a status from `at` on, by the agent's clock; None = not known, the call was in it when it was first seen."""
        self._moves.append((status, at))
        del self._moves[:-KEPT_MOVES]

    def view(self) -> list[dict[str, Any]]:
        return [
            {"status": status.value, "at": None if at is None else at.isoformat()}
            for status, at in self._moves
        ]


def story_json(moves: CallMoves, presses: Iterable[Press]) -> str:
    """Return `moves` and `presses` as further fields of the call's JSON, each behind a comma, where there are any."""
    fields = {"moves": moves.view(), "presses": [_press(each) for each in presses]}
    return "".join(f',"{name}":{_encode(listed)}' for name, listed in fields.items() if listed)


def _press(press: Press) -> dict[str, Any]:
    result = press.result
    return {
        "at": press.issued_at.isoformat(),
        "action": press.action.value,
        "by": press.issued_by,
        "target": press.target,
        "outcome": "unanswered" if press.unanswered else None if result is None else result.outcome.value,
        "reason": None if result is None else result.reason,
    }
