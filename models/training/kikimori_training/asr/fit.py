"""Times of phones as an exported network hears them, for clips whose own times are rough or unknown."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori_training.asr.align import CENTRE_S, SUBSAMPLING
from kikimori_training.asr.features import RATE, SHIFT, mfcc

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Affines = Sequence[tuple[NDArray[np.float32], NDArray[np.float32]]]

FRAME_S = SHIFT / RATE
UNLIKELY = -1e9


def log_posteriors(
    features: NDArray[np.float32], affines: Affines, splice: int, hops: Sequence[int]
) -> NDArray[np.float32]:
    """(outputs, labels) of (frames, coefficients); the network as `kaldi_binary.affines` reads it from a model's file."""
    around = splice + sum(hops)
    x = np.pad(features, ((around, around + SUBSAMPLING), (0, 0)), mode="edge")
    outputs = (len(features) + SUBSAMPLING - 1) // SUBSAMPLING
    frames = len(x) - 2 * splice
    x = np.concatenate([x[k : k + frames] for k in range(2 * splice + 1)], axis=1)[::SUBSAMPLING]
    x = np.maximum(x @ affines[0][0].T + affines[0][1], 0)
    for (weight, bias), hop in zip(affines[1:-1], hops, strict=True):
        step = hop // SUBSAMPLING
        x = np.concatenate([x[: -2 * step], x[step:-step], x[2 * step :]], axis=1)
        x = np.maximum(x @ weight.T + bias, 0)
    x = (x @ affines[-1][0].T + affines[-1][1])[:outputs]
    x -= x.max(axis=1, keepdims=True)
    return np.asarray(x - np.log(np.exp(x).sum(axis=1, keepdims=True)))


def best_path(likely: NDArray[np.floating], phones: Sequence[int]) -> tuple[NDArray[np.int64], float]:
    """Return the output at which each phone begins, and the mean log probability of this path.

    `likely` is (outputs, labels), with two labels a phone as in `align`; no phone is left out. Raise ValueError where there are
    fewer outputs than phones.
    """
    if len(likely) < len(phones):
        raise ValueError(f"{len(phones)} phones in {len(likely)} outputs")
    states = np.repeat(2 * np.asarray(phones), 2)
    states[1::2] += 1
    starts_phone = np.arange(len(states)) % 2 == 0
    score = np.full(len(states), UNLIKELY)
    score[0] = likely[0, states[0]]
    came = np.zeros((len(likely), len(states)), int)
    for t in range(1, len(likely)):
        one_before = np.concatenate([[UNLIKELY], score[:-1]])
        two_before = np.concatenate([[UNLIKELY, UNLIKELY], score[:-2]])
        # a phone's first label follows the rest or the first label of the phone before, its rest the first label or itself
        near, far = np.where(starts_phone, one_before, score), np.where(starts_phone, two_before, one_before)
        came[t] = np.where(far > near, 1, 0) + starts_phone
        score = np.maximum(near, far) + likely[t, states]
    at = len(states) - (1 if score[-1] > score[-2] else 2)
    total = float(score[at])
    path = np.empty(len(likely), int)
    for t in range(len(likely) - 1, -1, -1):
        path[t] = at
        at -= came[t, at]
    return np.searchsorted(path // 2, np.arange(len(phones))), total / len(likely)


def fitted_starts(
    samples: NDArray[np.floating], phones: Sequence[int], affines: Affines, splice: int, hops: Sequence[int]
) -> tuple[NDArray[np.float64], float]:
    """Return the start of each phone in s, to 10 ms, and how likely that is; samples at 8 kHz on the int16 scale.

    The network gives an output every third frame: it hears the sound three times, each a frame later, and the starts are
    averaged. Raise ValueError where the sound is too short for the phones.
    """
    features = mfcc(samples)
    starts, scores = [], []
    for late in range(SUBSAMPLING):
        found, score = best_path(log_posteriors(features[late:], affines, splice, hops), phones)
        starts.append((found * SUBSAMPLING + late) * FRAME_S + CENTRE_S - SUBSAMPLING * FRAME_S / 2)
        scores.append(score)
    return np.mean(starts, axis=0), float(np.mean(scores))
