"""Train the second opinion's network over the vectors of whole sentences, in numpy alone.

    PYTHONPATH=models/training python -m kikimori_training.sentence_network --out models/second-opinion

Run it after `kikimori train-words`, whose sentences it learns too. The encoder stays as it is. About five minutes on one core, half of
them for the vectors.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from kikimori.config import BUILTIN_SENTENCES
from kikimori_core.judging.second_opinion.meaning import FILE, spoken
from kikimori_core.judging.sentence_encoder import DIMENSIONS, load_encoder
from kikimori_core.judging.words.sound import plain, words
from kikimori_lab.retraining.fit import in_bytes, softmax
from kikimori_lab.retraining.samples import shipped_samples
from kikimori_lab.retraining.templates import HARMLESS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

WIDTH, NETWORKS = 256, 3
"""Hidden numbers of one network, and how many networks are trained: their scores are averaged."""
EPOCHS, BATCH, RATE, LEAST_RATE = 14, 1024, 3e-3, 1e-5
DECAY = 3e-4
"""L2 penalty on the weights, apart from the slope."""
LOST, SMOOTHING = 0.4, 0.05
"""Share of hidden numbers that are left out in training, and of a label that all classes get."""
_PARTS = ("hidden", "hidden_bias", "out", "out_bias")
_MEAN, _SQUARE, _TINY = 0.9, 0.999, 1e-8
"""Of Adam (Kingma and Ba, 2015)."""


@dataclass(slots=True)
class Layers:
    """The network in training: `hidden`, `hidden_bias`, `out`, `out_bias`."""

    arrays: dict[str, NDArray[np.float32]]

    @classmethod
    def new(cls, classes: int, rng: np.random.Generator) -> Layers:
        """Return layers of small random numbers."""
        hidden = rng.standard_normal((DIMENSIONS, WIDTH)) * (0.5 * np.sqrt(2 / DIMENSIONS))
        out = rng.standard_normal((WIDTH, classes)) * np.sqrt(1 / WIDTH)
        parts = (hidden, np.zeros(WIDTH), out, np.zeros(classes))
        return cls({name: each.astype(np.float32) for name, each in zip(_PARTS, parts, strict=True)})

    def slopes(
        self,
        vectors: NDArray[np.float32],
        wanted: NDArray[np.float32],
        weights: NDArray[np.float32],
        rng: np.random.Generator,
    ) -> dict[str, NDArray[np.float32]]:
        """Return how the loss changes with each number.

        Args:
            vectors: Sentence by dimension.
            wanted: Sentence by class: the probability that it should have.
            weights: Of each sentence.
            rng: Chooses which hidden numbers are left out.
        """
        part = self.arrays
        held = np.maximum(vectors @ part["hidden"] + part["hidden_bias"], 0)
        kept = (rng.random(held.shape, dtype=np.float32) > LOST) * np.float32(1 / (1 - LOST))
        told = held * kept
        error = softmax(told @ part["out"] + part["out_bias"]) - wanted
        error *= weights[:, None] / len(weights)
        back = (error @ part["out"].T) * kept * (held > 0)
        found = (vectors.T @ back, back.sum(axis=0), told.T @ error, error.sum(axis=0))
        return dict(zip(_PARTS, found, strict=True))


def judged_text(text: str) -> str:
    """Return the text of a sample as judging gives it to the encoder."""
    text = plain(text)
    return spoken(text, words(text))


def vectors_of(said: Sequence[str]) -> NDArray[np.float32]:
    """Return the vector of each sentence, those of like length worked out together."""
    encoder = load_encoder(BUILTIN_SENTENCES)
    different = sorted(set(said), key=lambda each: (len(each), each))
    place = {each: number for number, each in enumerate(different)}
    rows, step = np.empty((len(different), DIMENSIONS), np.float32), 2000
    for at in range(0, len(different), step):
        rows[at : at + step] = encoder.encode(different[at : at + step])
        print(f"vectors {at} of {len(different)}", flush=True)
    return rows[[place[each] for each in said]]


def train(
    vectors: NDArray[np.float32],
    labels: NDArray[np.int64],
    weights: NDArray[np.float32],
    classes: int,
    seed: int,
) -> Layers:
    """Fit by Adam at a rate that falls to almost nothing. The vectors are made as long as the root of their number of dimensions."""
    rng = np.random.default_rng(seed)
    layers = Layers.new(classes, rng)
    size = np.float32(np.sqrt(DIMENSIONS))
    means = {name: np.zeros_like(each) for name, each in layers.arrays.items()}
    squares = {name: np.zeros_like(each) for name, each in layers.arrays.items()}
    steps, done = EPOCHS * -(-len(labels) // BATCH), 0
    for epoch in range(EPOCHS):
        order = rng.permutation(len(labels))
        for at in range(0, len(order), BATCH):
            some = order[at : at + BATCH]
            wanted = np.full((len(some), classes), SMOOTHING / classes, np.float32)
            wanted[np.arange(len(some)), labels[some]] += 1 - SMOOTHING
            slopes = layers.slopes(vectors[some] * size, wanted, weights[some], rng)
            done += 1
            rate = RATE * (1 - done / steps) + LEAST_RATE
            for name, slope in slopes.items():
                means[name] = _MEAN * means[name] + (1 - _MEAN) * slope
                squares[name] = _SQUARE * squares[name] + (1 - _SQUARE) * slope**2
                mean, square = means[name] / (1 - _MEAN**done), squares[name] / (1 - _SQUARE**done)
                step = rate * mean / (np.sqrt(square) + _TINY)
                if not name.endswith("bias"):
                    step += RATE * DECAY * layers.arrays[name]
                layers.arrays[name] -= step.astype(np.float32)
        print(f"epoch {epoch + 1} of {EPOCHS}", flush=True)
    layers.arrays["hidden"] *= size
    return layers


def averaged(several: Sequence[Layers]) -> Layers:
    """Return one network that scores as some do on average: their hidden numbers side by side."""
    parts = [each.arrays for each in several]
    found = (
        np.concatenate([each["hidden"] for each in parts], axis=1),
        np.concatenate([each["hidden_bias"] for each in parts]),
        np.concatenate([each["out"] for each in parts]) / len(parts),
        np.mean([each["out_bias"] for each in parts], axis=0),
    )
    return Layers({name: np.asarray(each, np.float32) for name, each in zip(_PARTS, found, strict=True)})


def write(layers: Layers, classes: tuple[str, ...], folder: Path) -> None:
    """Write `meaning.npz`: weights as one byte each, packed."""
    hidden, hidden_scale = in_bytes(layers.arrays["hidden"])
    out, out_scale = in_bytes(layers.arrays["out"])
    np.savez_compressed(
        folder / FILE,
        classes=np.array(classes),
        hidden=hidden,
        hidden_scale=np.array(hidden_scale, np.float32),
        hidden_bias=layers.arrays["hidden_bias"],
        out=out,
        out_scale=np.array(out_scale, np.float32),
        out_bias=layers.arrays["out_bias"],
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, metavar="DIR", help="a model's folder")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--samples-seed", type=int, default=16, help="that of train-words")
    args = parser.parse_args()
    said = [(judged_text(each.text), each) for each in shipped_samples(args.samples_seed)]
    said = [(text, each) for text, each in said if text]
    learned = [each for _, each in said]
    classes = (HARMLESS, *sorted({each.label for each in learned} - {HARMLESS}))
    labels = np.array([classes.index(each.label) for each in learned])
    weights = np.array([each.weight for each in learned], np.float32)
    vectors = vectors_of([text for text, _ in said])
    several = [
        train(vectors, labels, weights, len(classes), args.seed + number) for number in range(NETWORKS)
    ]
    write(averaged(several), classes, args.out)


if __name__ == "__main__":
    main()
