"""Small decision trees whose sum is the log odds that a turn makes a demand again and again.

`trees.npz` is made by `python -m kikimori_training.answered`. Friedman 2001, https://doi.org/10.1214/aos/1013203451.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

FILE = Path(__file__).with_name("trees.npz")
MOST_ODDS = 8.0
"""Log odds beyond which nothing is surer."""


class Trees(NamedTuple):
    """Trees side by side: arrays of tree by node, node 0 the root."""

    names: tuple[str, ...]
    """Signs by number."""
    sign: NDArray[np.int16]
    """Sign that a node asks about; -1 = it is a leaf."""
    most: NDArray[np.float32]
    """Value up to which the left branch is taken."""
    left: NDArray[np.int16]
    right: NDArray[np.int16]
    value: NDArray[np.float32]
    """Log odds of a leaf."""
    bias: float

    @classmethod
    def read(cls, file: Path) -> Self:
        """Read a file; raises OSError, ValueError or KeyError."""
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            return cls(
                tuple(str(each) for each in arrays["names"]),
                sign=arrays["sign"],
                most=arrays["most"],
                left=arrays["left"],
                right=arrays["right"],
                value=arrays["value"],
                bias=float(arrays["bias"]),
            )

    def write(self, file: Path) -> None:
        """Write a file; raises OSError."""
        with file.open("wb") as opened:
            np.savez_compressed(opened, **{**self._asdict(), "names": np.array(self.names)})

    def log_odds(self, rows: Sequence[Mapping[str, float]]) -> list[float]:
        """Return the log odds of each row of signs; a sign that it has not is 0."""
        if not rows:
            return []
        table = np.array([[row.get(name, 0.0) for name in self.names] for row in rows], np.float32)
        trees, each = np.arange(len(self.sign))[None, :], np.arange(len(rows))[:, None]
        node = np.zeros((len(rows), len(self.sign)), np.intp)
        while True:
            sign = self.sign[trees, node]
            inner = sign >= 0
            if not inner.any():
                break
            less = table[each, sign] <= self.most[trees, node]
            node = np.where(inner, np.where(less, self.left[trees, node], self.right[trees, node]), node)
        total = self.value[trees, node].sum(axis=1) + self.bias
        return [float(odds) for odds in np.clip(total, -MOST_ODDS, MOST_ODDS)]


TURN_TREES = Trees.read(FILE)
"""Read at import, as the weights are."""
