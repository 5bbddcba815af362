"""Japanese speech of many speakers from pyopenjtalk-plus' one bundled voice ("Mei", CC BY 3.0).

Audio is mono float32 at 16 kHz. A calm utterance lies at about -30 dBFS (active level), so that a shout of the same
speaker fits below full scale. The same arguments give the same samples.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import log2
from typing import TYPE_CHECKING

import numpy as np
import pyopenjtalk
import soxr

from kikimori_training.effort_style import MANNERS, Manner, Style, shape

if TYPE_CHECKING:
    from kikimori_training.measure import Audio

__all__ = ["RATE", "Manner", "Style", "SynthVoice", "say"]

RATE = 16_000
"""Samples per second of what `say` returns."""

_ENGINE_SCALE = 32768.0
_CALM_GAIN_DB = -10.0
"""From the synthesiser's own level, about -20 dBFS, to the calm level."""


@dataclass(frozen=True, slots=True)
class SynthVoice:
    """A speaker.

    A resampling by `warp` moves pitch and formants together; the pitch and the tempo are then put right in the
    synthesiser. So the three fields are independent of one another as heard.
    """

    name: str
    half_tones: float = 0.0
    """Pitch against the bundled voice, which is very high (median about 350 Hz): -8 is a usual woman's pitch, -17 a
    man's, -3 a child's."""
    speed: float = 1.0
    """Tempo against the bundled voice."""
    warp: float = 1.0
    """Formants' frequencies against the bundled voice: about 0.85 a man, 1.15 a child."""


def say(text: str, voice: SynthVoice, style: Style | Manner = Style.CALM) -> Audio:
    """Speak `text`; with the synthesiser's short silence before and after it.

    Phone times are not given here.
    """
    manner = MANNERS[style] if isinstance(style, Style) else style
    warp = voice.warp * manner.formants
    wave, engine_rate = pyopenjtalk.synthesize(
        pyopenjtalk.extract_fullcontext(text),
        speed=voice.speed * manner.speed / warp,
        half_tone=voice.half_tones + manner.half_tones - 12 * log2(warp),
    )
    scale = 10 ** (_CALM_GAIN_DB / 20) / _ENGINE_SCALE
    audio = soxr.resample((wave * scale).astype(np.float32), engine_rate * warp, RATE)
    return shape(np.asarray(audio, dtype=np.float32), RATE, manner)
