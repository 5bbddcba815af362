"""The newest sound of a leg in memory: what is read is what was put, at any position and across the end of the ring."""

from __future__ import annotations

import numpy as np

from kikimori.listening.sound_ring import SoundRing
from kikimori_core.wire.sound_frames import SILENCE


def test_the_newest_is_kept_and_gaps_are_silent() -> None:
    noise = np.random.default_rng(3)
    for size in (1, 7, 100, 1600):
        ring = SoundRing(size)
        whole = np.full(30_000, SILENCE, np.uint8)
        at = 0
        for _ in range(60):
            at += int(noise.choice([0, 0, 0, 5, 300]))
            codes = noise.integers(0, 255, int(noise.integers(1, 250))).astype(np.uint8)
            whole[at : at + len(codes)] = codes
            ring.put(at, codes)
            at += len(codes)
            assert (ring.begin, ring.end) == (max(ring.begin, at - size), at)
            start = at - int(noise.integers(0, size + 50))
            first, read = ring.read(start, at)
            assert first == max(start, ring.begin)
            assert read == whole[first:at].tobytes()
    short = ring.shortened(100)
    assert short.read(0, at) == (at - 100, whole[at - 100 : at].tobytes())
