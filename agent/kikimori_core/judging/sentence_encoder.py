"""Vectors of whole sentences: sentences of like meaning point the same way, whatever their words.

The model is the universal sentence encoder, multilingual, version 3 (Yang et al. 2020, https://arxiv.org/abs/1907.04307): pieces of
words, their vectors, three convolutions (2, 3 and 5 pieces wide), the sum over the sentence and a small network. `models/sentences` holds it
with the pieces of Japanese; `models/training/kikimori_training/sentence_pieces.py` made it.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Self

import numpy as np
from sentencepiece import SentencePieceProcessor

from kikimori_core.errors import ConfigError
from kikimori_core.judging.array_files import UNUSABLE, arrays_in

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

DIMENSIONS = 512
"""Numbers of a sentence's vector, and of a piece's."""
PIECES, WEIGHTS = "pieces.model", "weights.npz"
"""Files of the folder: the pieces as SentencePiece reads them, and the arrays."""
MOST_PIECES = 96
"""Pieces of a sentence that are read, some 200 characters: a breath is shorter."""
MOST_KEPT = 64
"""Sentences whose vectors are kept, as several judges ask for the same one."""
BATCH = 16
"""Sentences that are worked out at once."""
MOST_KNOWN = 2048
"""Pieces of which is kept what does not depend on their neighbours, 13 kB each: no fewer than a batch can hold."""
WIDTHS = ((2, 0), (3, 1), (5, 2))
"""Of each convolution: how many pieces it sees, and how many of them before the one it stands at."""
_CHANNELS = 256
_BEFORE, _AFTER = 2, 2
_TINY = 1e-12
_SHAPES = {
    "project": (DIMENSIONS, 3 * _CHANNELS),
    "project_bias": (3 * _CHANNELS,),
    "project_gain": (3 * _CHANNELS,),
    "project_shift": (3 * _CHANNELS,),
    **{f"first_{width}": (width * _CHANNELS, _CHANNELS) for width, _ in WIDTHS},
    **{f"first_bias_{width}": (_CHANNELS,) for width, _ in WIDTHS},
    **{f"second_{width}": (width * _CHANNELS, _CHANNELS) for width, _ in WIDTHS},
    **{f"second_bias_{width}": (_CHANNELS,) for width, _ in WIDTHS},
    "gain": (DIMENSIONS + 3 * _CHANNELS,),
    "shift": (DIMENSIONS + 3 * _CHANNELS,),
    "sum": (DIMENSIONS + 3 * _CHANNELS, DIMENSIONS),
    "sum_bias": (DIMENSIONS,),
    "in_0": (DIMENSIONS, 320),
    "in_1": (320, 320),
    "past_1": (DIMENSIONS, 320),
    "out_2": (320, DIMENSIONS),
    "past_3": (320, DIMENSIONS),
    "out_3": (DIMENSIONS, DIMENSIONS),
}
"""Arrays of the network, besides the table of pieces."""


class SentenceEncoder:
    """Turns sentences into vectors of length 1: their dot product is the cosine of the angle between them."""

    def __init__(self, pieces: SentencePieceProcessor, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """Take the pieces and the arrays of `weights.npz`. Raises KeyError or ValueError."""
        self._pieces = pieces
        self._table = np.asarray(arrays["table"])
        self._group = np.asarray(arrays["group"], np.intp)
        self._scale, self._least = (np.asarray(arrays[name], np.float32) for name in ("scale", "least"))
        fits = (
            self._table.shape == (len(self._group), DIMENSIONS)
            and len(self._group) == pieces.get_piece_size()
            and self._scale.shape == self._least.shape == (int(self._group.max()) + 1,)
        )
        parts = {name: np.ascontiguousarray(arrays[name], np.float32) for name in _SHAPES}
        if not fits or any(parts[name].shape != shape for name, shape in _SHAPES.items()):
            raise ValueError("shapes")
        self._part = parts
        self._kept: dict[str, NDArray[np.float32]] = {}
        self._place: dict[int, int] = {}
        """Row in `_known` of each piece that was read."""
        self._known = np.empty(
            (MOST_KNOWN, _CHANNELS * (len(WIDTHS) + sum(each for each, _ in WIDTHS))), np.float32
        )
        """Of a piece: what the three convolutions see of it, and its part in their first step at each place of their windows."""

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read a folder. Raises ConfigError."""
        try:
            pieces = SentencePieceProcessor(model_proto=(folder / PIECES).read_bytes())
            with arrays_in(folder / WEIGHTS) as arrays:
                return cls(pieces, arrays)
        except UNUSABLE as error:
            raise ConfigError.of("sentences_unreadable", folder=folder, reason=error) from None

    def of(self, text: str) -> NDArray[np.float32]:
        """Return the vector of one sentence, `DIMENSIONS` numbers; those asked for last are kept."""
        found = self._kept.pop(text, None)
        if found is None:
            found = self.encode([text])[0]
            if len(self._kept) >= MOST_KEPT:
                del self._kept[next(iter(self._kept))]
        self._kept[text] = found
        return found

    def encode(self, texts: Sequence[str]) -> NDArray[np.float32]:
        """Return the vectors of sentences, one row of `DIMENSIONS` numbers each."""
        found = np.empty((len(texts), DIMENSIONS), np.float32)
        begin, end = self._pieces.bos_id(), self._pieces.eos_id()
        for at in range(0, len(texts), BATCH):
            # One by one: a list would start threads, which take longer than the work.
            cut = [self._pieces.encode(each, out_type=int) for each in texts[at : at + BATCH]]
            found[at : at + BATCH] = self._vectors([[begin, *each[-MOST_PIECES:], end] for each in cut])
        return found

    def _vectors(self, sentences: Sequence[Sequence[int]]) -> NDArray[np.float32]:
        """Return the vectors of sentences given by their pieces; all stand in one long row, apart from each other."""
        part = self._part
        lengths = np.fromiter(map(len, sentences), np.intp, len(sentences))
        pieces = np.concatenate([np.asarray(each, np.intp) for each in sentences])
        starts = np.concatenate(([0], np.cumsum(lengths)[:-1]))
        known = _with_zero_row(self._of_pieces(pieces))
        near = _neighbours(starts, lengths)
        seen: list[NDArray[np.float32]] = [self._own(pieces)]
        at = _CHANNELS * len(WIDTHS)
        for number, (width, before) in enumerate(WIDTHS):
            columns = near[:, _BEFORE - before : _BEFORE - before + width]
            first = np.tile(part[f"first_bias_{width}"], (len(pieces), 1))
            for place in range(width):
                first += known[columns[:, place], at : at + _CHANNELS]
                at += _CHANNELS
            state = known[:-1, number * _CHANNELS : (number + 1) * _CHANNELS] + np.maximum(first, 0)
            windows = _with_zero_row(state)[columns].reshape(len(state), -1)
            state += np.maximum(windows @ part[f"second_{width}"] + part[f"second_bias_{width}"], 0)
            seen.append(state)
        every = _levelled(np.concatenate(seen, axis=1), part["gain"], part["shift"])
        many = lengths.astype(np.float32)[:, None]
        total = np.add.reduceat(every, starts, axis=0)
        whole = (total @ part["sum"] + many * part["sum_bias"]) / np.sqrt(many)
        first = np.maximum(whole @ part["in_0"], 0)
        second = np.maximum(whole @ part["past_1"] + first @ part["in_1"], 0)
        third = np.maximum(second @ part["out_2"], 0)
        out = np.tanh(second @ part["past_3"] + third @ part["out_3"])
        vectors: NDArray[np.float32] = out / np.sqrt((out * out).sum(axis=1, keepdims=True) + _TINY)
        return vectors

    def _own(self, pieces: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return the vectors of pieces."""
        group = self._group[pieces]
        own: NDArray[np.float32] = self._table[pieces] * self._scale[group, None] + self._least[group, None]
        return own

    def _of_pieces(self, pieces: NDArray[np.intp]) -> NDArray[np.float32]:
        """Return a row of `_known` for each piece, computing those that were not seen before."""
        place, part = self._place, self._part
        new = {each for each in pieces.tolist() if each not in place}
        if len(place) + len(new) > MOST_KNOWN:
            place.clear()
            new = set(pieces.tolist())
        if new:
            fresh = np.array(sorted(new), np.intp)
            narrow = _levelled(
                self._own(fresh) @ part["project"] + part["project_bias"],
                part["project_gain"],
                part["project_shift"],
            )
            rows = [narrow]
            for number, (width, _) in enumerate(WIDTHS):
                channels = narrow[:, number * _CHANNELS : (number + 1) * _CHANNELS]
                rows += [
                    channels @ each for each in part[f"first_{width}"].reshape(width, _CHANNELS, _CHANNELS)
                ]
            begin = len(place)
            self._known[begin : begin + len(fresh)] = np.concatenate(rows, axis=1)
            place.update(zip(fresh.tolist(), range(begin, begin + len(fresh)), strict=True))
        return self._known[[place[each] for each in pieces.tolist()]]


def _levelled(
    rows: NDArray[np.float32], gain: NDArray[np.float32], shift: NDArray[np.float32]
) -> NDArray[np.float32]:
    """Return rows of mean 0 and variance 1, times `gain` and plus `shift` (Ba et al. 2016, layer normalisation)."""
    rows = rows - rows.mean(axis=1, keepdims=True)
    levelled: NDArray[np.float32] = (
        rows / np.sqrt((rows * rows).mean(axis=1, keepdims=True) + _TINY) * gain + shift
    )
    return levelled


def _neighbours(starts: NDArray[np.intp], lengths: NDArray[np.intp]) -> NDArray[np.intp]:
    """Return for each piece the rows from two before it to two after it; -1 where the sentence has ended."""
    total = int(lengths.sum())
    rows = np.arange(total)[:, None] + np.arange(-_BEFORE, _AFTER + 1)
    inside = (rows >= np.repeat(starts, lengths)[:, None]) & (
        rows < np.repeat(starts + lengths, lengths)[:, None]
    )
    found: NDArray[np.intp] = np.where(inside, rows, -1)
    return found


def _with_zero_row(rows: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the rows with a row of zeros appended, which the index -1 selects."""
    return np.concatenate((rows, np.zeros((1, rows.shape[1]), np.float32)))


@lru_cache(maxsize=2)
def load_encoder(folder: Path) -> SentenceEncoder:
    """Return the encoder of a folder, one for all callers, so that they share its cache of vectors. Raises ConfigError."""
    return SentenceEncoder.read(folder)
