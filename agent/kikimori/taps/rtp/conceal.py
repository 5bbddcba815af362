"""Lost packets: the last sound is repeated and fades, as an ear expects; what is longer stays a gap."""

from __future__ import annotations

import numpy as np

LONGEST_S = 0.06
"""Longer than this, a repeated sound would be an invention."""

_PIECE_S = 0.02


def conceal(before: bytes, samples: int, rate: int) -> bytes:
    """Return up to `LONGEST_S` of sound to stand for what was lost, as much of `samples` as it may.

    Args:
        before: s16le, the last sound that arrived; its last 20 ms are repeated.
        samples: How many were lost, at `rate`.
        rate: Samples per second of both.
    """
    longest = round(LONGEST_S * rate)
    count = min(samples, longest)
    last = np.frombuffer(before, "<i2")[-round(_PIECE_S * rate) :]
    if count <= 0 or not len(last):
        return b""
    repeated = np.resize(last, count)
    fade = 1.0 - np.arange(1, count + 1) / longest
    return (repeated * fade).astype("<i2").tobytes()
