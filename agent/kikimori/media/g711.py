"""G.711 by table (ITU-T G.711): μ-law and A-law, s16le mono on the other side."""

from __future__ import annotations

import numpy as np

from kikimori_core.g711 import ALAW, TO_ALAW, TO_ULAW, ULAW

RATE = 8000


def decode_ulaw(payload: bytes | memoryview) -> bytes:
    """One byte a sample to s16le."""
    return ULAW[np.frombuffer(payload, np.uint8)].tobytes()


def decode_alaw(payload: bytes | memoryview) -> bytes:
    """One byte a sample to s16le."""
    return ALAW[np.frombuffer(payload, np.uint8)].tobytes()


def encode_ulaw(pcm: bytes | memoryview) -> bytes:
    """s16le to one byte a sample, the nearest value there is."""
    coded: bytes = TO_ULAW[np.frombuffer(pcm, "<u2")].tobytes()
    return coded


def encode_alaw(pcm: bytes | memoryview) -> bytes:
    """s16le to one byte a sample, the nearest value there is."""
    coded: bytes = TO_ALAW[np.frombuffer(pcm, "<u2")].tobytes()
    return coded
