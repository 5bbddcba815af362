"""A clip as it might arrive from the telephone: warped, levelled, band-limited, coded, noisy, sometimes shouted.

All of it is numpy on one clip at a time; the labels' times follow the warp and the silence put around.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import soxr
from scipy.signal import butter, lfilter

from kikimori_training import telephone
from kikimori_training.asr.features import RATE
from kikimori_training.asr.synth import RATE as CLIP_RATE
from kikimori_training.telephone import Law

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from kikimori_training.asr.synth import Clip

    Audio = NDArray[np.float64]

FULL_SCALE = 32767.0


class Band(StrEnum):
    OPEN = "open"
    """All that 8 kHz sampling holds, as on a soft phone."""
    SOFT = "soft"
    """A gentle roll-off at both ends."""
    TELEPHONE = "telephone"
    """The line of the demo calls, 300-3400 Hz."""


@dataclass(frozen=True)
class Way:
    """Steps that change one clip; drawn at random for training, fixed for measuring."""

    warp: float = 1.0
    shout: bool = False
    band: Band = Band.OPEN
    agc: bool = False
    law: Law | None = None
    snr_db: float | None = None
    level_dbfs: float = -24.0
    colour_db: float = 0.0
    """Strength of a random smooth curve on the speech's spectrum: another mouth, another microphone."""
    lead_s: float = 0.3
    tail_s: float = 0.4


def random_way(rng: np.random.Generator) -> Way:
    coding = rng.random()
    noisy = rng.random()
    return Way(
        warp=float(rng.uniform(0.93, 1.08)),
        shout=rng.random() < 0.08,
        band=(Band.OPEN, Band.SOFT, Band.TELEPHONE)[int(rng.choice(3, p=[0.15, 0.2, 0.65]))],
        agc=rng.random() < 0.2,
        law=Law.MU if coding < 0.5 else Law.A if coding < 0.65 else None,
        snr_db=float(rng.uniform(4, 22) if noisy < 0.65 else rng.uniform(22, 60)) if noisy < 0.8 else None,
        level_dbfs=float(rng.uniform(-40, -9)),
        colour_db=float(rng.uniform(0, 5)),
        lead_s=float(rng.uniform(0.02, 0.5)),
        tail_s=float(rng.uniform(0.05, 0.6)),
    )


def render(
    clip: Clip, way: Way, rng: np.random.Generator, babble: Sequence[Clip]
) -> tuple[Audio, NDArray[np.float64]]:
    """Samples at 8 kHz on the int16 scale, and the end time in s of each phone of the clip."""
    speech = np.asarray(soxr.resample(clip.samples, CLIP_RATE * way.warp, RATE), dtype=np.float64)
    if way.shout:
        speech = overdriven(speech, rng)
    if way.colour_db:
        speech = coloured(speech, way.colour_db, rng)
    lead, tail = int(way.lead_s * RATE), int(way.tail_s * RATE)
    ends = clip.ends / way.warp + way.lead_s
    ends[-1] += way.tail_s
    audio = set_level(np.pad(speech, (lead, tail)), way.level_dbfs)
    if way.snr_db is not None:
        audio = audio + noise(len(audio), rng, babble) * rms(speech_part(audio)) * 10 ** (-way.snr_db / 20)
    return finish(audio, way), ends


def finish(audio: Audio, way: Way) -> Audio:
    if way.band is Band.TELEPHONE:
        audio = np.asarray(telephone.band_pass(audio.astype(np.float32), RATE), dtype=np.float64)
    elif way.band is Band.SOFT:
        b, a = butter(2, telephone.BAND_HZ, btype="band", fs=RATE)
        audio = np.asarray(lfilter(b, a, audio))
    if way.agc:
        audio = np.asarray(telephone.gain_control(audio.astype(np.float32), RATE), dtype=np.float64)
    if way.law is not None:
        audio = np.asarray(telephone.g711(audio.astype(np.float32), way.law), dtype=np.float64)
    return np.round(np.clip(audio, -1.0, 1.0) * FULL_SCALE)


def coloured(speech: Audio, strength_db: float, rng: np.random.Generator) -> Audio:
    """A random tilt and three broad bumps or dips over the octaves from 125 Hz to 4 kHz."""
    count = 1 << (len(speech) + 512).bit_length()
    octaves = np.log2(np.maximum(np.fft.rfftfreq(count, 1 / RATE), 60.0) / 125.0)
    curve = rng.normal(0, 0.4 * strength_db) * (octaves - 3)
    for _ in range(3):
        curve += rng.normal(0, strength_db) * np.exp(
            -(((octaves - rng.uniform(0, 5)) / rng.uniform(0.3, 1.0)) ** 2)
        )
    return np.asarray(np.fft.irfft(np.fft.rfft(speech, count) * 10 ** (curve / 20), count)[: len(speech)])


