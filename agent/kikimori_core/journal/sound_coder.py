"""Coder of sound for the journal: finds for each piece the form with the fewest bytes that is exact. Needs numpy."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.g711 import ALAW, TO_ALAW, TO_ULAW, ULAW
from kikimori_core.journal.framing import MAX_RECORD
from kikimori_core.journal.sound import COUNT, MAX_PIECES, MAX_SAMPLES, PIECE, WIDTHS, SoundEncoding

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

_EXACT = 0x100
_PATIENCE = 8
"""Pieces in a row that were of no law, after which a leg is taken for one without."""
_AGAIN = 50
"""Pieces after which such a leg is tried again."""


def _marked(to_code: NDArray[np.uint8], table: NDArray[np.int16]) -> NDArray[np.uint16]:
    """Return, by sample as an unsigned number, its code, and `_EXACT` where the code has that very value."""
    samples = np.arange(65536, dtype=np.uint16)
    exact = table[to_code] == samples.view(np.int16)
    return np.where(exact, to_code + np.uint16(_EXACT), to_code).astype(np.uint16)


_LAWS = {
    int(SoundEncoding.ULAW): _marked(TO_ULAW, ULAW),
    int(SoundEncoding.ALAW): _marked(TO_ALAW, ALAW),
}
_OTHER = {int(SoundEncoding.ULAW): int(SoundEncoding.ALAW), int(SoundEncoding.ALAW): int(SoundEncoding.ULAW)}
_WIDTHS = np.array([WIDTHS[each] for each in sorted(WIDTHS)], np.uint8)


class SoundCoder:
    """Remembers for each leg the law of its last piece, so that one law is tried as a rule."""

    def __init__(self) -> None:
        self._laws: dict[int, int] = {}
        self._misses: dict[int, int] = {}

    def forget(self, call: int) -> None:
        """Drop what is known of a call's legs."""
        for known in (self._laws, self._misses):
            for key in [each for each in known if each >> 16 == call]:
                del known[key]

    def encode_batch(
        self, pieces: NDArray[np.void], pcm: bytes | Iterable[bytes | memoryview]
    ) -> list[bytes]:
        """Return payloads of `SOUND` records: see `encode_parts`."""
        return [b"".join(parts) for parts in self.encode_parts(pieces, pcm)]

    def encode_parts(
        self, pieces: NDArray[np.void], pcm: bytes | Iterable[bytes | memoryview], *, laws: bool = True
    ) -> list[list[bytes | memoryview]]:
        """Return payloads of `SOUND` records in parts: one, or more where one would be too long.

        Args:
            pieces: Heads (`PIECE`) with call, leg, position and samples; encoding and width are found here.
            pcm: The samples of all pieces in their order, s16le, in one or several parts. Parts of the result may be
                parts of it.
            laws: False = they are of a rate that G.711 does not have, and no law is tried.

        Raises:
            ValueError: `pcm` has another number of samples than the heads, or a piece has more than `MAX_SAMPLES`.
        """
        samples = np.frombuffer(pcm if isinstance(pcm, bytes) else b"".join(pcm), "<i2")
        counts = pieces["samples"].astype(np.int64)
        if int(counts.sum()) != len(samples) or (counts > MAX_SAMPLES).any():
            raise ValueError(f"{len(samples)} samples for pieces of {int(counts.sum())}")
        heads, counts = pieces[counts > 0], counts[counts > 0]
        if not len(heads):
            return []
        coded = _CodedPieces(samples, counts)
        silent = np.bitwise_or.reduceat(samples, coded.begins) == 0
        coded.encodings[silent] = SoundEncoding.SILENCE
        if laws:
            self._write_as_codes(heads, coded, silent)
        heads["encoding"] = coded.encodings
        heads["width"] = _WIDTHS[coded.encodings]
        return list(_payloads(heads, coded))

    def _write_as_codes(
        self, heads: NDArray[np.void], coded: _CodedPieces, silent: NDArray[np.bool_]
    ) -> None:
        keys = ((heads["call"].astype(np.int64) << 16) | heads["leg"]).tolist()
        laws = np.array([self._to_try(key) for key in keys])
        laws[silent] = 0
        failed = np.concatenate([coded.write(law, np.flatnonzero(laws == law)) for law in _LAWS])
        for law, other in _OTHER.items():
            coded.write(other, failed[laws[failed] == law])
        self._remember(keys, laws, coded.encodings)

    def _to_try(self, key: int) -> int:
        """Return the law to try first; 0 for a leg that is taken for one without."""
        misses = self._misses.get(key, 0)
        if misses >= _PATIENCE and misses % _AGAIN:
            return 0
        return self._laws.get(key, int(SoundEncoding.ULAW))

    def _remember(self, keys: list[int], laws: NDArray[np.int64], encodings: NDArray[np.uint8]) -> None:
        plain = encodings == SoundEncoding.S16LE
        for at in np.flatnonzero(plain).tolist():
            self._misses[keys[at]] = self._misses.get(keys[at], 0) + 1
        coded = np.flatnonzero((encodings == SoundEncoding.ULAW) | (encodings == SoundEncoding.ALAW))
        for at in coded[encodings[coded] != laws[coded]].tolist():
            self._laws[keys[at]] = int(encodings[at])
        if self._misses:
            for at in coded.tolist():
                self._misses.pop(keys[at], None)


