"""The picture for the operator's page: the call and the help for it, without words, levels and scores."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kikimori_dashboard.picture.encoded_parts import EncodedParts
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.picture.views import Views
    from kikimori_dashboard.site.state import SiteState

PARTS = (
    PicturePart.CALLS,
    PicturePart.ALERTS,
    PicturePart.AGENTS,
    PicturePart.COMMANDS,
    PicturePart.EXTENSIONS,
    PicturePart.RINGING,
)

OF_SITE = (
    "name",
    "language",
    "time_zone",
    "broker_connected",
    "broker_problem",
    "reading",
    "incomplete",
    "newer",
    "watching_since",
    "help",
)
OF_CALL = {
    "call_id",
    "agent_id",
    "started_at",
    "ended_at",
    "status",
    "operator",
    "queue",
    "capabilities",
    "keep_operator",
    "help_keys",
    "judging_failed",
    "recording",
}
OF_ALERT = (
    "alert_id",
    "call_id",
    "agent_id",
    "rule",
    "rule_kind",
    "title",
    "severity",
    "state",
    "revision",
    "raised_at",
    "updated_at",
    "raised_s",
)
OF_EVIDENCE = (
    "kind",
    "category",
    "start_s",
    "end_s",
    "reason",
    "comment",
    "demand",
    "title",
    "count",
    "count_before",
    "times_s",
    "refusals",
)
"""Enough to choose the next sentence, what the operator said with the call for help, and how often they refused the same
demand in which words; no customer's words, no scores."""
OF_UNANSWERED = ("hold", "alarm", "heard_by")
OF_AGENT = {"agent_id", "online", "at", "speech"}

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class OperatorViews:
    """JSON of what an operator may see of a call in their own hands."""

    def __init__(self, state: SiteState, views: Views) -> None:
        self._state = state
        self._says_who_listens = views.says_who_listens
        self._views = views
        self._encoded = EncodedParts(
            state.changes,
            {
                PicturePart.CALLS: self._call,
                PicturePart.ALERTS: self._alert,
                PicturePart.AGENTS: self._agent,
                PicturePart.RINGING: self._ringing,
            },
            with_lines=False,
        )

    def json(self, part: PicturePart, name: str) -> str:
        match part:
            case PicturePart.CALLS | PicturePart.ALERTS | PicturePart.AGENTS | PicturePart.RINGING:
                return self._encoded.json(part, name)
            case PicturePart.COMMANDS | PicturePart.EXTENSIONS:
                return self._views.json(part, name)
            case _:
                return "null"

    def lines_since(self, _call_id: str, _since: int) -> str | None:
        return ""

    def site(self) -> str:
        whole = self._views.site_fields()
        return _encode({each: whole[each] for each in OF_SITE})

    def closed(self, _sees: Callable[[Alert], bool]) -> str:
        return '"closed":[],"closed_more":0'

    def missed(self, _sees: Callable[[Alert], bool]) -> str:
        return '"missed":{"alerts":[],"more":0,"dropped":0}'

    def _call(self, call_id: str) -> str | None:
        entry = self._state.calls.get(call_id)
        if entry is None:
            return None
        view: dict[str, Any] = entry.state.model_dump(mode="json", include=OF_CALL)
        view |= {
            "lines": [],
            "stale": self._state.stale(call_id),
            "unconfirmed": self._state.agent_book.unconfirmed(entry.state.agent_id),
            "returned": entry.returned,
        }
        if self._says_who_listens and entry.listeners:
            view["listeners"] = entry.listeners
        view |= entry.ending_view
        if entry.known is not None:
            view["known"] = entry.known.operator_view()
        return _encode(view)

    def _ringing(self, call_id: str) -> str | None:
        entry = self._state.ringing.calls.get(call_id)
        return None if entry is None else entry.operator_json()

    def _alert(self, alert_id: str) -> str | None:
        alert = self._state.alerts.get(alert_id)
        if alert is None:
            return None
        whole = alert.model_dump(mode="json")
        view = {each: whole[each] for each in OF_ALERT}
        view["evidence"] = [
            {each: piece[each] for each in OF_EVIDENCE if each in piece} for piece in whole["evidence"]
        ]
        claim = self._state.alert_book.claim_of(alert_id)
        view["claim"] = None if claim is None else {"name": claim["name"]}
        mark = self._state.alert_book.encoded.marks.of(alert_id, "unanswered")
        view["unanswered"] = None if mark is None else {each: mark[each] for each in OF_UNANSWERED}
        return _encode(view)

    def _agent(self, agent_id: str) -> str | None:
        health = self._state.agents.get(agent_id)
        if health is None:
            return None
        view: dict[str, Any] = health.model_dump(mode="json", include=OF_AGENT)
        view |= {"problems": [], "unconfirmed": self._state.agent_book.unconfirmed(agent_id)}
        return _encode(view)