def overdriven(speech: Audio, rng: np.random.Generator) -> Audio:
    """A rough shout over a bad microphone: much energy above 1 kHz, and towards clipping."""
    tilt = float(rng.uniform(0.4, 0.85))
    bright = np.append(speech[:1], speech[1:] - tilt * speech[:-1])
    drive = float(rng.uniform(1.0, 4.0))
    return np.asarray(np.tanh(drive * bright / (3.0 * rms(speech_part(bright)) + 1e-9)))


def rms(audio: Audio) -> float:
    return float(np.sqrt(np.mean(audio**2) + 1e-12))


def speech_part(audio: Audio) -> Audio:
    """Samples of the louder frames: silence around a clip must not lower its measured level."""
    usable: Audio = audio[: len(audio) // 160 * 160].reshape(-1, 160)
    if len(usable) == 0:
        return audio
    energy = (usable**2).mean(axis=1)
    return np.asarray(usable[energy >= energy.max() * 0.01].ravel())


def set_level(audio: Audio, dbfs: float) -> Audio:
    return np.asarray(audio * (10 ** (dbfs / 20) / rms(speech_part(audio))))


def noise(count: int, rng: np.random.Generator, babble: Sequence[Clip]) -> Audio:
    """White, pink, low rumble, mains hum, hiss with a little hum, or babble of the training clips, of RMS 1."""
    kind = rng.choice(
        ["white", "pink", "rumble", "hum", "line", "babble"], p=[0.22, 0.09, 0.03, 0.15, 0.3, 0.21]
    )
    if kind == "babble":
        sound = np.zeros(count)
        for _ in range(int(rng.integers(3, 7))):
            other = np.asarray(soxr.resample(babble[int(rng.integers(len(babble)))].samples, CLIP_RATE, RATE))
            sound += np.resize(np.roll(other, int(rng.integers(len(other)))), count) / (rms(other) + 1e-9)
    elif kind == "hum":
        time = np.arange(count) / RATE
        order = rng.choice(np.arange(1, 21), 8, replace=False)
        overtones = (rng.choice([50.0, 60.0]) * order)[:, None]
        waves = np.sin(2 * np.pi * overtones * time + rng.uniform(0, 6, (8, 1)))
        sound = (waves * rng.uniform(0.1, 1.0, (8, 1))).sum(axis=0)
        sound += rng.uniform(0.1, 4.0) * rng.standard_normal(count)
    elif kind == "line":
        order = rng.choice(np.arange(1, 16), int(rng.integers(3, 7)), replace=False)
        overtones = (rng.choice([50.0, 60.0]) * order)[:, None]
        waves = np.sin(
            2 * np.pi * overtones * np.arange(count) / RATE + rng.uniform(0, 6.28, (len(order), 1))
        )
        sound = (waves / (order if rng.random() < 0.5 else np.ones(len(order)))[:, None]).sum(axis=0)
        sound *= rng.uniform(0.1, 1.2) / rms(sound)
        sound += rng.standard_normal(count)
    else:
        slope = {"white": 0.0, "pink": 0.5, "rumble": 1.0}[str(kind)]
        spectrum = np.fft.rfft(rng.standard_normal(count))
        spectrum /= np.maximum(np.arange(len(spectrum)), 1) ** slope
        sound = np.fft.irfft(spectrum, count)
    return np.asarray(sound / rms(sound))


def only_noise(seconds: float, rng: np.random.Generator, babble: Sequence[Clip]) -> Audio:
    """No speech at all: noise, tones (ringing, DTMF, beeps), chords like hold music, or digital silence."""
    count = int(seconds * RATE)
    time = np.arange(count) / RATE
    kind = rng.choice(["noise", "tone", "music", "silence", "clicks"], p=[0.35, 0.2, 0.2, 0.1, 0.15])
    if kind == "noise":
        sound = noise(count, rng, babble)
    elif kind == "tone":
        pair = rng.choice(
            [350.0, 400.0, 425.0, 440.0, 697.0, 852.0, 941.0, 1000.0, 1209.0, 1336.0, 1477.0], 2
        )
        gate = (time * rng.uniform(0.5, 3.0)) % 1.0 < rng.uniform(0.3, 1.0)
        sound = (np.sin(2 * np.pi * pair[0] * time) + np.sin(2 * np.pi * pair[1] * time)) * gate
    elif kind == "music":
        beat = (time * rng.uniform(1.5, 4.0)).astype(int)
        roots = 220.0 * 2 ** (rng.integers(0, 24, beat[-1] + 1 if count else 1) / 12)
        phase = 2 * np.pi * np.cumsum(roots[beat]) / RATE
        sound = np.sin(phase) + 0.5 * np.sin(phase * 1.5) + 0.3 * np.sin(phase * 2) + 0.2 * np.sin(phase * 3)
    elif kind == "clicks":
        sound = rng.standard_normal(count) * (rng.random(count) < rng.uniform(0.001, 0.02))
    else:
        return np.zeros(count)
    level = float(rng.uniform(-85, -14))
    sound = set_level(sound + 1e-4 * rng.standard_normal(count), level)
    return finish(sound, random_way(rng))
