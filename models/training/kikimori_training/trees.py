"""Gradient-boosted trees over named signs, fitted by scikit-learn."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
from sklearn.ensemble import GradientBoostingClassifier

from kikimori_core.judging.acts.trees import Trees

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

TREES, LEAVES, LEAST_IN_LEAF = 120, 8, 15
RATE = 0.08
SHARE, SIGNS_SHARE = 0.6, 0.4
"""Share of the rows that each tree sees, and of the signs that each node chooses from."""
SEED = 16


def fit_trees(
    rows: Sequence[Mapping[str, float]], so: NDArray[np.bool_], weight: NDArray[np.float64]
) -> Trees:
    """Fit trees to rows of signs; `so`: what they tell, `weight`: of each row."""
    names = sorted({name for row in rows for name in row})
    table = np.array([[row.get(name, 0.0) for name in names] for row in rows], np.float32)
    model = GradientBoostingClassifier(
        n_estimators=TREES,
        learning_rate=RATE,
        max_leaf_nodes=LEAVES,
        min_samples_leaf=LEAST_IN_LEAF,
        subsample=SHARE,
        max_features=SIGNS_SHARE,
        random_state=SEED,
    ).fit(table, so, weight)
    nodes = 2 * LEAVES - 1
    sign, left, right = (np.full((TREES, nodes), -1, np.int16) for _ in range(3))
    most, value = (np.zeros((TREES, nodes), np.float32) for _ in range(2))
    for number, (each,) in enumerate(model.estimators_):
        tree = each.tree_
        inner = tree.children_left >= 0
        many = tree.node_count
        sign[number, :many] = np.where(inner, tree.feature, -1)
        left[number, :many], right[number, :many] = tree.children_left, tree.children_right
        most[number, :many] = tree.threshold
        value[number, :many] = RATE * tree.value[:, 0, 0]
    share = float(np.average(so, weights=weight))
    return Trees(tuple(names), sign, most, left, right, value, math.log(share / (1 - share)))
