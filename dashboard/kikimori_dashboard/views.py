"""The picture of the site as the browsers get it: JSON of snapshots and of changes.

Snapshot: `{"type": "snapshot", "seq", "now", "site", "calls": {id: …}, "levels", "alerts", "agents", "commands",
"extensions": {number: time of its last call}, "closed": […]}`. Change: `{"type": "delta", "from", "seq", "now", …}` with
only the parts that changed; `null` = gone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from kikimori_dashboard.changes import Part

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.presses import Press
    from kikimori_dashboard.state import SiteState


class Views:
    def __init__(self, state: SiteState, settings: DashboardSettings) -> None:
        self._state = state
        self._settings = settings
        self._of_part: dict[Part, Callable[[str], dict[str, Any] | None]] = {
            Part.CALLS: self._call,
            Part.LEVELS: self._levels,
            Part.ALERTS: self._alert,
            Part.AGENTS: self._agent,
            Part.COMMANDS: self._commands,
        }

    def snapshot(self, now: datetime) -> str:
        state = self._state
        return _encode(
            {
                "type": "snapshot",
                "seq": state.changes.version,
                "now": now.isoformat(),
                "site": self._site(),
                "calls": {each: self._call(each) for each in state.order()},
                "levels": {each: self._levels(each) for each in state.calls},
                "alerts": {each: self._alert(each) for each in state.alerts},
                "agents": {each: self._agent(each) for each in state.agents},
                "commands": {each: self._commands(each) for each in state.presses.calls()},
                "extensions": {each: self._extension(each) for each in state.extensions.known()},
                "closed": self._closed(),
            }
        )

    def delta(self, since: int, now: datetime) -> str | None:
        """Everything that changed after version `since`; None when only a snapshot can tell."""
        keys = self._state.changes.since(since)
        if keys is None:
            return None
        message: dict[str, Any] = {
            "type": "delta",
            "from": since,
            "seq": self._state.changes.version,
            "now": now.isoformat(),
        }
        for part, name in keys:
            if part is Part.SITE:
                message["site"] = self._site()
            elif part is Part.CLOSED:
                message["closed"] = self._closed()
            elif part is Part.EXTENSIONS:
                message.setdefault("extensions", {})[name] = self._extension(name)
            else:
                message.setdefault(part.value, {})[name] = self._of_part[part](name)
        return _encode(message)

    def _site(self) -> dict[str, Any]:
        since = self._state.extensions.since
        return {
            "name": self._settings.site,
            "language": self._settings.language,
            "time_zone": self._settings.time_zone,
            "broker_connected": self._state.broker_connected,
            "newer": self._state.newer_agents(),
            "watching_since": None if since is None else since.isoformat(),
        }

    def _call(self, call_id: str) -> dict[str, Any] | None:
        entry = self._state.calls.get(call_id)
        if entry is None:
            return None
        severity = self._state.worst(call_id)
        return {
            **entry.state.model_dump(mode="json", exclude={"v", "transcript_tail"}),
            "lines": entry.tail.view(),
            "severity": severity.value if severity else None,
            "urgency": self._state.urgency(call_id),
            "stale": self._state.stale(call_id),
            "returned": entry.returned,
        }

    def _levels(self, call_id: str) -> dict[str, Any] | None:
        entry = self._state.calls.get(call_id)
        if entry is None or entry.levels is None:
            return None
        return {
            role.value: {
                "level_db": round(leg.level_db, 1),
                "speaking": leg.speaking,
                "over_calm_db": None if leg.over_calm_db is None else round(leg.over_calm_db, 1),
                "effort": round(leg.effort, 2),
            }
            for role, leg in entry.levels.legs.items()
        }

    def _alert(self, alert_id: str) -> dict[str, Any] | None:
        alert = self._state.alerts.get(alert_id)
        return None if alert is None else alert.model_dump(mode="json", exclude={"v"})

    def _closed(self) -> list[dict[str, Any]]:
        """Newest first."""
        return [
            alert.model_dump(mode="json", exclude={"v"}) for alert in reversed(self._state.closed.values())
        ]

    def _agent(self, agent_id: str) -> dict[str, Any] | None:
        health = self._state.agents.get(agent_id)
        return None if health is None else health.model_dump(mode="json", exclude={"v"})

    def _extension(self, number: str) -> str | None:
        last = self._state.extensions.last(number)
        return None if last is None else last.isoformat()

    def _commands(self, call_id: str) -> dict[str, Any] | None:
        """By lane."""
        return {lane.value: _press(press) for lane, press in self._state.presses.of(call_id).items()} or None


def _press(press: Press) -> dict[str, Any]:
    result = press.result
    return {
        "command_id": press.command_id,
        "action": press.action.value,
        "issued_by": press.issued_by,
        "issued_at": press.issued_at.isoformat(),
        "keep_operator": press.keep_operator,
        "unanswered": press.unanswered,
        "result": None if result is None else result.model_dump(mode="json", exclude={"v"}),
    }


def _encode(message: dict[str, Any]) -> str:
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))
