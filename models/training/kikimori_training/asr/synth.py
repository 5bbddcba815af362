"""Utterances with exact phone times, from Debian's `hts_engine` and the voice that pyopenjtalk-plus brings or another.

`hts_engine -od` prints where every phone begins and ends, so no aligner is needed. It is the same synthesis as
`kikimori_training.speech.say`, which gives no times; voices and manners mean the same here. 16 kHz.
"""

from __future__ import annotations

import re
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from math import log2
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyopenjtalk
import soundfile
import soxr

from kikimori_training.effort_style import MANNERS, Manner, Style, shape

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from kikimori_training.asr.words import SynthUtterance

RATE = 16_000
HTS_VOICE = Path(pyopenjtalk.__file__).parent / "htsvoice" / "mei_normal.htsvoice"
_LABEL_LINE = re.compile(r"^(\d+) (\d+) .*?-(.+?)\+")


@dataclass(frozen=True)
class Speaker:
    """Pitch, tempo and formants as heard, each against the voice's own."""

    half_tones: float
    speed: float
    warp: float
    melody: float = 1.0
    """Weight of the pitch's variance."""
    all_pass: float = 0.55
    """0.55 is the voice's own; another value bends the spectrum's frequency axis."""
    manner: Manner = MANNERS[Style.CALM]
    voice: Path = HTS_VOICE


HELD_OUT_SPEAKER = Speaker(half_tones=-12.0, speed=1.15, warp=0.9)
"""A man's voice; training keeps away from this pitch together with these formants."""


def random_speaker(rng: random.Random) -> Speaker:
    """Children to old men, every second one in some manner of speaking from low and cold to shouting."""
    while True:
        styles = [s for s in Style if s is not Style.CALM]
        speaker = Speaker(
            half_tones=rng.uniform(-18.0, 5.0),
            speed=rng.uniform(0.75, 1.4),
            warp=rng.uniform(0.8, 1.2),
            melody=rng.uniform(0.6, 1.6),
            all_pass=rng.uniform(0.52, 0.58),
            manner=MANNERS[Style.CALM if rng.random() < 0.5 else rng.choice([*styles, Style.SHOUT])],
        )
        away_in_pitch = abs(speaker.half_tones - HELD_OUT_SPEAKER.half_tones) > 1.5
        if away_in_pitch or abs(speaker.warp - HELD_OUT_SPEAKER.warp) > 0.03:
            return speaker


def random_man(rng: random.Random, voice: Path) -> Speaker:
    """Men of all ages with another voice, which is a man's: changed less than the bundled one."""
    styles = [s for s in Style if s is not Style.CALM]
    return Speaker(
        half_tones=rng.uniform(-6.0, 5.0),
        speed=rng.uniform(0.85, 1.45),
        warp=rng.uniform(0.88, 1.12),
        melody=rng.uniform(0.6, 1.6),
        all_pass=rng.uniform(0.53, 0.57),
        manner=MANNERS[Style.CALM if rng.random() < 0.6 else rng.choice([*styles, Style.SHOUT])],
        voice=voice,
    )


@dataclass
class Clip:
    """Audio at 16 kHz, float32 within ±1, and its phones: names (`sil` for any pause) and end times in seconds."""

    samples: NDArray[np.float32]
    phones: list[str]
    ends: NDArray[np.float64]
    tokens: list[str]
    speaker: Speaker


def speak(utterance: SynthUtterance, speaker: Speaker) -> Clip:
    """Resampling by the warp moves pitch, formants and tempo; the synthesiser puts pitch and tempo right again."""
    manner = speaker.manner
    warp = speaker.warp * manner.formants
    options: list[Any] = ["-r", speaker.speed * manner.speed / warp]
    options += ["-fm", speaker.half_tones + manner.half_tones - 12 * log2(warp)]
    options += ["-a", speaker.all_pass, "-jf", speaker.melody]
    with tempfile.TemporaryDirectory(prefix="hts") as folder:
        labels, times, wav = (Path(folder) / name for name in ("in.lab", "out.lab", "out.wav"))
        labels.write_text("\n".join(utterance.labels), encoding="utf-8")
        command = ["hts_engine", "-m", speaker.voice, "-od", times, "-ow", wav, *options, labels]
        subprocess.run([str(part) for part in command], check=True, capture_output=True)
        audio, rate = soundfile.read(wav, dtype="float32")
        phones: list[str] = []
        ends: list[float] = []
        for line in times.read_text(encoding="utf-8").splitlines():
            found = _LABEL_LINE.match(line)
            if found is None:
                raise ValueError(f"hts_engine printed an unexpected line: {line[:80]}")
            phones.append("sil" if found.group(3) in {"sil", "pau"} else found.group(3))
            ends.append(int(found.group(2)) * 1e-7 / warp)
    samples = shape(soxr.resample(audio, rate * warp, RATE).astype(np.float32), RATE, manner)
    return Clip(samples, phones, np.array(ends), utterance.tokens, speaker)


def speak_all(jobs: Iterable[tuple[SynthUtterance, Speaker]], workers: int) -> Iterator[Clip]:
    """Clips in order; `hts_engine` runs in `workers` processes of its own."""
    with ThreadPoolExecutor(workers) as pool:
        yield from pool.map(lambda job: speak(*job), jobs)
