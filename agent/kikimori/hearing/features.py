"""Acoustic features of voices, for many legs at once: level, balance of bands, pitch, voicing, clipping.

Vocal effort flattens the spectrum of the voice and raises its pitch: the glottis closes faster and energy above 1 kHz
grows more than energy below (Traunmüller & Eriksson 2000, "Acoustic effects of variation in vocal effort"). A gain
anywhere on the line moves all bands alike. A telephone carries no fundamental below 300 Hz, so the pitch is taken from
the spacing of the overtones: the autocorrelation of the compressed spectrum up to 2 kHz, where formants weigh less than
in a plain one (Tolonen & Karjalainen 2000, "A computationally efficient multipitch analysis model").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.frames import BLOCK_FRAMES, FRAME_S, frame_samples
from kikimori.hearing.roughness import roughness

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float32]

WINDOW_FRAMES = 2
"""Frames of 20 ms in a window: it holds two periods of the lowest voice."""
WINDOWS = BLOCK_FRAMES // WINDOW_FRAMES
WINDOW_S = WINDOW_FRAMES * FRAME_S

BIN_HZ = 15.625
"""512 points at 8 kHz, 1024 at 16 kHz: the same bins serve both."""

BANDS_HZ = (300, 600, 1000, 1700, 2500, 3400)
"""Edges of the bands whose energies are summed."""

SHORTEST_LAG, LONGEST_LAG = 6, 57
"""Periods looked for, in quarters of a millisecond: 667 … 70 Hz."""
VOICED_FROM = 0.35
"""Normalised autocorrelation from which a window counts as voiced."""
NEARLY = 0.88
"""Share of the highest peak from which a peak counts; of these the shortest period is taken, not two periods
for one."""

CLIPPED_FROM = 0.98

CREST_DB = 3.0
"""Smallest sum in dB of a crest's differences to its two neighbours."""

FALL_ST = 0.5
"""Semitones from one window to the next by which the pitch falls."""

HIGH_ST = 12.0
"""Pitch above which few adults speak, or shout: 400 Hz."""

_FULL_SCALE = 32768.0
_PITCH_POINTS = 256
"""Points of the low band, up to 2 kHz: lags have steps of 0.25 ms."""
_LAG_S = 1 / (_PITCH_POINTS * BIN_HZ)
_PITCH_BINS = slice(round(100 / BIN_HZ), round(2000 / BIN_HZ) + 1)
_COMPRESSION = 0.4
"""Power on energies: 0.8 on magnitudes."""
_AROUND = np.arange(-3, 4)[None, :]
"""Bins within 50 Hz of a tone, as wide as the Hann window smears it."""
_EDGES = tuple(round(hz / BIN_HZ) for hz in BANDS_HZ)

REFERENCE_HZ = 200.0


@dataclass(frozen=True, slots=True)
class BlockFeatures:
    """Sums over each leg's block. Power is relative to full scale squared."""

    speech_frames: Floats
    """[legs] 20 ms frames with speech."""
    rest_power: Floats
    """[legs] mean power summed over the frames without speech."""
    sums: Floats
    """[legs, len(SUMS)] over the windows that are speech."""


