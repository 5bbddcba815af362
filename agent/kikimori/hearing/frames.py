"""Time grid of hearing: frames of 20 ms in blocks of 200 ms, counted from a leg's first sample.

Every result is a function of whole blocks, so that the size of the pieces in which audio arrives changes nothing.
A block is short enough for an alert's delay and long enough that numpy's cost per call is spread over ten frames.
"""

from __future__ import annotations

FRAME_S = 0.02
BLOCK_FRAMES = 10
BLOCK_S = FRAME_S * BLOCK_FRAMES

RATES = (8000, 16000)
"""Sampling rates at which hearing works."""

SILENCE_DB = -96.0
"""Level of digital silence: the floor of 16 bits, never 0 dBFS."""


def frame_samples(rate: int) -> int:
    return round(rate * FRAME_S)


def block_samples(rate: int) -> int:
    return frame_samples(rate) * BLOCK_FRAMES
