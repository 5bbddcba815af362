"""Speech or not, per frame. The only module that imports webrtcvad."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import webrtcvad

from kikimori.hearing.frames import BLOCK_FRAMES, frame_samples

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

AGGRESSIVENESS = 1
"""webrtcvad's 0…3; of speech 10 dB above a street or rain 1 keeps 97 % and 2 keeps 89 %; the noise that it lets pass is left to
`noise_floor`."""


class VoiceDetector:
    """Voice activity detector of one leg; it adapts to the leg's noise."""

    __slots__ = ("_vad",)

    def __init__(self) -> None:
        self._vad = webrtcvad.Vad(AGGRESSIVENESS)

    def mark(self, pcm: bytes, rate: int, marks: NDArray[np.bool_]) -> None:
        """Set `marks[i]` for each of a block's frames that holds speech; `pcm` is s16le of one block."""
        is_speech = self._vad.is_speech
        step = frame_samples(rate) * 2
        for frame in range(BLOCK_FRAMES):
            at = frame * step
            marks[frame] = is_speech(pcm[at : at + step], rate)


def mark_speech(
    detectors: Sequence[VoiceDetector], blocks: NDArray[np.int16], rate: int
) -> NDArray[np.bool_]:
    """Mark speech frames of many legs.

    Args:
        detectors: One per leg.
        blocks: int16 [legs, samples per block].
        rate: Samples per second.

    Returns:
        bool [legs, BLOCK_FRAMES]
    """
    marks = np.empty((len(detectors), BLOCK_FRAMES), dtype=np.bool_)
    for row, detector in enumerate(detectors):
        detector.mark(blocks[row].tobytes(), rate, marks[row])
    return marks
