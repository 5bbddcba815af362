"""Choice of blocks for the recogniser: speech, a little before, and silence after it to end an utterance."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

OPEN_AT_FRAMES = 2
"""Speech frames in a block that open the gate; a single one is a click."""

TRAILING_BLOCKS = 3
"""Blocks of silence that still pass after speech: 0.6 s, longer than the pauses inside a sentence."""


class SpeechGate:
    """Open or closed for many legs, by slot."""

    def __init__(self) -> None:
        self._left = np.zeros(0, dtype=np.int8)

    def reserve(self, slots: int) -> None:
        more = slots - len(self._left)
        if more > 0:
            self._left = np.concatenate([self._left, np.zeros(more, np.int8)])

    def reset(self, slot: int) -> None:
        self._left[slot] = 0

    def update(
        self, slots: NDArray[np.intp], speech_frames: NDArray[np.float32]
    ) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
        """Take the speech frames of one block per leg.

        Returns:
            (passes, closes), bool [legs]: the block belongs to speech; the gate closes after this block. A block
            that passes where the one before did not opens the gate.
        """
        before = self._left[slots]
        speech = speech_frames >= OPEN_AT_FRAMES
        passes = speech | (before > 0)
        after = np.where(speech, TRAILING_BLOCKS, np.maximum(before - 1, 0)).astype(np.int8)
        self._left[slots] = after
        return passes, passes & (after == 0)
