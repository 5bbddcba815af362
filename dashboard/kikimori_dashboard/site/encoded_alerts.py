"""Alerts as the pages get them: each revision is encoded once, when it comes, so that no snapshot has to encode them all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_dashboard.site.alert_marks import AlertMarks

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import Alert


class EncodedAlerts:
    """JSON by alert."""

    def __init__(self) -> None:
        self.marks = AlertMarks()
        self._known: dict[str, tuple[Alert, str]] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, alert: Alert) -> str:
        """Return an alert's JSON, with its marks."""
        known = self._known.get(alert.alert_id)
        if known is not None and known[0] is alert:
            text = known[1]
        else:
            text = alert.model_dump_json(exclude={"v"})
            self._known[alert.alert_id] = (alert, text)
        marks = self.marks.json(alert.alert_id)
        return f"{text[:-1]}{marks}}}" if marks else text

    def forget(self, is_held: Callable[[str], object]) -> None:
        """Forget the alerts that are held no more."""
        for alert_id in [each for each in self._known if not is_held(each)]:
            del self._known[alert_id]
