"""Publication of the agent's ringing calls: one retained list, the latest wins, cleared when nothing rings."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.ringing_calls import RingingCalls
    from kikimori_core.wire.topics import AgentTopics


class RingingSource(Protocol):
    """Owner of the list."""

    changed: Callable[[], None]
    """Called when the list may be another; set by whoever publishes it."""

    def listed(self) -> RingingCalls: ...


SHORTEST_S = 0.2
"""Shortest interval in s between two publications, however many telephones ring."""


class RingingTeller:
    """Keeps the list on the broker up to date."""

    def __init__(self, topics: AgentTopics, source: RingingSource | None) -> None:
        """`source`: None = nothing ever rings."""
        self.topic = topics.ringing
        self._source = source
        self._changed = asyncio.Event()
        if source is not None:
            source.changed = self._changed.set
        self._is_telling = False
        """True from the begin of a publication until the broker has it."""
        self._told: RingingCalls | None = None
        """List on the broker; None = none, as far as this run knows."""

    @property
    def untold(self) -> int:
        """Return 1 while a change waits to be published, else 0."""
        return int(self._changed.is_set() or self._is_telling)

    def rings(self, _agent_id: str) -> bool:
        """Return whether anything rings now."""
        return self._listed() is not None

    def _listed(self) -> RingingCalls | None:
        listed = self._source.listed() if self._source is not None else None
        return listed if listed is not None and listed.calls else None

    async def run(self, client: Client, moved: Callable[[], None]) -> None:
        """Publish the list when it changed, for as long as the connection lasts; `moved` is called after each look."""
        # The broker may have lost it, and a dashboard forgets it while the agent is offline.
        again = self._told is not None
        self._changed.set()
        while True:
            await self._changed.wait()
            self._changed.clear()
            self._is_telling = True
            now = self._listed()
            if again or now != self._told:
                await client.publish(self.topic, b"" if now is None else now.to_bytes(), qos=1, retain=True)
            again, self._told, self._is_telling = False, now, False
            moved()
            await asyncio.sleep(SHORTEST_S)
