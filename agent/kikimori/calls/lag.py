"""Latency from the arrival of a block's last sample to its evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_KEEP = 100_000


class LagMeter:
    """The last hundred thousand lags, in milliseconds."""

    def __init__(self) -> None:
        self._lags = np.zeros(_KEEP, dtype=np.float32)
        self._count = 0

    def note(self, lag_s: float) -> None:
        self._lags[self._count % _KEEP] = lag_s * 1000
        self._count += 1

    def clear(self) -> None:
        self._count = 0

    def percentile_ms(self, percent: float) -> float:
        """0 when nothing was measured."""
        seen: NDArray[np.float32] = self._lags[: min(self._count, _KEEP)]
        return float(np.percentile(seen, percent)) if len(seen) else 0.0
