"""Concealment of lost packets: the last sound is repeated and fades; a longer loss stays a gap."""

from __future__ import annotations

import numpy as np

LONGEST_S = 0.06
"""Longest repeated sound in s; more would be invented."""

_PIECE_S = 0.02


def conceal(before: bytes, samples: int, rate: int) -> bytes:
    """Return up to `LONGEST_S` of sound in place of a loss of `samples`.

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
