"""A small network over the vector of a whole sentence, read from `meaning.npz`, in numpy alone.

One hidden layer over what `sentence_encoder` makes of a sentence. `models/training/kikimori_training/sentence_network.py` trains it.
"""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Self

import numpy as np

from kikimori_core.errors import ConfigError
from kikimori_core.judging.array_files import UNUSABLE, arrays_in
from kikimori_core.judging.sentence_encoder import DIMENSIONS
from kikimori_core.judging.words.marks import without_drawn_ends

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.words.sound import Morpheme

FILE = "meaning.npz"
NAMES = ("hidden", "hidden_scale", "hidden_bias", "out", "out_scale", "out_bias")
"""Arrays of the file, besides `classes`: `none` first, then categories. A weight is its small integer times its column's scale."""
_UNSPOKEN = frozenset("PSZC")
"""Unicode's categories of punctuation, symbols, spaces and control characters."""


def spoken(text: str, words: Iterable[Morpheme]) -> str:
    """Return a sentence as the network learns and judges it: letters and digits, without ends that were drawn out.

    `text`: as `plain` returns it. `words`: what it was cut into.
    """
    heard = {place for word in words for place in range(word.start, word.end)}
    return letters(without_drawn_ends(text, heard))


def letters(text: str) -> str:
    """Return the letters and digits of a `plain` text, as a recogniser writes neither commas nor full stops."""
    return "".join(each for each in text if unicodedata.category(each)[0] not in _UNSPOKEN)


class MeaningNetwork:
    """Scores of a sentence by class, for `OpinionModel` to add to its own."""

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]]) -> None:
        """`arrays`: those of `NAMES`, each layer input by output. Raises KeyError or ValueError."""
        self.classes = tuple(str(each) for each in arrays["classes"])
        parts = {name: np.asarray(arrays[name], np.float32) for name in NAMES}
        width, classes = parts["hidden_bias"].size, len(self.classes)
        fits = (
            parts["hidden"].shape == (DIMENSIONS, width)
            and parts["hidden_scale"].shape == parts["hidden_bias"].shape == (width,)
            and parts["out"].shape == (width, classes)
            and parts["out_scale"].shape == parts["out_bias"].shape == (classes,)
        )
        if not fits:
            raise ValueError("shapes")
        self._hidden, self._hidden_bias = parts["hidden"] * parts["hidden_scale"], parts["hidden_bias"]
        self._out, self._out_bias = parts["out"] * parts["out_scale"], parts["out_bias"]

    @classmethod
    def read(cls, folder: Path) -> Self:
        """Read the file of a model's folder. Raises ConfigError."""
        try:
            with arrays_in(folder / FILE) as arrays:
                return cls(arrays)
        except UNUSABLE as error:
            raise ConfigError.of("opinion_meaning_wrong", folder=folder, reason=error) from None

    def scores(self, vector: NDArray[np.float32]) -> NDArray[np.float32]:
        """Return a score for each class, given a sentence's vector."""
        held = np.maximum(vector @ self._hidden + self._hidden_bias, 0)
        scores: NDArray[np.float32] = held @ self._out + self._out_bias
        return scores
