"""Whisper: second and better hearing of finished utterances. The only module that imports faster_whisper.

The sound goes in cut to its own length and two seconds, not in the 30 s window that Whisper was trained on, which costs
six times as much CPU. It is given no prompt: with harassing words in one it hears them in silence and music too.
"""

from __future__ import annotations

import importlib.util
import json
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import numpy as np
import soxr

from kikimori.errors import KikimoriError
from kikimori.hearing.speech.believable import Certainty, believed, once
from kikimori.hearing.speech.engine import Transcription
from kikimori.hearing.speech.noise_reduction import less_noise
from kikimori_core.model.evidence import LikelyText
from kikimori_core.priority import give_way

if TYPE_CHECKING:
    from pathlib import Path

RATE = 16000
EXTRA_S = 2.0
"""Seconds of silence added after the utterance."""
MOST_S = 28.0
"""Longest utterance in s; the rest is left out."""
FRAMES_PER_S = 100
BEAM = 2
"""Number of texts that are followed up and told. A second one costs 2 % more time, a third one 8 % and found one of 300 sentences
more."""
TOKENS_PER_S = 10
"""Limit on tokens per second, more than are ever spoken: it stops endless repetition."""


class WhisperMissingError(KikimoriError):
    """The library or the model is not there, or is no model."""


class WhisperEngine:
    """A loaded model. Used by any number of threads; each utterance costs one core."""

    def __init__(self, path: Path, language: str, threads: int = 1) -> None:
        """Load it from its folder; `threads`: number of utterances heard at the same time."""
        if importlib.util.find_spec("faster_whisper") is None:
            raise WhisperMissingError.of("whisper_missing")
        from faster_whisper import WhisperModel  # noqa: PLC0415  (takes a second)
        from faster_whisper.tokenizer import Tokenizer  # noqa: PLC0415

        def load() -> WhisperModel:
            # A folder, never a name: a name would be looked for on the internet.
            return WhisperModel(
                str(path),
                device="cpu",
                compute_type="int8",
                cpu_threads=1,
                num_workers=threads,
                local_files_only=True,
            )

        try:
            # The model computes in threads of its own, which have the priority of the one that loads it.
            with ThreadPoolExecutor(1, initializer=give_way) as loading:
                self._model = loading.submit(load).result()
            self._tokenizer = Tokenizer(self._model.hf_tokenizer, True, task="transcribe", language=language)
        except (RuntimeError, ValueError, OSError, json.JSONDecodeError) as error:
            raise WhisperMissingError.of("whisper_model_broken", path=path, name=path.name) from error
        self._start = [*self._tokenizer.sot_sequence, self._tokenizer.no_timestamps]
        self._name = path.name

    @property
    def kind(self) -> str:
        return "whisper"

    @property
    def name(self) -> str:
        return self._name

    def hear(self, pcm: bytes, rate: int) -> Transcription:
        """Hear one utterance, s16le; its text is empty when nothing that can be believed was said."""
        sound = np.frombuffer(pcm, dtype="<i2")[: int(MOST_S * rate)].astype(np.float32) / np.float32(32768)
        sound = less_noise(sound, rate)
        if rate != RATE:
            sound = soxr.resample(sound, rate, RATE)
        seconds = len(sound) / RATE
        frames = int((seconds + EXTRA_S) * FRAMES_PER_S / 2) * 2
        padded = np.concatenate([sound, np.zeros(frames * RATE // FRAMES_PER_S, np.float32)])
        features = np.ascontiguousarray(self._model.feature_extractor(padded)[:, :frames])
        found = self._model.model.generate(
            self._model.encode(features),
            [self._start],
            beam_size=BEAM,
            num_hypotheses=BEAM,
            return_scores=True,
            return_no_speech_prob=True,
            max_length=len(self._start) + 10 + int(seconds * TOKENS_PER_S),
        )[0]
        certainty = Certainty(found.no_speech_prob, found.scores[0])
        written = [
            self._tokenizer.decode([token for token in tokens if token < self._tokenizer.eot]).strip()
            for tokens in found.sequences_ids
        ]
        if not believed(written[0], certainty):
            return Transcription("", certainty)
        likelihoods = [
            mean * len(tokens) for mean, tokens in zip(found.scores, found.sequences_ids, strict=True)
        ]
        return Transcription(once(written[0]), certainty, _others(written, likelihoods, certainty))


def _others(written: list[str], likelihoods: list[float], certainty: Certainty) -> tuple[LikelyText, ...]:
    """Return the likely texts besides the first, by their log likelihoods; no text twice."""
    weights = np.exp(np.array(likelihoods) - max(likelihoods))
    shares: dict[str, float] = {}
    for text, share in zip(written, weights / weights.sum(), strict=True):
        if believed(text, certainty):
            shares[once(text)] = shares.get(once(text), 0.0) + float(share)
    return tuple(LikelyText(text, (), share) for text, share in shares.items() if text != once(written[0]))
