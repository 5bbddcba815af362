"""Picture for supervisors' pages that say what they draw: calls with lane and order, without words and levels."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kikimori_dashboard.picture.encoded_parts import EncodedParts
from kikimori_dashboard.picture.order import lane_of_call, order_text
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.picture.views import Views
    from kikimori_dashboard.site.changes import Key
    from kikimori_dashboard.site.state import SiteState

BY_LOOK = frozenset({PicturePart.LINES, PicturePart.LEVELS})
"""Parts of which a page gets only what it draws."""
DRAWN_PARTS = tuple(each for each in PicturePart if each not in BY_LOOK)

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class DrawnViews:
    """JSON by key, and of the whole site: made once per version for all pages that get the same."""

    def __init__(self, state: SiteState, views: Views) -> None:
        self.state = state
        self._views = views
        self._calls = EncodedParts(state.changes, {PicturePart.CALLS: self._call}, with_lines=False)
        self._version = -1
        """Version of what is kept below."""
        self._keys: dict[int, list[Key] | None] = {}
        self._fields: dict[int, list[str]] = {}
        self._all_fields: list[str] | None = None

    def json(self, part: PicturePart, name: str) -> str:
        return (self._calls if part is PicturePart.CALLS else self._views).json(part, name)

    def lines_since(self, _call_id: str, _since: int) -> str | None:
        return ""

    def site(self) -> str:
        return self._views.site()

    def closed(self, sees: Callable[[Alert], bool] | None = None) -> str:
        return self._views.closed(sees)

    def missed(self, sees: Callable[[Alert], bool] | None = None) -> str:
        return self._views.missed(sees)

    def keys_since(self, version: int) -> list[Key] | None:
        """Return the changed keys that every page gets; None when it is too long ago to know."""
        self._refresh()
        if version not in self._keys:
            self._keys[version] = self.state.changes.since(version, BY_LOOK)
        return self._keys[version]

    def fields_since(self, version: int) -> list[str] | None:
        """Return the members of a change for who sees the whole site; None when only a snapshot can tell."""
        keys = self.keys_since(version)
        if keys is None:
            return None
        if version not in self._fields:
            self._fields[version] = self._members(keys)
        return self._fields[version]

    def all_fields(self) -> list[str]:
        """Return the members of a snapshot for who sees the whole site."""
        self._refresh()
        if self._all_fields is None:
            state = self.state
            names: dict[PicturePart, Iterable[str]] = {
                PicturePart.CALLS: state.calls,
                PicturePart.ALERTS: state.alerts,
                PicturePart.AGENTS: state.agents,
                PicturePart.COMMANDS: state.presses.calls(),
                PicturePart.EXTENSIONS: state.extensions.known(),
                PicturePart.RINGING: state.ringing.calls,
            }
            self._all_fields = [f'"site":{self.site()}', self.closed(), self.missed()]
            self._all_fields += [self._part(part, listed) for part, listed in names.items()]
        return self._all_fields

    def _members(self, keys: list[Key]) -> list[str]:
        found: dict[PicturePart, list[str]] = {}
        for part, name in keys:
            found.setdefault(part, []).append(name)
        whole = {PicturePart.CLOSED: self.closed, PicturePart.MISSED: self.missed}
        return [
            f'"site":{self.site()}'
            if part is PicturePart.SITE
            else whole[part]()
            if part in whole
            else self._part(part, names)
            for part, names in found.items()
        ]

    def _part(self, part: PicturePart, names: Iterable[str]) -> str:
        return (
            f'"{part.value}":{{{",".join([f"{_encode(name)}:{self.json(part, name)}" for name in names])}}}'
        )

    def _refresh(self) -> None:
        if self._version != self.state.changes.version:
            self._version = self.state.changes.version
            self._keys, self._fields, self._all_fields = {}, {}, None

    def _call(self, call_id: str) -> str | None:
        entry = self.state.calls.get(call_id)
        if entry is None:
            return None
        lane, order = lane_of_call(self.state, call_id), order_text(self.state, call_id)
        return (
            f"{entry.state_json[:-1]},{self._views.standing(call_id, entry)},"
            f'"lane":"{lane.value}","order":{_encode(order)}}}'
        )
