"""Recordings of one voice each, heard side by side by the program's own hearing, and judged by the shouting rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soundfile
from numpy.typing import NDArray

from kikimori.errors import AudioFileError
from kikimori.hearing.bank import AcousticBank
from kikimori.hearing.frames import BLOCK_S, block_samples
from kikimori.media.resample import Resampler
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.phrases import NoPhrases
from kikimori_core.model.evidence import EffortWindow, Role

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from kikimori.hearing.effort import Efforts
    from kikimori_core.judging.kinds.shouting import ShoutingRule

RATE = 8000
AT_ONCE = 64
"""Calls heard together."""

Audio = NDArray[np.int16]
"""Blocks of 0.2 s, by samples at `RATE`."""

PAUSE: Audio = np.zeros((3, block_samples(RATE)), dtype=np.int16)
"""Pause between two clips of a call."""


def read_recording(path: Path) -> Audio:
    """Return a file's audio; channels are mixed, the end is filled with silence.

    Raises:
        AudioFileError: the file cannot be read.
    """
    try:
        audio, rate = soundfile.read(path, dtype="int16", always_2d=True)
    except (soundfile.LibsndfileError, RuntimeError) as error:
        reason = getattr(error, "error_string", str(error))
        raise AudioFileError.of("audio_unreadable", file=path, reason=reason) from None
    mono = audio.mean(axis=1).astype("<i2") if audio.shape[1] > 1 else audio[:, 0].astype("<i2")
    if rate != RATE:
        resampler = Resampler(rate, RATE)
        mono = np.frombuffer(resampler.feed(mono.tobytes()) + resampler.flush(), dtype="<i2")
    size = block_samples(RATE)
    return np.pad(mono, (0, -len(mono) % size)).reshape(-1, size)


def heard_together(audio: Sequence[Audio]) -> Iterator[tuple[int, list[int], Efforts]]:
    """Hear recordings side by side; yield each block's number, the recordings that have it, and their vocal effort."""
    bank = AcousticBank(RATE)
    slots = [bank.open() for _ in audio]
    for at in range(max(map(len, audio), default=0)):
        rows = [number for number, each in enumerate(audio) if at < len(each)]
        pcm = np.stack([audio[number][at] for number in rows]).tobytes()
        yield at, rows, bank.hear([slots[number] for number in rows], pcm).effort


def effort_window(effort: Efforts, row: int, at: int) -> EffortWindow:
    """Return the evidence of block `at` of a customer's leg, which stands in `row`."""
    return EffortWindow(
        Role.CUSTOMER,
        at * BLOCK_S,
        (at + 1) * BLOCK_S,
        float(effort.speech_s[row]),
        float(effort.level_db[row]),
        float(effort.tilt_db[row]),
        None,
        None,
        None,
        float(effort.probability[row]),
    )


def shouting_alerts(calls: Sequence[Audio], rules: Sequence[ShoutingRule]) -> list[list[float]]:
    """Return the seconds at which each call's alerts were raised."""
    found: list[list[float]] = [[] for _ in calls]
    for first in range(0, len(calls), AT_ONCE):
        some = calls[first : first + AT_ONCE]
        judges = [CallJudge(rules, NoPhrases(), words_heard=False) for _ in some]
        for at, rows, effort in heard_together(some):
            for row, number in enumerate(rows):
                changes = judges[number].observe(effort_window(effort, row, at)) if effort.known[row] else []
                changes += judges[number].advance((at + 1) * BLOCK_S)
                found[first + number] += [change.raised_s for change in changes if change.revision == 1]
    return found
