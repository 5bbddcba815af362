"""Conversion of a tap's sampling rate to the two that hearing knows: 8 kHz and 16 kHz."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import soxr

if TYPE_CHECKING:
    from numpy.typing import NDArray


def hearing_rate(rate: int) -> int:
    """Return the rate at which audio of `rate` is heard: telephone bands at 8 kHz, everything wider at 16 kHz."""
    return 8000 if rate < 16000 else 16000


class Resampler:
    """Streaming conversion of one leg, int16 in and out (libsoxr, high quality).

    Pieces of any size give the same samples as the whole at once. `flush` gives what the filter still holds.
    """

    def __init__(self, rate_in: int, rate_out: int) -> None:
        self._stream = soxr.ResampleStream(rate_in, rate_out, 1, dtype="int16")

    def feed(self, pcm: bytes | memoryview) -> bytes:
        """Take s16le at the input rate, give s16le at the output rate."""
        return self._run(np.frombuffer(pcm, dtype="<i2"), last=False)

    def flush(self) -> bytes:
        return self._run(np.empty(0, dtype=np.int16), last=True)

    def _run(self, samples: NDArray[np.int16], *, last: bool) -> bytes:
        converted: NDArray[np.int16] = self._stream.resample_chunk(samples, last=last)
        return converted.tobytes()