@dataclass(slots=True)
class _CodedPieces:
    """Samples of some pieces one after the other, and for each piece the place of its bytes in one of `sources`."""

    samples: NDArray[np.int16]
    counts: NDArray[np.int64]
    begins: NDArray[np.int64] = field(init=False)
    """Index of each piece's first sample."""
    encodings: NDArray[np.uint8] = field(init=False)
    sources: list[memoryview] = field(init=False)
    source: NDArray[np.int64] = field(init=False)
    places: NDArray[np.int64] = field(init=False)
    """Place of each piece's bytes in its source."""

    def __post_init__(self) -> None:
        self.begins = np.cumsum(self.counts) - self.counts
        self.encodings = np.zeros(len(self.counts), np.uint8)
        self.sources = [self.samples.view(np.uint8).data]
        self.source = np.zeros(len(self.counts), np.int64)
        self.places = self.begins * 2

    def write(self, law: int, tried: NDArray[np.int64]) -> NDArray[np.int64]:
        """Write the pieces `tried` in a law where that is exact; return the others."""
        if not len(tried):
            return tried
        if len(tried) == len(self.counts):
            part, begins = self.samples, self.begins
        else:
            edges = zip(self.begins[tried].tolist(), self.counts[tried].tolist(), strict=True)
            part = np.concatenate([self.samples[begin : begin + count] for begin, count in edges])
            begins = np.cumsum(self.counts[tried]) - self.counts[tried]
        # "wrap" saves the check of indices, of which none can be outside.
        marked = np.take(_LAWS[law], part.view("<u2"), mode="wrap")
        exact = (np.bitwise_and.reduceat(marked, begins) & _EXACT) != 0
        fit = tried[exact]
        self.encodings[fit] = law
        self.source[fit] = len(self.sources)
        self.places[fit] = begins[exact]
        self.sources.append(marked.astype(np.uint8).data)
        return np.asarray(tried[~exact])

    def join(self, begin: int, end: int) -> Iterator[memoryview]:
        """Give the bytes of the pieces from one to before another, neighbours in a source at once."""
        lengths = self.counts[begin:end] * _WIDTHS[self.encodings[begin:end]]
        full = np.flatnonzero(lengths)
        if not len(full):
            return
        source, places, lengths = self.source[begin:end][full], self.places[begin:end][full], lengths[full]
        ends = places + lengths
        new = np.flatnonzero((source[1:] != source[:-1]) | (places[1:] != ends[:-1])) + 1
        first, last = np.concatenate(([0], new)), np.concatenate((new, [len(full)])) - 1
        runs = zip(source[first].tolist(), places[first].tolist(), ends[last].tolist(), strict=True)
        for at, place, stop in runs:
            yield self.sources[at][place:stop]


def _payloads(heads: NDArray[np.void], coded: _CodedPieces) -> Iterator[list[bytes | memoryview]]:
    """Give heads and bytes as payloads of at most `MAX_RECORD` bytes."""
    ends = np.cumsum(PIECE.itemsize + heads["samples"].astype(np.int64) * heads["width"])
    begin = 0
    while begin < len(heads):
        before = int(ends[begin - 1]) if begin else 0
        most = int(np.searchsorted(ends, before + MAX_RECORD - COUNT.size, side="right"))
        end = min(most, begin + MAX_PIECES)
        yield [COUNT.pack(end - begin), heads[begin:end].tobytes(), *coded.join(begin, end)]
        begin = end