SUMS = (
    "windows",
    "power",
    *(f"band_{number}" for number in range(len(BANDS_HZ) - 1)),
    "voiced",
    "pitch",
    "pitch_squared",
    "voicing",
    "level",
    "level_squared",
    "clipped",
    "voicing_squared",
    "flatness",
    "tilt",
    "tilt_squared",
    "voiced_tilt",
    "voiced_tilt_squared",
    *(f"voiced_{number}" for number in range(len(BANDS_HZ) - 1)),
    "high",
    "peak",
    "pairs",
    "flux",
    "glides",
    "glide",
    "triples",
    "crests",
    "balance_step",
    "shape_step",
    "falls",
    "onsets",
    "roughness",
)
"""Names of the sums over windows. Pitch in semitones over 200 Hz, of voiced windows; level in dBFS; `peak` is
the share of the energy within 50 Hz of the strongest tone. Over pairs of neighbouring windows: `flux`, the
difference between the shares of the bands, 0 … 2; `glide`, the change of pitch, at most 6 semitones, where
both are voiced (`glides`). `crests` of the level among inner windows (`triples`) are syllables, more or less.
Of such pairs besides: `balance_step` and `shape_step`, the mean change in
dB of the bands and of the points of the spectrum, apart from that of the level; `falls` of the pitch. `onsets`: voiced after one that is
not. `roughness` of the block, once for each window. `tilt` in decibels, limited to ±40; `voiced_0` … shares of the bands in decibels over voiced windows,
`flatness` their mean over all; `high`: voiced above `HIGH_ST`."""
AT = {name: place for place, name in enumerate(SUMS)}


def frame_power(blocks: NDArray[np.int16], rate: int) -> Floats:
    """Return the power of each frame, [legs, BLOCK_FRAMES]."""
    frames = blocks.reshape(len(blocks), BLOCK_FRAMES, frame_samples(rate)).astype(np.float32)
    power: Floats = np.einsum("lfs,lfs->lf", frames, frames)
    power *= np.float32(1 / _FULL_SCALE**2 / frame_samples(rate))
    return power


def measure(
    blocks: NDArray[np.int16], speech: NDArray[np.bool_], rate: int, power: Floats | None = None
) -> BlockFeatures:
    """Measure blocks of many legs.

    Args:
        blocks: int16 [legs, samples per block].
        speech: bool [legs, BLOCK_FRAMES], which frames hold speech.
        rate: Samples per second.
        power: What `frame_power` returns; None = it is computed here.
    """
    if power is None:
        power = frame_power(blocks, rate)
    legs = len(blocks)
    samples = frame_samples(rate)
    rest_power = np.where(speech, 0, power).sum(axis=1, dtype=np.float32)
    spoken: NDArray[np.bool_] = np.any(speech.reshape(legs, WINDOWS, WINDOW_FRAMES), axis=2)
    sums = np.zeros((legs, WINDOWS, len(SUMS)), dtype=np.float32)
    if spoken.any():
        # Only speech is transformed: on a telephone that is well under half of the time.
        windows = blocks.reshape(legs, WINDOWS, samples * WINDOW_FRAMES)[spoken].astype(np.float32)
        windows *= np.float32(1 / _FULL_SCALE)
        mean_power = power.reshape(legs, WINDOWS, WINDOW_FRAMES).mean(axis=2)[spoken]
        sums[spoken] = _window_sums(windows, mean_power, rate)
        _add_pairs(sums, spoken)
    total = sums.sum(axis=1)
    some = total[:, AT["windows"]] > 0
    total[some, AT["roughness"]] = roughness(blocks[some]) * total[some, AT["windows"]]
    return BlockFeatures(
        speech_frames=speech.sum(axis=1, dtype=np.float32), rest_power=rest_power, sums=total
    )


