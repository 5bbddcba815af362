"""Marks on alerts, as the pages get them with each alert: `claim` and `false_alarm` of people, `unanswered`. Pure."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Collection

Mark = dict[str, Any]

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class AlertMarks:
    """Marks by alert."""

    def __init__(self) -> None:
        self._marks: dict[str, dict[str, Mark]] = {}

    def put(self, alert_id: str, kind: str, mark: Mark | None) -> bool:
        """Put a mark, or take it away; False when nothing changed."""
        marks = self._marks.get(alert_id, {})
        if marks.get(kind) == mark:
            return False
        if mark is not None:
            self._marks.setdefault(alert_id, {})[kind] = mark
        else:
            del marks[kind]
            if not marks:
                del self._marks[alert_id]
        return True

    def kinds(self, alert_id: str) -> Collection[str]:
        """Return the kinds of marks on an alert."""
        return self._marks.get(alert_id, {}).keys()

    def known(self, kind: str) -> list[str]:
        """Return the alerts with a mark of a kind."""
        return [alert_id for alert_id, marks in self._marks.items() if kind in marks]

    def of(self, alert_id: str, kind: str) -> Mark | None:
        """Return the mark of a kind on an alert; None when there is none."""
        return self._marks.get(alert_id, {}).get(kind)

    def json(self, alert_id: str) -> str:
        """Return the marks as further fields of the alert's JSON, each behind a comma."""
        return "".join(f',"{kind}":{_encode(mark)}' for kind, mark in self._marks.get(alert_id, {}).items())
