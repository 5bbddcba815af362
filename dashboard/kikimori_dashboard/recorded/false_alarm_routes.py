"""Page of the false alarms by rule."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiohttp import web

from kikimori_dashboard.access.answering import answering
from kikimori_dashboard.access.asked import asked_number
from kikimori_dashboard.access.roles import Right, may
from kikimori_dashboard.access.rules import add_route, needs, page_for
from kikimori_dashboard.access.who import WHO
from kikimori_dashboard.pages.pages import html_page
from kikimori_dashboard.people.reasons import false_reasons
from kikimori_dashboard.recorded.target import target_of
from kikimori_records.alerts.by_rule import alert_counts, marked_alerts, titles_of

if TYPE_CHECKING:
    from kikimori_dashboard.access.access import Access
    from kikimori_records.alerts.by_rule import CallPlace, MarkedAlert

DAYS = 30
MOST_DAYS = 3660
SHOWN = 20
"""Newest marks of a rule that are listed."""


class FalseAlarmRoutes:
    """The page and its list."""

    def __init__(self, access: Access) -> None:
        self._access = access

    def add_to(self, app: web.Application) -> None:
        add_route(app, "GET", "/false-alarms", html_page("false_alarms.html"), page_for(Right.TRANSCRIPT))
        add_route(app, "GET", "/api/false-alarms", answering(self._list), needs(Right.TRANSCRIPT))

    async def _list(self, request: web.Request) -> web.Response:
        """Return alerts that were marked as false in the last `days` days (30), by rule, most marks first."""
        days = asked_number(request.query.get("days", str(DAYS)), 1, MOST_DAYS)
        who, store = request[WHO], self._access.store
        since = datetime.now(UTC) - timedelta(days=days)

        def sees(place: CallPlace) -> bool:
            return may(who, Right.TRANSCRIPT, target_of(place, self._access.teams))

        marks: dict[str, list[MarkedAlert]] = {}
        for each in await marked_alerts(store, since):
            if sees(each.place):
                marks.setdefault(each.rule, []).append(each)
        raised: Counter[str] = Counter()
        for count in await alert_counts(store, since):
            if sees(count.place):
                raised[count.rule] += count.count
        known = [
            next(((each.uid, each.alert_id) for each in found if each.uid is not None), None)
            for found in marks.values()
        ]
        titles = await titles_of(store, [each for each in known if each is not None])
        rules = [_rule_view(rule, found, raised[rule], titles.get(rule)) for rule, found in marks.items()]
        rules.sort(key=lambda each: (-each["false"], each["rule"]))
        reasons = {each.id: {"ja": each.ja, "en": each.en} for each in false_reasons()}
        return web.json_response({"days": days, "rules": rules, "reasons": reasons})


def _rule_view(
    rule: str, marks: list[MarkedAlert], raised: int, title: dict[str, Any] | None
) -> dict[str, Any]:
    return {
        "rule": rule,
        "title": title or {"ja": rule, "en": rule},
        "alerts": raised,
        "false": len(marks),
        "reasons": dict(Counter(each.reason for each in marks).most_common()),
        "marks": [
            {
                "alert_id": each.alert_id,
                "uid": each.uid,
                "opened_s": each.opened_s,
                "started_at": None if each.started_at is None else each.started_at.isoformat(),
                "reason": each.reason,
                "name": each.name,
                "at": each.at.isoformat(),
            }
            for each in marks[:SHOWN]
        ],
    }
