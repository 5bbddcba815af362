"""List of the agent's calls and open alerts, in parts, from which dashboards learn which ones to drop."""

from __future__ import annotations

import asyncio
import hashlib
import json
from typing import TYPE_CHECKING

from kikimori_core.wire.delivery import MOST_OF_INVENTORY, Inventory

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from kikimori.bus.stamps import Stamps
    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.topics import AgentTopics

EVERY_S = 1.0
"""Shortest interval in s between two publications; the list is published only when it changed."""

_ROOM = 1024
"""Bytes of a part besides its lists."""


def inventory(
    agent_id: str, run: str, seq: int, calls: Mapping[str, int], alerts: Mapping[str, int]
) -> list[Inventory]:
    """Return the list in parts of at most 64 KiB; one part at least.

    `seq` counts all that the run had said of calls and alerts when this was true.
    """
    content = json.dumps([run, seq, sorted(calls.items()), sorted(alerts.items())])
    digest = hashlib.sha256(content.encode()).hexdigest()[:16]
    parts = list(_parts(calls, alerts))
    return [
        Inventory(
            agent_id=agent_id,
            run=run,
            seq=seq,
            digest=digest,
            part=number,
            parts=len(parts),
            calls=some_calls,
            alerts=some_alerts,
        )
        for number, (some_calls, some_alerts) in enumerate(parts, start=1)
    ]


def _parts(
    calls: Mapping[str, int], alerts: Mapping[str, int]
) -> Iterator[tuple[dict[str, int], dict[str, int]]]:
    part: tuple[dict[str, int], dict[str, int]] = ({}, {})
    size = _ROOM
    for which, entries in enumerate((calls, alerts)):
        for name, revision in entries.items():
            # Two quotation marks, of which an envelope makes four characters, a colon and a comma.
            needed = len(name) + len(str(revision)) + 6
            if size + needed > MOST_OF_INVENTORY:
                yield part
                part, size = ({}, {}), _ROOM
            part[which][name] = revision
            size += needed
    yield part


class InventoryTeller:
    """Keeps the retained list on the broker up to date; `changed` is called when there is a new one."""

    def __init__(
        self,
        topics: AgentTopics,
        stamps: Stamps,
        calls: Callable[[], dict[str, int]],
        alerts: Callable[[], dict[str, int]],
        changed: Callable[[], None],
        sealed: Callable[[bytes], bytes] = bytes,
    ) -> None:
        self._sealed = sealed
        self._topics = topics
        self._stamps = stamps
        self._calls = calls
        self._alerts = alerts
        self._changed = changed
        self._told: list[Inventory] = []

    @property
    def digest(self) -> str | None:
        return self._told[0].digest if self._told else None

    def has(self, part: str) -> bool:
        return part in {str(each.part) for each in self._told}

    async def run(self, client: Client) -> None:
        """Publish the list when it changed, for as long as the connection lasts."""
        before = 0
        self._told = []
        while True:
            run, settled = self._stamps.run, self._stamps.settled
            parts = inventory(self._topics.agent_id, run, settled, self._calls(), self._alerts())
            if self.digest != parts[0].digest:
                self._told = parts
                for each in parts:
                    await client.publish(
                        self._topics.inventory(each.part), self._sealed(each.to_bytes()), qos=1, retain=True
                    )
                for number in range(len(parts) + 1, before + 1):
                    await client.publish(self._topics.inventory(number), b"", qos=1, retain=True)
                before = len(parts)
                self._changed()
            await asyncio.sleep(EVERY_S)
