"""Effects of a telephone line on speech: band, gain control, noise, G.711.

Every step takes and returns mono float32 and keeps each sample's time, so that ground truth stays true.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

import numpy as np
import soundfile
import soxr
from scipy.signal import butter, sosfiltfilt

from kikimori_training.measure import FRAME_S, frame_levels_db, gain

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_training.measure import Audio

RATE = 8000
BAND_HZ = (300, 3400)


class Law(StrEnum):
    """Values are libsndfile's names of the codings."""

    MU = "ULAW"
    A = "ALAW"


class Colour(StrEnum):
    WHITE = "white"
    PINK = "pink"


@dataclass(frozen=True, slots=True)
class TelephonePath:
    """A way from mouth to ear. Levels in dBFS as they arrive."""

    gain_db: float = 0.0
    agc: bool = False
    noise_db: float = -78.0
    noise: Colour = Colour.PINK
    hum_db: float | None = None
    """Level of mains hum, 50 Hz and overtones; inside the band only the overtones are left."""
    law: Law = Law.MU

    def carry(self, audio: Audio, rate: int, seed: int, background: Audio | None = None) -> Audio:
        """Carry `audio` to the other end: float32 at 8 kHz, exactly as G.711 gives it.

        Args:
            audio: What is said into the telephone, at `rate`.
            rate: Samples per second of `audio` and `background`.
            seed: For the noise.
            background: Sound around the speaker, as loud as it is to be before `gain_db`; see `babble`.
        """
        if background is not None:
            audio = audio + background
        audio = gain(band_pass(audio, rate), self.gain_db)
        if self.agc:
            audio = gain_control(audio, rate)
        audio = resample(audio, rate)
        audio = audio + noise(len(audio), self.noise_db, self.noise, seed)
        if self.hum_db is not None:
            audio = audio + hum(len(audio), self.hum_db)
        return g711(audio, self.law)


def recording(path: Path) -> Audio:
    """Return a recording within the telephone's band at 8 kHz."""
    audio, rate = soundfile.read(path, dtype="float32", always_2d=True)
    mono = audio.mean(axis=1)
    if rate < RATE:
        mono, rate = np.asarray(soxr.resample(mono, rate, RATE), dtype=np.float32), RATE
    return resample(band_pass(mono, rate), rate)


def band_pass(audio: Audio, rate: int) -> Audio:
    """300–3400 Hz without delay (the filter runs forth and back)."""
    sections = butter(4, BAND_HZ, btype="bandpass", fs=rate, output="sos")
    return np.asarray(sosfiltfilt(sections, audio), dtype=np.float32)


def resample(audio: Audio, rate: int) -> Audio:
    return np.asarray(soxr.resample(audio, rate, RATE), dtype=np.float32)


def g711(audio: Audio, law: Law = Law.MU) -> Audio:
    """Code and decode 8 kHz audio by libsndfile's G.711; what exceeds full scale is clipped, as on a line."""
    file = io.BytesIO()
    soundfile.write(file, np.clip(audio, -1.0, 1.0), RATE, format="WAV", subtype=law.value)
    file.seek(0)
    decoded, _ = soundfile.read(file, dtype="float32")
    return np.asarray(decoded, dtype=np.float32)


def gain_control(
    audio: Audio,
    rate: int,
    *,
    target_db: float = -20.0,
    most_gain_db: float = 18.0,
    rise_db_s: float = 12.0,
    fall_db_s: float = 120.0,
) -> Audio:
    """Simple automatic gain: brings speech to `target_db`, falls quickly, rises slowly, holds during pauses."""
    now_db, gains = 0.0, []
    for level in frame_levels_db(audio, rate):
        if (
            level > target_db - most_gain_db - 12
        ):  # below this is no speech: raising it would only pump up noise
            wanted = min(target_db - float(level), most_gain_db)
            now_db += min(max(wanted - now_db, -fall_db_s * FRAME_S), rise_db_s * FRAME_S)
        gains.append(now_db)
    if not gains:
        return audio
    samples = round(FRAME_S * rate)
    middles = (np.arange(len(gains)) + 0.5) * samples
    curve = np.interp(np.arange(len(audio)), middles, gains)
    return np.asarray(audio * 10 ** (curve / 20), dtype=np.float32)


def noise(samples: int, level_db: float, colour: Colour, seed: int) -> Audio:
    """Line noise of the given level at 8 kHz, within the telephone band."""
    white = np.random.default_rng(seed).standard_normal(samples)
    spectrum = np.fft.rfft(white)
    hz = np.fft.rfftfreq(samples, 1 / RATE)
    spectrum[(hz < BAND_HZ[0]) | (hz > BAND_HZ[1])] = 0
    if colour is Colour.PINK:
        spectrum /= np.sqrt(np.maximum(hz, 1.0))
    return _at_level(np.fft.irfft(spectrum, samples), level_db)


def hum(samples: int, level_db: float, mains_hz: float = 50.0) -> Audio:
    """Overtones of the mains at 8 kHz; odd ones are stronger, and the line's band begins at 300 Hz."""
    time = np.arange(samples) / RATE
    orders = range(int(BAND_HZ[0] / mains_hz), 16)
    tones = [np.sin(2 * np.pi * mains_hz * n * time + n) / (n if n % 2 else 3 * n) for n in orders]
    return _at_level(np.sum(tones, axis=0), level_db)


def babble(clips: Sequence[Audio], samples: int, level_db: float, seed: int) -> Audio:
    """Many people talking at once: each clip is repeated from a place of its own. At the clips' rate."""
    random = np.random.default_rng(seed)
    mixture = np.zeros(samples)
    for clip in clips:
        mixture += np.resize(np.roll(clip, random.integers(len(clip))), samples)
    return _at_level(mixture, level_db)


def _at_level(sound: NDArray[np.float64], level_db: float) -> Audio:
    power = float(np.mean(sound**2)) if len(sound) else 0.0
    if not power:
        return sound.astype(np.float32)
    return np.asarray(sound * 10 ** (level_db / 20) / np.sqrt(power), dtype=np.float32)
