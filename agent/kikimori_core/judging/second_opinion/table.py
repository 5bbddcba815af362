"""The table of the second opinion: how much each feature weighs for each class, read from `weights.npz` or `weights.npy`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.errors import ConfigError
from kikimori_core.judging.array_files import UNUSABLE, arrays_in

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

FILE, WHOLE = "weights.npz", "weights.npy"
"""A table of the rows that weigh most, and one of all rows, as models before format 3 have it."""


@dataclass(frozen=True, slots=True)
class WeightTable:
    """Weights by feature and class, as small integers."""

    weights: NDArray[np.int8]
    """Row by class."""
    kept: NDArray[np.int64] | None = None
    """Feature of each row, rising; None: every feature has the row of its number. A feature without a row weighs nothing."""

    @classmethod
    def read(cls, path: Path, bits: int, classes: int) -> WeightTable:
        """Read one of the two files of a model; that of all rows is mapped. Raises ConfigError.

        Args:
            path: The file.
            bits: There are 2 to the power of this features.
            classes: Their number.
        """
        try:
            if path.name == WHOLE:
                table, rows = cls(np.load(path, mmap_mode="r", allow_pickle=False)), 1 << bits
            else:
                with arrays_in(path) as parts:
                    kept = np.flatnonzero(np.unpackbits(parts["kept"], count=1 << bits))
                    table, rows = cls(parts["weights"], kept), len(kept)
        except UNUSABLE:
            raise ConfigError.of("opinion_does_not_fit", file=path) from None
        if table.weights.shape != (rows, classes) or table.weights.dtype != np.int8:
            raise ConfigError.of("opinion_does_not_fit", file=path)
        return table

    def write(self, folder: Path, bits: int) -> None:
        """Write a table of kept rows; raises OSError."""
        kept = np.zeros(1 << bits, bool)
        kept[self.kept] = True
        np.savez_compressed(folder / FILE, kept=np.packbits(kept), weights=self.weights)
        (folder / WHOLE).unlink(missing_ok=True)

    def of(self, features: NDArray[np.int64]) -> NDArray[np.int8]:
        """Return the rows of those features that have one."""
        if self.kept is None:
            whole: NDArray[np.int8] = self.weights[features]
            return whole
        places = np.searchsorted(self.kept, features)
        inside = places < len(self.kept)
        places, features = places[inside], features[inside]
        found: NDArray[np.int8] = self.weights[places[self.kept[places] == features]]
        return found
