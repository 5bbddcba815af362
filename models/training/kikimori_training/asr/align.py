"""From phone times to one label per network output frame.

A phone has two labels: its first output frame, and all later ones ("the rest"), as in Kaldi's one-state
chain topology. With an output every 30 ms a short phone may fall between two frames; it then takes the
nearest one, because the decoding graph demands at least one frame of every phone.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori_training.asr.features import RATE, SHIFT, WINDOW

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

SUBSAMPLING = 3
"""Network outputs once per this many feature frames."""
STEP_S = SUBSAMPLING * SHIFT / RATE
CENTRE_S = WINDOW / 2 / RATE
SIL = "sil"
NOISE = "nsn"
"""Noise without speech: like silence to the graph, so that noise does not turn into words."""
GARBAGE = "spn"
"""Some speech: the only phone of the word [unk]."""


def phone_frames(ends: NDArray[np.float64], outputs: int) -> NDArray[np.int64]:
    """Index of the phone that each of `outputs` frames shows; every phone gets a frame where there is room."""
    centres = CENTRE_S + STEP_S * np.arange(outputs)
    first = np.searchsorted(centres, np.concatenate([[0.0], ends[:-1]]))
    for i in range(1, len(first)):  # push starts to the right so that each phone begins on its own frame
        first[i] = max(first[i], first[i - 1] + 1)
    limit = outputs
    for i in range(len(first) - 1, 0, -1):  # and back to the left where the end of the clip is near
        limit -= 1
        first[i] = min(first[i], limit)
    return np.searchsorted(first, np.arange(outputs), side="right") - 1


def labels(phones: Sequence[str], frames: NDArray[np.int64], index: dict[str, int]) -> NDArray[np.int64]:
    """Label per output frame: 2·phone for a phone's first frame, 2·phone+1 for its rest."""
    ids = np.array([index[p] for p in phones])[frames]
    starts = np.concatenate([[True], frames[1:] != frames[:-1]])
    return np.asarray(2 * ids + np.where(starts, 0, 1))
