"""Bounded queue for messages that are only worth seeing now: the oldest is dropped and counted."""

from __future__ import annotations

import asyncio
from collections import deque


class SheddingQueue:
    """(topic, payload) pairs. `put` never blocks."""

    def __init__(self, limit: int) -> None:
        self._items: deque[tuple[str, bytes]] = deque(maxlen=limit)
        self._arrived = asyncio.Event()
        self.dropped = 0

    def __len__(self) -> int:
        return len(self._items)

    def put(self, topic: str, payload: bytes) -> None:
        if len(self._items) == self._items.maxlen:
            self.dropped += 1
        self._items.append((topic, payload))
        self._arrived.set()

    def put_back(self, topic: str, payload: bytes) -> None:
        """Put an item from `get` back: it was not sent, and is still the oldest."""
        if len(self._items) == self._items.maxlen:
            self.dropped += 1
            return
        self._items.appendleft((topic, payload))
        self._arrived.set()

    async def get(self) -> tuple[str, bytes]:
        """Take the oldest. One reader at a time."""
        while not self._items:
            self._arrived.clear()
            await self._arrived.wait()
        return self._items.popleft()
