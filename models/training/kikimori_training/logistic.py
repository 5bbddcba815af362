"""Logistic regression: of few signs by Newton's method, of vectors by scikit-learn's."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from sklearn.linear_model import LogisticRegression

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

Sample = tuple["Mapping[str, float]", bool, float]
"""Signs with their values, whether it is so, and the sample's weight."""
CONSTANT = "always"
CONSTANT_PENALTY = 0.01
STEPS, VECTOR_STEPS = 50, 300
_TINY = 1e-6


def fit_signs(samples: Sequence[Sample], penalty: float, *, level: bool = False) -> dict[str, float]:
    """Fit weights of named signs; the constant is named `always`.

    Args:
        samples: Of what is learned.
        penalty: L2 penalty of each weight.
        level: Penalise each sign as if it varied by one.
    """
    names = [CONSTANT, *sorted({name for signs, *_ in samples for name in signs})]
    place = {name: number for number, name in enumerate(names)}
    rows = np.zeros((len(samples), len(names)))
    rows[:, 0] = 1
    for number, (signs, _, _) in enumerate(samples):
        for name, value in signs.items():
            rows[number, place[name]] = value
    so = np.array([each for _, each, _ in samples], float)
    weight = np.array([each for *_, each in samples])
    penalties = np.full(len(names), penalty)
    if level:
        penalties *= rows.var(axis=0) + _TINY
    penalties[0] = CONSTANT_PENALTY
    found = _newton(rows, so, weight, penalties, STEPS)
    return {name: round(float(value), 3) for name, value in zip(names, found, strict=True)}


def fit_vectors(
    vectors: NDArray[np.float32], so: NDArray[np.bool_], weight: NDArray[np.float32], penalty: float
) -> NDArray[np.float32]:
    """Fit one weight for each number of the vectors, `penalty` as for signs; the constant is left out."""
    model = LogisticRegression(C=1 / penalty, max_iter=VECTOR_STEPS)
    found: NDArray[np.float32] = model.fit(vectors, so, weight).coef_[0]
    return found.astype(np.float32)


def _newton(
    rows: NDArray[np.float64],
    so: NDArray[np.float64],
    weight: NDArray[np.float64],
    penalties: NDArray[np.float64],
    steps: int,
) -> NDArray[np.float64]:
    found = np.zeros(rows.shape[1])
    for _ in range(steps):
        share = 1 / (1 + np.exp(-np.clip(rows @ found, -30, 30)))
        slope = rows.T @ (weight * (share - so)) + penalties * found
        bend = (rows * (weight * share * (1 - share))[:, None]).T @ rows + np.diag(penalties)
        found -= np.linalg.solve(bend, slope)
    return found
