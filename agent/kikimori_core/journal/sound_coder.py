"""Coder of sound for the journal: finds for each piece the form with the fewest bytes that is exact. Needs numpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.g711 import ALAW, TO_ALAW, TO_ULAW, ULAW
from kikimori_core.journal.framing import MAX_RECORD
from kikimori_core.journal.sound import COUNT, MAX_SAMPLES, PIECE, WIDTHS, SoundEncoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_LAWS = {SoundEncoding.ULAW: (TO_ULAW, ULAW), SoundEncoding.ALAW: (TO_ALAW, ALAW)}
_PATIENCE = 8
"""Pieces in a row that were of no law, after which a leg is taken for one without."""
_AGAIN = 50
"""Pieces after which such a leg is tried again."""


class SoundCoder:
    """Remembers for each leg the law of its last piece, so that one law is tried as a rule."""

    def __init__(self) -> None:
        self._last: dict[tuple[int, int], SoundEncoding] = {}
        self._misses: dict[tuple[int, int], int] = {}

    def forget(self, call: int) -> None:
        """Drop what is known of a call's legs."""
        for known in (self._last, self._misses):
            for key in [each for each in known if each[0] == call]:
                del known[key]

    def encode_batch(self, pieces: NDArray[np.void], pcm: bytes | Iterable[bytes]) -> list[bytes]:
        """Return payloads of `SOUND` records: one, or more where one would be too long.

        Args:
            pieces: Heads (`PIECE`) with call, leg, position and samples; encoding and width are found here.
            pcm: The samples of all pieces in their order, s16le, in one or several parts.

        Raises:
            ValueError: `pcm` has another number of samples than the heads, or a piece has more than `MAX_SAMPLES`.
        """
        samples = np.frombuffer(pcm if isinstance(pcm, bytes) else b"".join(pcm), "<i2")
        counts = pieces["samples"].astype(np.int64)
        if int(counts.sum()) != len(samples) or (len(pieces) and counts.max() > MAX_SAMPLES):
            raise ValueError(f"{len(samples)} samples for pieces of {int(counts.sum())}")
        pieces, counts = pieces[counts > 0], counts[counts > 0]
        if not len(pieces):
            return []
        heads, data = self._encoded(pieces, counts, samples)
        return list(_payloads(heads, data))

    def _encoded(
        self, pieces: NDArray[np.void], counts: NDArray[np.int64], samples: NDArray[np.int16]
    ) -> tuple[NDArray[np.void], list[memoryview]]:
        """Return the heads with their encodings, and the bytes of each piece."""
        starts = np.cumsum(counts) - counts
        keys = list(zip(pieces["call"].tolist(), pieces["leg"].tolist(), strict=True))
        encodings = np.zeros(len(pieces), np.uint8)
        raw = samples.view(np.uint8).data
        ends = ((starts + counts) * 2).tolist()
        data = [raw[begin:end] for begin, end in zip((starts * 2).tolist(), ends, strict=True)]
        silent = np.bitwise_or.reduceat(samples, starts) == 0
        for index in np.flatnonzero(silent).tolist():
            encodings[index], data[index] = SoundEncoding.SILENCE, memoryview(b"")
        rest = [index for index in np.flatnonzero(~silent).tolist() if self._is_tried(keys[index])]
        # Each in the law of its leg's last piece, then those that were not exact in the other one.
        for other in (False, True):
            failed: list[int] = []
            for law in _LAWS:
                tried = [at for at in rest if (self._last.get(keys[at], SoundEncoding.ULAW) == law) != other]
                failed += self._try(law, tried, samples, starts, counts, encodings, data)
            rest = failed
        self._remember(keys, encodings, silent)
        heads = pieces.copy()
        heads["encoding"] = encodings
        heads["width"] = _WIDTHS[encodings]
        return heads, data

    @staticmethod
    def _try(
        law: SoundEncoding,
        tried: list[int],
        samples: NDArray[np.int16],
        starts: NDArray[np.int64],
        counts: NDArray[np.int64],
        encodings: NDArray[np.uint8],
        data: list[memoryview],
    ) -> list[int]:
        """Write the pieces `tried` in a law where that is exact; return the others."""
        if not tried:
            return []
        to_code, to_sample = _LAWS[law]
        if len(tried) == len(starts):
            part = samples
        else:
            part = np.concatenate([samples[starts[at] : starts[at] + counts[at]] for at in tried])
        codes = to_code[part.view("<u2")]
        lengths = counts[tried]
        begins = np.cumsum(lengths) - lengths
        exact = np.logical_and.reduceat(to_sample[codes] == part, begins)
        coded = codes.data
        failed = []
        for at, begin, length, fits in zip(
            tried, begins.tolist(), lengths.tolist(), exact.tolist(), strict=True
        ):
            if fits:
                encodings[at], data[at] = law, coded[begin : begin + length]
            else:
                failed.append(at)
        return failed

    def _is_tried(self, key: tuple[int, int]) -> bool:
        misses = self._misses.get(key, 0)
        return misses < _PATIENCE or misses % _AGAIN == 0

    def _remember(
        self, keys: list[tuple[int, int]], encodings: NDArray[np.uint8], silent: NDArray[np.bool_]
    ) -> None:
        for key, encoding, is_silent in zip(keys, encodings.tolist(), silent.tolist(), strict=True):
            if is_silent:
                continue
            if encoding == SoundEncoding.S16LE:
                self._misses[key] = self._misses.get(key, 0) + 1
            else:
                self._last[key] = SoundEncoding(encoding)
                self._misses.pop(key, None)


_WIDTHS = np.array([WIDTHS[each] for each in sorted(WIDTHS)], np.uint8)


def _payloads(heads: NDArray[np.void], data: list[memoryview]) -> Iterator[bytes]:
    """Join heads and bytes to payloads of at most `MAX_RECORD` bytes."""
    begin, size = 0, COUNT.size
    for at, each in enumerate(data):
        more = PIECE.itemsize + len(each)
        if size + more > MAX_RECORD or at - begin == 0xFFFF:
            yield b"".join((COUNT.pack(at - begin), heads[begin:at].tobytes(), *data[begin:at]))
            begin, size = at, COUNT.size
        size += more
    yield b"".join((COUNT.pack(len(data) - begin), heads[begin:].tobytes(), *data[begin:]))
