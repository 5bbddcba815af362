"""Cost of acoustic hearing per frame, stage by stage, against the bare webrtcvad call on the same frames and run."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori.hearing.bank import AcousticBank
from kikimori.hearing.frames import BLOCK_FRAMES, block_samples
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from collections.abc import Callable

REFERENCE = "webrtcvad is_speech alone, same frames"


@dataclass(frozen=True, slots=True)
class EffortFigures:
    """Figures that `kikimori bench effort --json` prints; CPU time per frame of 20 ms and leg."""

    legs: int
    blocks: int
    speech_share: float
    features_us: float
    model_us: float
    reference: str
    reference_us: float
    features_and_model_vs_reference: float


def bench_effort(legs: int, blocks: int, progress: Callable[[int], None]) -> EffortFigures:
    """Hear `blocks` blocks of `legs` voices of the demo's calls, each beginning somewhere else."""
    size = block_samples(RATE)
    voices = [
        voice[: len(voice) // size * size].reshape(-1, size)
        for call in load_calls()
        for voice in call.voices.values()
    ]
    bank = AcousticBank(RATE)
    slots = [bank.open() for _ in range(legs)]
    index = np.asarray(slots, dtype=np.intp)
    spent = {"vad": 0.0, "features": 0.0, "model": 0.0}
    speech_frames = 0.0
    for number in range(blocks):
        heard = np.stack(
            [
                voices[leg % len(voices)][(number + 7 * leg) % len(voices[leg % len(voices)])]
                for leg in range(legs)
            ]
        )
        began = time.process_time()
        speech = bank.mark(slots, heard)
        done_vad = time.process_time()
        measured = bank.measure(index, heard, speech)
        done_features = time.process_time()
        bank.judge(index, measured)
        done = time.process_time()
        spent["vad"] += done_vad - began
        spent["features"] += done_features - done_vad
        spent["model"] += done - done_features
        speech_frames += float(measured.features.speech_frames.sum())
        progress(number + 1)
    frames = legs * blocks * BLOCK_FRAMES
    vad, ours, model = (spent[name] / frames * 1e6 for name in ("vad", "features", "model"))
    return EffortFigures(
        legs=legs,
        blocks=blocks,
        speech_share=round(speech_frames / frames, 3),
        features_us=round(ours, 3),
        model_us=round(model, 3),
        reference=REFERENCE,
        reference_us=round(vad, 3),
        features_and_model_vs_reference=round((ours + model) / vad, 2),
    )
