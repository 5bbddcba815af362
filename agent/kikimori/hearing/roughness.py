"""Roughness: changes of a voice's power within a block, 20 to 40 a second, faster than syllables.

Angry speech is cut off and rolled, glad speech flows. Neither the level nor the balance of bands counts.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.frames import BLOCK_S

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

STEP_S = 0.005
"""Time over which power is taken: half a period of a low voice."""
SLOWEST_HZ, FASTEST_HZ = 20, 40
LEAST_DB = -50.0

_STEPS = round(BLOCK_S / STEP_S)


def roughness(blocks: NDArray[np.int16]) -> Floats:
    """Return the changes of power in dB below its mean, [legs], of int16 blocks [legs, samples]."""
    steps = blocks.reshape(len(blocks), _STEPS, blocks.shape[1] // _STEPS).astype(np.float32)
    power = np.einsum("lts,lts->lt", steps, steps)
    # Not a matrix product: that of a row depends on how many rows there are, and results must not.
    parts = np.einsum("lt,tw->lw", power, _waves())
    mean = np.square(np.maximum(parts[:, 0], np.float32(1)))
    ratio = np.square(parts[:, 1:]).sum(axis=1) / mean
    found: Floats = 10 * np.log10(np.maximum(ratio, np.float32(10 ** (LEAST_DB / 10))))
    return found


@cache
def _waves() -> Floats:
    """Return the window and, windowed, its cosines and sines from slowest to fastest: [steps, 1 + 2 · number]."""
    window = np.hanning(_STEPS)
    turns = np.arange(round(SLOWEST_HZ * BLOCK_S), round(FASTEST_HZ * BLOCK_S) + 1)
    angle = 2 * np.pi * np.arange(_STEPS)[:, None] * turns / _STEPS
    waves = np.concatenate([np.ones((_STEPS, 1)), np.cos(angle), np.sin(angle)], axis=1) * window[:, None]
    return np.asarray(waves, dtype=np.float32)