def _window_sums(windows: Floats, power: Floats, rate: int) -> Floats:
    """Return [windows, len(SUMS)]."""
    energy = _energy(windows, rate)
    pitch, voicing = _pitch(energy, windows.shape[1], rate)
    level = 10 * np.log10(np.maximum(power, np.float32(1e-10)))
    voiced = (voicing >= VOICED_FROM).astype(np.float32)
    found = np.empty((len(windows), len(SUMS)), dtype=np.float32)
    found[:, AT["windows"]] = 1
    found[:, AT["power"]] = power
    found[:, AT["band_0"] : AT["band_0"] + len(_EDGES) - 1] = np.add.reduceat(energy, _EDGES[:-1], axis=1)
    found[:, AT["voiced"]] = voiced
    found[:, AT["pitch"]] = voiced * pitch
    found[:, AT["pitch_squared"]] = voiced * pitch**2
    found[:, AT["voicing"]] = voicing
    found[:, AT["level"]] = level
    found[:, AT["level_squared"]] = level**2
    found[:, AT["clipped"]] = np.abs(windows).max(axis=1) >= CLIPPED_FROM
    strongest = energy.argmax(axis=1)[:, None] + _AROUND
    around = np.take_along_axis(energy, np.clip(strongest, 0, energy.shape[1] - 1), axis=1).sum(axis=1)
    found[:, AT["voicing_squared"]] = voicing**2
    found[:, AT["high"]] = voiced * (pitch > HIGH_ST)
    _add_shape(found, voiced)
    found[:, AT["peak"]] = np.minimum(around / np.maximum(energy.sum(axis=1), np.float32(1e-9)), 1)
    found[:, AT["pairs"] :] = 0
    found[1:, AT["shape_step"]] = _mean_step(energy[:, _EDGES[0] :])
    found[1:, AT["balance_step"]] = _mean_step(found[:, AT["band_0"] : AT["band_0"] + len(_EDGES) - 1])
    return found


def _mean_step(energy: Floats) -> Floats:
    """Return the mean change in dB from each row to the next, apart from that of the whole row, [rows - 1]."""
    steps = np.diff(10 * np.log10(np.maximum(energy, np.float32(1e-9))), axis=0)
    steps -= steps.mean(axis=1, keepdims=True)
    found: Floats = np.abs(steps).mean(axis=1)
    return found


def periodicity(windows: Floats, rate: int) -> Floats:
    """Return how periodic each window [windows, samples] is, 0 … 1."""
    return _pitch(_energy(windows, rate), windows.shape[1], rate)[1]


def _energy(windows: Floats, rate: int) -> Floats:
    """Return the spectrum [windows, bins] up to the last of `BANDS_HZ`."""
    spectrum = np.fft.rfft(windows * _hann(windows.shape[1]), round(rate / BIN_HZ), axis=1)[:, : _EDGES[-1]]
    energy: Floats = np.square(spectrum.real) + np.square(spectrum.imag)
    return energy


def _add_shape(found: Floats, voiced: Floats) -> None:
    """Add the balance of the bands in decibels, over all windows and over voiced ones."""
    bands = found[:, AT["band_0"] : AT["band_0"] + len(_EDGES) - 1]
    parts = np.stack([bands.sum(axis=1), bands[:, :2].sum(axis=1), bands[:, 2:].sum(axis=1)], axis=1)
    decibels = 10 * np.log10(np.maximum(np.concatenate([bands, parts], axis=1), np.float32(1e-9)))
    total, low, high = decibels[:, -3], decibels[:, -2], decibels[:, -1]
    shares = np.maximum(decibels[:, :-3] - total[:, None], np.float32(-40))
    tilt = np.clip(high - low, -40, 40)
    found[:, AT["flatness"]] = shares.mean(axis=1)
    found[:, AT["tilt"]] = tilt
    found[:, AT["tilt_squared"]] = tilt**2
    found[:, AT["voiced_tilt"]] = voiced * tilt
    found[:, AT["voiced_tilt_squared"]] = voiced * tilt**2
    found[:, AT["voiced_0"] : AT["voiced_0"] + len(_EDGES) - 1] = shares * voiced[:, None]


