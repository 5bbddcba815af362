"""Agents whose messages have a newer major version than this dashboard: their display may be wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.messages import VERSION
from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from kikimori_dashboard.site.changes import ChangeLog

MAX_AGENTS = 1000


class NewerAgents:
    """Names of newer agents; "" where a message names no agent."""

    def __init__(self, changes: ChangeLog) -> None:
        self._changes = changes
        self._names: set[str] = set()

    def note(self, agent_id: str, version: int) -> None:
        """Note the major version of an agent's message."""
        newer = version > VERSION
        if newer == (agent_id in self._names) or (newer and len(self._names) >= MAX_AGENTS):
            return
        if newer:
            self._names.add(agent_id)
        else:
            self._names.discard(agent_id)
        self._changes.touch(PicturePart.SITE)

    def clear(self) -> None:
        self._names.clear()

    def names(self) -> list[str]:
        return sorted(self._names)
