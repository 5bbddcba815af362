"""View of a browser that may see a part of the site only: calls by extension, and for the operator's page no scores.

Decided here, on the server: what a person may not see never leaves it.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Protocol

from kikimori_dashboard.picture.order import in_order
from kikimori_dashboard.site.call_entry import extension_of
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from datetime import datetime

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.site.changes import Key
    from kikimori_dashboard.site.state import SiteState


_OF_CALLS = (PicturePart.LEVELS, PicturePart.COMMANDS)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class Encoders(Protocol):
    """JSON of the picture by key, `null` for what is gone or not shown at all."""

    def json(self, part: PicturePart, name: str) -> str: ...

    def lines_since(self, call_id: str, since: int) -> str | None: ...

    def site(self) -> str: ...

    def closed(self, sees: Callable[[Alert], bool]) -> str: ...

    def missed(self, sees: Callable[[Alert], bool]) -> str: ...


class Sight:
    """View of one browser: knows what it has shown, so that a call that goes out of sight is taken back."""

    def __init__(
        self,
        state: SiteState,
        encoders: Encoders,
        sees: Callable[[str | None], bool],
        parts: Iterable[PicturePart],
    ) -> None:
        """`parts`: those shown; the others stay empty."""
        self._state = state
        self._encoders = encoders
        self._sees = sees
        self._parts = frozenset(parts)
        self._calls: set[str] = set()
        self._ringing: set[str] = set()
        self.alerts: set[str] = set()
        """Alerts shown, open or over."""
        self.teams_version = 0
        """Version of the teams at the last snapshot."""

    def snapshot(self, now: datetime) -> str:
        head = f'{{"type":"snapshot","seq":{self._state.changes.version},"now":"{now.isoformat()}"'
        return ",".join([head, *self.all_fields()]) + "}"

    def all_fields(self) -> list[str]:
        """Return the members of a snapshot; it counts as shown."""
        state = self._state
        self._calls = {each for each in state.calls if self._sees_call(each)}
        self._ringing = {each for each in state.ringing.calls if self._sees_ring(each)}
        opened = [each for each in state.alerts if self._sees_alert(state.alerts[each])]
        self.alerts = set(opened)
        names: dict[PicturePart, Iterable[str]] = {
            PicturePart.CALLS: [each for each in in_order(state) if each in self._calls],
            PicturePart.LEVELS: list(self._calls),
            PicturePart.ALERTS: opened,
            PicturePart.AGENTS: list(state.agents),
            PicturePart.COMMANDS: [each for each in state.presses.calls() if each in self._calls],
            PicturePart.EXTENSIONS: [each for each in state.extensions.known() if self._sees(each)],
            PicturePart.RINGING: list(self._ringing),
        }
        fields = [f'"site":{self._encoders.site()}', self._closed(), self._missed()]
        for part, listed in names.items():
            shown = listed if part in self._parts else ()
            fields.append(f'"{part.value}":{{{",".join(self._members(part, shown))}}}')
        return fields

    def shows(self, call_id: str) -> bool:
        """Return whether the browser has a call."""
        return call_id in self._calls

    def delta(self, since: int, sent: int, now: datetime, *, by_line: bool) -> str | None:
        """Return what changed after version `since`; None when only a snapshot can tell, "" for nothing in sight.

        Args:
            since: Version up to which this looked at the changes.
            sent: Version that the browser has.
            now: For its clocks.
            by_line: See `Views.delta`.
        """
        keys = self._state.changes.since(since)
        if keys is None:
            return None
        fields = self.fields(keys, since if by_line else None)
        if not fields:
            return ""
        head = f'{{"type":"delta","from":{sent},"seq":{self._state.changes.version},"now":"{now.isoformat()}"'
        return ",".join([head, *fields]) + "}"

    def fields(self, keys: list[Key], since: int | None = None) -> list[str]:
        """Return the members of a change for the changed keys; it counts as shown.

        `since`: version from which changed lines are told alone; None = their calls come whole.
        """
        parts: dict[PicturePart, dict[str, str]] = {}
        fields = []
        before = set(self._calls)
        for key in self._with_new_calls(keys):
            part, name = key
            if part is PicturePart.SITE:
                fields.append(f'"site":{self._encoders.site()}')
            elif part is PicturePart.CLOSED and part in self._parts:
                fields.append(self._closed())
            elif part is PicturePart.MISSED and part in self._parts:
                fields.append(self._missed())
            elif part is PicturePart.LINES:
                if name in self._calls and name not in parts.get(PicturePart.CALLS, {}):
                    self._add_lines(parts, name, since if name in before else None)
            elif part in self._parts and (text := self._shown(part, name, before)) is not None:
                parts.setdefault(part, {})[name] = text
        for name in parts.get(PicturePart.CALLS, {}):
            parts.get(PicturePart.LINES, {}).pop(name, None)
        fields += [
            f'"{part.value}":{{{",".join(f"{_encode(name)}:{text}" for name, text in members.items())}}}'
            for part, members in parts.items()
            if members
        ]
        return fields

    def _with_new_calls(self, keys: list[Key]) -> list[Key]:
        """Return the keys, with everything about calls that came into sight just now, and alerts of those that ring or rang."""
        more: list[Key] = []
        for part, name in keys:
            if part is PicturePart.RINGING:
                more += [(PicturePart.ALERTS, each.alert_id) for each in self._state.alert_book.of_call(name)]
            if part is PicturePart.CALLS and name not in self._calls and self._sees_call(name):
                more += [(each, name) for each in _OF_CALLS]
                more += [(PicturePart.ALERTS, each.alert_id) for each in self._state.alert_book.of_call(name)]
        return list(dict.fromkeys([*(each for each in keys if each[0] is PicturePart.CALLS), *keys, *more]))

    def _shown(self, part: PicturePart, name: str, before: set[str]) -> str | None:
        """Return the JSON of a key in sight, `null` for one that went out of sight, None for one that never was in it."""
        if part is PicturePart.CALLS:
            if self._sees_call(name):
                self._calls.add(name)
                return self._encoders.json(part, name)
            gone = name in self._calls
            self._calls.discard(name)
            return "null" if gone else None
        if part is PicturePart.RINGING:
            if self._sees_ring(name):
                self._ringing.add(name)
                return self._encoders.json(part, name)
            gone = name in self._ringing
            self._ringing.discard(name)
            return "null" if gone else None
        if part is PicturePart.ALERTS:
            alert = self._state.alerts.get(name)
            if alert is not None and self._sees_alert(alert):
                self.alerts.add(name)
                return self._encoders.json(part, name)
            gone = name in self.alerts
            self.alerts.discard(name)
            return "null" if gone else None
        if part in _OF_CALLS:
            if name in self._calls:
                return self._encoders.json(part, name)
            return "null" if name in before else None
        if part is PicturePart.EXTENSIONS and not self._sees(name):
            return None
        return self._encoders.json(part, name)

    def _add_lines(self, parts: dict[PicturePart, dict[str, str]], call_id: str, since: int | None) -> None:
        lines = None if since is None else self._encoders.lines_since(call_id, since)
        if lines is None:
            parts.setdefault(PicturePart.CALLS, {})[call_id] = self._encoders.json(PicturePart.CALLS, call_id)
        elif lines:
            parts.setdefault(PicturePart.LINES, {})[call_id] = lines

    def _members(self, part: PicturePart, names: Iterable[str]) -> Iterator[str]:
        for name in names:
            text = self._encoders.json(part, name)
            if text != "null":
                yield f"{_encode(name)}:{text}"

    def _sees_call(self, call_id: str) -> bool:
        entry = self._state.calls.get(call_id)
        return entry is not None and self._sees(entry.state.operator.number)

    def _sees_alert(self, alert: Alert) -> bool:
        call_id = alert.call_id
        if call_id in self._state.ringing.calls and call_id not in self._state.calls:
            return self._sees_ring(call_id)
        return self._sees(extension_of(alert, self._state.calls))

    def _sees_ring(self, call_id: str) -> bool:
        """Return whether a telephone rings whose calls are in sight."""
        entry = self._state.ringing.calls.get(call_id)
        return entry is not None and any(self._sees(each) for each in entry.call.phones)

    def _closed(self) -> str:
        return self._encoders.closed(self._note_alert)

    def _missed(self) -> str:
        return self._encoders.missed(self._note_alert)

    def _note_alert(self, alert: Alert) -> bool:
        seen = self._sees_alert(alert)
        if seen:
            self.alerts.add(alert.alert_id)
        return seen