def _add_pairs(sums: Floats, spoken: NDArray[np.bool_]) -> None:
    """Add the sums over neighbouring windows, to the later one of each pair.

    The steps are there already, against the row before, which is another leg's or an earlier one where no pair is.
    """
    bands = sums[:, :, AT["band_0"] : AT["band_0"] + len(_EDGES) - 1]
    shares = bands / np.maximum(bands.sum(axis=2, keepdims=True), np.float32(1e-9))
    both = spoken[:, 1:] & spoken[:, :-1]
    voiced = sums[:, :, AT["voiced"]] > 0
    gliding = both & voiced[:, 1:] & voiced[:, :-1]
    pitch = sums[:, :, AT["pitch"]]
    sums[:, 1:, AT["pairs"]] = both
    sums[:, 1:, AT["flux"]] = np.abs(np.diff(shares, axis=1)).sum(axis=2) * both
    sums[:, 1:, AT["glides"]] = gliding
    level = sums[:, :, AT["level"]]
    inner = both[:, 1:] & both[:, :-1]
    rise, fall = level[:, 1:-1] - level[:, :-2], level[:, 1:-1] - level[:, 2:]
    sums[:, 1:-1, AT["triples"]] = inner
    sums[:, 1:-1, AT["crests"]] = inner & (rise > 0) & (fall >= 0) & (rise + fall > CREST_DB)
    glide = np.diff(pitch, axis=1)
    sums[:, 1:, AT["glide"]] = np.minimum(np.abs(glide), np.float32(6)) * gliding
    for name in ("balance_step", "shape_step"):
        sums[:, 0, AT[name]] = 0
        sums[:, 1:, AT[name]] *= gliding
    sums[:, 1:, AT["falls"]] = gliding & (glide < -FALL_ST)
    sums[:, 1:, AT["onsets"]] = voiced[:, 1:] & ~voiced[:, :-1]


def _pitch(energy: Floats, samples: int, rate: int) -> tuple[Floats, Floats]:
    """Return pitch in semitones over 200 Hz, and how periodic each window is, 0 … 1."""
    low = np.zeros((len(energy), _PITCH_POINTS // 2 + 1), dtype=np.float32)
    low[:, _PITCH_BINS] = np.maximum(energy[:, _PITCH_BINS], np.float32(1e-12)) ** np.float32(_COMPRESSION)
    correlation = np.fft.irfft(low, _PITCH_POINTS, axis=1)[:, : LONGEST_LAG + 2]
    correlation /= np.maximum(correlation[:, :1], np.float32(1e-12)) * _own(samples, rate)
    middle = correlation[:, SHORTEST_LAG : LONGEST_LAG + 1]
    left, right = correlation[:, SHORTEST_LAG - 1 : LONGEST_LAG], correlation[:, SHORTEST_LAG + 1 :]
    peaks = np.where((middle >= left) & (middle > right), middle, np.float32(-1))
    best = peaks.max(axis=1)
    place = np.argmax(peaks >= NEARLY * best[:, None], axis=1)
    rows = np.arange(len(energy))
    a, b, c = left[rows, place], middle[rows, place], right[rows, place]
    # The peak of the parabola through three points: lags are coarse where the voice is high.
    bend = a - 2 * b + c
    offset = np.where(bend < -1e-6, 0.5 * (a - c) / np.minimum(bend, np.float32(-1e-6)), 0)
    seconds = (place + SHORTEST_LAG + np.clip(offset, -0.5, 0.5)) * _LAG_S
    semitones = 12 * np.log2(1 / (REFERENCE_HZ * seconds))
    return semitones.astype(np.float32), np.clip(best, 0, 1).astype(np.float32)


_hanns: dict[int, Floats] = {}
_owns: dict[tuple[int, int], Floats] = {}


def _hann(samples: int) -> Floats:
    if samples not in _hanns:
        _hanns[samples] = np.hanning(samples).astype(np.float32)
    return _hanns[samples]


def _own(samples: int, rate: int) -> Floats:
    """Autocorrelation of the window itself at the lags: it falls with the lag and would favour short ones."""
    key = (samples, rate)
    if key not in _owns:
        window = np.hanning(samples)
        lags = np.round(np.arange(LONGEST_LAG + 2) * _LAG_S * rate).astype(int)
        own = np.array([np.dot(window[: len(window) - lag], window[lag:]) for lag in lags])
        _owns[key] = np.maximum(own / own[0], 0.3).astype(np.float32)
    return _owns[key]
