"""Bounded queue between the event loop and the journal's thread: sound is shed first, events last."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

from kikimori.recording.entries import EventEntry, SoundRound, WindowRound

if TYPE_CHECKING:
    from kikimori.recording.entries import EndEntry, Entry, EraseEntry

MOST_SOUND = 64 << 20
"""Bytes of sound that may wait: about five seconds of 400 calls."""
MOST_ROUNDS = 20_000
"""Rounds of windows that may wait: half an hour of both rates."""
MOST_EVENTS = 100_000
"""Events that may wait while the disk takes nothing: hours of a busy office. More are lost, and counted."""


class RecordQueue:
    """Entries in their order. The loop puts, one thread takes; neither waits for the other."""

    def __init__(self, *, most_sound: int = MOST_SOUND, most_events: int = MOST_EVENTS) -> None:
        self.events_lost = 0
        self._most_sound = most_sound
        self._most_events = most_events
        self._entries: deque[Entry] = deque()
        self._came = threading.Event()
        # Each counter is written by one side alone.
        self._put = [0, 0, 0]
        self._taken = [0, 0, 0]

    def put_sound(self, entry: SoundRound) -> bool:
        """Queue sound; False when too much waits already."""
        if self._waiting(0) + len(entry.pcm) > self._most_sound:
            return False
        self._add(entry, 0, len(entry.pcm))
        return True

    def put_windows(self, entry: WindowRound) -> None:
        """Queue windows, unless too many wait already."""
        if self._waiting(1) < MOST_ROUNDS:
            self._add(entry, 1, 1)

    def put(self, entry: EventEntry | EndEntry | EraseEntry) -> None:
        """Queue an event."""
        if self._waiting(2) >= self._most_events:
            self.events_lost += 1
            return
        self._add(entry, 2, 1)

    def take(self, most_sound: int) -> list[Entry]:
        """Return the entries that wait, of sound about `most_sound` bytes at once. For the thread."""
        self._came.clear()
        entries: list[Entry] = []
        while self._entries and most_sound > 0:
            entry = self._entries.popleft()
            entries.append(entry)
            if isinstance(entry, SoundRound):
                most_sound -= len(entry.pcm)
                self._taken[0] += len(entry.pcm)
            else:
                self._taken[1 if isinstance(entry, WindowRound) else 2] += 1
        if self._entries:
            self._came.set()
        return entries

    def wait(self, timeout_s: float | None) -> None:
        """Return when something waits, or after `timeout_s`. For the thread."""
        self._came.wait(timeout_s)

    def wake(self) -> None:
        """Let `wait` return."""
        self._came.set()

    @property
    def events_waiting(self) -> int:
        """Events that are not taken yet."""
        return self._waiting(2)

    @property
    def empty(self) -> bool:
        return not self._entries

    def _waiting(self, kind: int) -> int:
        return self._put[kind] - self._taken[kind]

    def _add(self, entry: Entry, kind: int, size: int) -> None:
        self._put[kind] += size
        self._entries.append(entry)
        if not self._came.is_set():
            self._came.set()
