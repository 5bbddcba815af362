"""Conditions of the line between mouth and ear. Each takes 16 kHz speech and gives 8 kHz as a PBX has it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING

import numpy as np
import soundfile

from kikimori_training.speech import RATE
from kikimori_training.telephone import RATE as LINE_RATE
from kikimori_training.telephone import Colour, Law, TelephonePath, babble

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori_training.measure import Audio


def _line(line: TelephonePath) -> Callable[[Audio, int, Sequence[Audio]], Audio]:
    return lambda audio, seed, others: line.carry(audio, RATE, seed)  # noqa: ARG005


def _clipped(audio: Audio, seed: int, others: Sequence[Audio]) -> Audio:
    del others
    peak = float(np.quantile(np.abs(audio), 0.999)) or 1.0
    return TelephonePath().carry(np.clip(audio / peak * 1.4, -0.7, 0.7).astype(np.float32) * 0.5, RATE, seed)


def _babble(audio: Audio, seed: int, others: Sequence[Audio]) -> Audio:
    around = babble(others, len(audio), -44.0, seed)
    return TelephonePath().carry(audio, RATE, seed, background=around)


def _street(audio: Audio, seed: int, others: Sequence[Audio]) -> Audio:
    del others
    return TelephonePath(noise_db=-42.0, noise=Colour.PINK, hum_db=-60.0).carry(audio, RATE, seed)


def _gsm(audio: Audio, seed: int, others: Sequence[Audio]) -> Audio:
    """Full-rate GSM 06.10 there and back."""
    del others
    line = TelephonePath().carry(audio, RATE, seed)
    coded = io.BytesIO()
    soundfile.write(coded, np.clip(line, -1, 1), LINE_RATE, format="RAW", subtype="GSM610")
    coded.seek(0)
    back, _ = soundfile.read(
        coded, dtype="float32", samplerate=LINE_RATE, channels=1, format="RAW", subtype="GSM610"
    )
    return np.asarray(back[: len(line)], dtype=np.float32)


def _lossy(audio: Audio, seed: int, others: Sequence[Audio]) -> Audio:
    """5 % of 20 ms packets lost in bursts; concealed by the packet before, fading."""
    del others
    line = TelephonePath().carry(audio, RATE, seed)
    random = np.random.default_rng(seed)
    packets = line[: len(line) // 160 * 160].reshape(-1, 160).copy()
    lost = 0
    for number in range(1, len(packets)):
        if lost or random.random() < 0.03:
            lost = lost - 1 if lost else int(random.integers(0, 3))
            packets[number] = packets[number - 1] * 0.7
    return packets.reshape(-1)


# Of speech, a seed, and clips of other people for babble.
CONDITIONS: dict[str, Callable[[Audio, int, Sequence[Audio]], Audio]] = {
    "clean": _line(TelephonePath(noise_db=-84.0)),
    "quiet-line": _line(TelephonePath(gain_db=-20.0, noise_db=-84.0)),
    "loud-line": _line(TelephonePath(gain_db=12.0)),
    "agc": _line(TelephonePath(agc=True)),
    "a-law": _line(TelephonePath(law=Law.A)),
    "white-noise": _line(TelephonePath(noise_db=-60.0, noise=Colour.WHITE)),
    "hum": _line(TelephonePath(hum_db=-50.0)),
    "clipped": _clipped,
    "babble": _babble,
    "street": _street,
    "gsm": _gsm,
    "lossy": _lossy,
}
