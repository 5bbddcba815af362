"""All that leaves the house about an alert: severity, call for help, time, seat, link. Pure.

A notice is made from these alone, so that no word of a call, no name and no number of a caller can be in one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_core.messages import Language, in_language, text
from kikimori_core.wire.values import Severity

if TYPE_CHECKING:
    from datetime import datetime, tzinfo


_TITLES = {
    Severity.NOTICE: "notify_notice",
    Severity.WARNING: "notify_warning",
    Severity.CRITICAL: "notify_critical",
}


@dataclass(frozen=True, slots=True)
class Notice:
    """One alert as it is told outside."""

    severity: Severity
    wants_help: bool
    raised_at: datetime
    seat: str | None
    link: str

    def title(self, language: Language) -> str:
        """Return the severity in words, or that help is asked for."""
        code = "notify_help" if self.wants_help else _TITLES.get(self.severity, "notify_warning")
        return in_language(text(code), language)

    def body(self, language: Language, zone: tzinfo) -> str:
        """Return time and seat in words."""
        time = self.raised_at.astimezone(zone).strftime("%H:%M:%S")
        said = (
            text("notify_at", time=time)
            if self.seat is None
            else text("notify_at_seat", time=time, seat=self.seat)
        )
        return in_language(said, language)


def payload(kind: str, notice: Notice, language: Language, zone: tzinfo) -> bytes:
    """Return the body of a POST to a webhook of that kind."""
    title, body = notice.title(language), notice.body(language, zone)
    open_page = in_language(text("notify_open"), language)
    content: dict[str, Any]
    match kind:
        case "slack":
            content = {"text": f"{title}\n{body}\n{notice.link}"}
        case "teams":
            content = _card(title, body, open_page, notice.link)
        case "line_works":
            content = {
                "title": title,
                "body": {"text": body},
                "button": {"label": open_page, "url": notice.link},
            }
        case _:
            content = {
                "severity": str(notice.severity),
                "help": notice.wants_help,
                "raised_at": notice.raised_at.isoformat(),
                "seat": notice.seat,
                "link": notice.link,
            }
    return json.dumps(content, ensure_ascii=False).encode()


def _card(title: str, body: str, open_page: str, link: str) -> dict[str, Any]:
    """Return a message of Teams' Workflows with an adaptive card."""
    card = {
        "$schema": "http://adaptivecards.io/schemas/adaptive-card.json",
        "type": "AdaptiveCard",
        "version": "1.4",
        "body": [
            {"type": "TextBlock", "text": title, "weight": "Bolder", "wrap": True},
            {"type": "TextBlock", "text": body, "wrap": True},
        ],
        "actions": [{"type": "Action.OpenUrl", "title": open_page, "url": link}],
    }
    attachment = {"contentType": "application/vnd.microsoft.card.adaptive", "content": card}
    return {"type": "message", "attachments": [attachment]}
