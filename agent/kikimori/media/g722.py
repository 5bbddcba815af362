"""G.722 at 64 kbit/s (ITU-T G.722, mode 1): wideband speech, 16 kHz, one byte for two samples."""

from __future__ import annotations

import array
import sys

from G722 import G722

RATE = 16000

_BIT_RATE = 64000


class G722Decoder:
    """One stream. It keeps the state of the prediction, so packets must come in order."""

    def __init__(self) -> None:
        self._codec = G722(RATE, _BIT_RATE)

    def decode(self, payload: bytes) -> bytes:
        """Return s16le at 16 kHz, two samples for each byte."""
        samples: array.array[int] = self._codec.decode(payload)
        return _little_endian(samples).tobytes()


class G722Encoder:
    """One stream."""

    def __init__(self) -> None:
        self._codec = G722(RATE, _BIT_RATE)

    def encode(self, pcm: bytes | memoryview) -> bytes:
        """Take s16le at 16 kHz, an even number of samples; raises ValueError for an odd one."""
        if len(pcm) % 4:
            raise ValueError("G.722 codes two samples at a time")
        encoded: bytes = self._codec.encode(_little_endian(array.array("h", bytes(pcm))))
        return encoded


def _little_endian(samples: array.array[int]) -> array.array[int]:
    if sys.byteorder == "big":
        samples = samples[:]
        samples.byteswap()
    return samples
