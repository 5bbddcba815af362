"""Softmax regression over rows of hashed features, in numpy alone."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

_SMALL = 1e-9
"""Start value of sums of squares."""


def softmax(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return probabilities by row."""
    raised = np.exp(scores - scores.max(axis=1, keepdims=True))
    shares: NDArray[np.float32] = raised / raised.sum(axis=1, keepdims=True)
    return shares


def in_bytes(table: NDArray[np.float32], most: int = 127) -> tuple[NDArray[np.int8], list[float]]:
    """Return weights as integers of at most `most` each, and what one step of each column is worth."""
    scale = np.maximum(np.abs(table).max(axis=0, initial=0), 1e-6) / most
    return np.rint(table / scale).astype(np.int8), [float(each) for each in scale]


@dataclass(frozen=True, slots=True)
class Rows:
    """Some sentences: which features they have, each once. A cell is one feature of one sentence."""

    touched: NDArray[np.int64]
    """Features that any of them has."""
    place: NDArray[np.int32]
    """Place in `touched` of each cell, sentence by sentence."""
    first: NDArray[np.int64]
    """First cell of each sentence."""
    owner: NDArray[np.int32]
    """Sentence of each cell, feature by feature."""
    first_owner: NDArray[np.int64]
    """Position in `owner` at which each feature begins."""
    value: NDArray[np.float32]
    """One over the root of the sentence's number of features."""

    @classmethod
    def of(cls, features: Sequence[NDArray[np.int64]]) -> Rows:
        """Join the features of sentences, of which each has one at least."""
        lengths = np.array([len(each) for each in features], np.int64)
        touched, place = np.unique(np.concatenate(features), return_inverse=True)
        order = np.argsort(place, kind="stable")
        return cls(
            touched,
            place.astype(np.int32),
            np.concatenate([[0], np.cumsum(lengths)[:-1]]),
            np.repeat(np.arange(len(features), dtype=np.int32), lengths)[order],
            np.searchsorted(place[order], np.arange(len(touched))),
            (1 / np.sqrt(lengths)).astype(np.float32),
        )

    def scores(self, weights: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the sums by sentence of the weights of the touched features."""
        sums = np.add.reduceat(weights[self.place], self.first, axis=0) * self.value[:, None]
        return sums.astype(np.float32)

    def slope(self, error: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return the slope of the touched features' weights, given the error by sentence."""
        sums = np.add.reduceat((error * self.value[:, None])[self.owner], self.first_owner, axis=0)
        return sums.astype(np.float32)


@dataclass(frozen=True, slots=True)
class FitSettings:
    """Numbers of one fit."""

    epochs: int = 4
    batch: int = 384
    rate: float = 0.15
    decay: float = 2e-5
    """L2 penalty."""
    seed: int = 16


@dataclass(frozen=True, slots=True)
class Weights:
    """A fitted model: scores are the features' weights times their values, and a bias."""

    table: NDArray[np.float32]
    """Feature by class."""
    bias: NDArray[np.float32]

    def scores(self, features: Sequence[NDArray[np.int64]], batch: int = 384) -> NDArray[np.float32]:
        """Return the scores of sentences."""
        parts = []
        for at in range(0, len(features), batch):
            rows = Rows.of(features[at : at + batch])
            parts.append(rows.scores(self.table[rows.touched]) + self.bias)
        return np.concatenate(parts)


def strongest(weights: Weights, features: Sequence[NDArray[np.int64]], most: int) -> NDArray[np.bool_]:
    """Return for each feature whether it is worth its place: what is in few sentences, or weighs little, tells little of others.

    Args:
        weights: Of all features.
        features: Of each sentence that they were fitted to.
        most: How many are.
    """
    sentences = np.bincount(np.concatenate(features), minlength=len(weights.table))
    worth = sentences * np.square(weights.table).max(axis=1)
    chosen = np.zeros(len(worth), bool)
    chosen[np.argpartition(-worth, min(most, len(worth) - 1))[:most]] = True
    return chosen


def fit(
    features: Sequence[NDArray[np.int64]],
    labels: NDArray[np.int64],
    importance: NDArray[np.float32],
    shape: tuple[int, int],
    settings: FitSettings,
    progress: Callable[[int, int], None],
    kept: NDArray[np.bool_] | None = None,
) -> Weights:
    """Fit by Adagrad over batches that are drawn once and come in another order in each epoch.

    Args:
        features: Of each sentence.
        labels: Class of each sentence.
        importance: Weight of each sentence.
        shape: Numbers of features and of classes.
        settings: Numbers of the fit.
        progress: Told how many batches are done, and of how many.
        kept: Whether each feature may have a weight; None: each may. Those of a sentence that may not count in its length all the same.
    """
    rng = np.random.default_rng(settings.seed)
    order = rng.permutation(len(features))
    chosen = [order[at : at + settings.batch] for at in range(0, len(order), settings.batch)]
    batches = [Rows.of([features[number] for number in each]) for each in chosen]
    table, squares = np.zeros(shape, np.float32), np.full(shape, _SMALL, np.float32)
    bias, bias_squares = np.zeros(shape[1], np.float32), np.full(shape[1], _SMALL, np.float32)
    done = 0
    for _ in range(settings.epochs):
        for number in rng.permutation(len(batches)):
            rows, numbers = batches[number], chosen[number]
            weights = table[rows.touched]
            error = softmax(rows.scores(weights) + bias)
            error[np.arange(len(numbers)), labels[numbers]] -= 1
            error *= importance[numbers][:, None] / len(numbers)
            slope = rows.slope(error) + settings.decay * weights
            if kept is not None:
                slope *= kept[rows.touched][:, None]
            square = squares[rows.touched] + slope**2
            squares[rows.touched] = square
            table[rows.touched] = weights - settings.rate * slope / np.sqrt(square)
            slope = error.sum(axis=0)
            bias_squares += slope**2
            bias -= settings.rate * slope / np.sqrt(bias_squares)
            done += 1
            progress(done, settings.epochs * len(batches))
    return Weights(table, bias)
