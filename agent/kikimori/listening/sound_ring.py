"""The newest sound of one leg, as codes of μ-law in a ring of fixed size."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.wire.sound_frames import SILENCE

if TYPE_CHECKING:
    from numpy.typing import NDArray


class SoundRing:
    """A ring of codes, by the number of the sample in its leg. What never came is silence."""

    def __init__(self, samples: int) -> None:
        # Pages of memory that nothing was written to cost nothing: a short call has a short ring.
        self._codes: NDArray[np.uint8] = np.empty(max(samples, 1), np.uint8)
        self._first = 0
        self.end = 0
        """Number of the sample after the newest."""

    @property
    def begin(self) -> int:
        """Number of the oldest sample that is kept."""
        return max(self._first, self.end - len(self._codes))

    def put(self, position: int, codes: NDArray[np.uint8]) -> None:
        """Add codes, the first of them of sample `position`."""
        if self._first == self.end or position < self.end:
            self._first = self.end = position
        if (missing := position - self.end) > 0:
            silent = min(missing, len(self._codes))
            self.end = position - silent
            self._write(np.full(silent, SILENCE, np.uint8))
        self._write(codes)

    def read(self, start: int, stop: int) -> tuple[int, bytes]:
        """Return what is kept of the samples from `start` to before `stop`: number of the first, and codes."""
        start, stop = max(start, self.begin), min(stop, self.end)
        if start >= stop:
            return start, b""
        size = len(self._codes)
        at, until = start % size, start % size + stop - start
        if until <= size:
            return start, self._codes[at:until].tobytes()
        return start, self._codes[at:].tobytes() + self._codes[: until - size].tobytes()

    def shortened(self, samples: int) -> SoundRing:
        """Return a ring of fewer samples with the newest of these."""
        made = SoundRing(samples)
        first, codes = self.read(self.end - samples, self.end)
        made.put(first, np.frombuffer(codes, np.uint8))
        return made

    def _write(self, codes: NDArray[np.uint8]) -> None:
        size = len(self._codes)
        kept = codes[-size:]
        at = (self.end + len(codes) - len(kept)) % size
        before = min(len(kept), size - at)
        self._codes[at : at + before] = kept[:before]
        self._codes[: len(kept) - before] = kept[before:]
        self.end += len(codes)
