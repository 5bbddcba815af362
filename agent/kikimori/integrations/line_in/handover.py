"""Passage from the sound library's thread to the loop: bounded, never waited for, surplus is counted."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


class Handover:
    """Blocks of whole frames (interleaved s16le). `put` and `end` are for the other thread, `take` for the loop.

    `wake` is called in the other thread when there is something to take and nobody was woken yet.
    """

    def __init__(self, wake: Callable[[], None], *, frame_bytes: int, most_frames: int) -> None:
        self._wake = wake
        self._frame_bytes = frame_bytes
        self._most_bytes = most_frames * frame_bytes
        self._lock = threading.Lock()
        self._blocks: deque[bytes] = deque()
        self._bytes = 0
        self._lost_frames = 0
        self._ended = False
        self._woken = False
        self.dropped_frames = 0
        """Frames dropped since start: the loop was too slow, or the device too fast."""
        self.broken_blocks = 0
        """Blocks since start that were not whole frames, and were not heard."""
        self.overflows = 0
        """Overflows since start: the device lost sound before we had it."""

    def put(self, block: bytes) -> None:
        with self._lock:
            if len(block) % self._frame_bytes:
                self.broken_blocks += 1
                return
            self._blocks.append(block)
            self._bytes += len(block)
            while self._bytes > self._most_bytes:
                oldest = self._blocks.popleft()
                self._bytes -= len(oldest)
                self._lost_frames += len(oldest) // self._frame_bytes
                self.dropped_frames += len(oldest) // self._frame_bytes
        self._wake_once()

    def overflow(self) -> None:
        with self._lock:
            self.overflows += 1

    def end(self) -> None:
        """Note that the device is gone and no more blocks come."""
        with self._lock:
            self._ended = True
        self._wake_once()

    def take(self) -> tuple[int, list[bytes], bool]:
        """Return the frames lost before these blocks, the blocks, and whether it has ended."""
        with self._lock:
            lost, blocks, ended = self._lost_frames, list(self._blocks), self._ended
            self._lost_frames = 0
            self._blocks.clear()
            self._bytes = 0
            self._woken = False
        return lost, blocks, ended

    def _wake_once(self) -> None:
        with self._lock:
            if self._woken:
                return
            self._woken = True
        self._wake()
