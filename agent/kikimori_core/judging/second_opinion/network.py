"""A small recurrent network over the vectors of a sentence's words, read from `network.npz`, in numpy alone.

Two gated recurrent units read the words forwards and backwards. What each of them held at most and on average gives the scores.
`models/training/kikimori_training/word_network.py` trains it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self
from zipfile import BadZipFile
from zlib import crc32

import numpy as np

from kikimori_core.errors import ConfigError
from kikimori_core.judging.second_opinion.features import MOST_WORDS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.second_opinion.senses import Senses
    from kikimori_core.judging.words.sound import Morpheme

FILE = "network.npz"
FORMS, SPELLINGS = 1 << 10, 1 << 13
"""Numbers of rows for grammar and for spellings: words share a row by their hash."""
NAMES = (
    "vectors",
    "forms",
    "spellings",
    "scales",
    "input",
    "input_bias",
    "state",
    "state_bias",
    "out",
    "out_bias",
)
"""Arrays of the file, besides `classes`: `none` first, then categories."""


def form_of(word: Morpheme) -> int:
    """Return the row of a word's grammar."""
    return crc32(f"{word.part}{word.detail[:2]}{word.form[:3]}".encode()) & (FORMS - 1)


def spelling_of(word: Morpheme) -> int:
    """Return the row of a word's spelling."""
    return crc32(word.normal.encode()) & (SPELLINGS - 1)


class Network:
    """Scores of a sentence by class, for `OpinionModel` to add to its own."""

    def __init__(self, arrays: Mapping[str, NDArray[np.generic]], senses: Senses) -> None:
        """`arrays`: those of `NAMES`; the first axis of `input` and `state` is the direction. Raises KeyError or ValueError."""
        self.classes = tuple(str(each) for each in arrays["classes"])
        parts = {name: np.asarray(arrays[name]) for name in NAMES}
        self._senses = senses
        self._vectors, self._forms, self._spellings = (parts[each] for each in NAMES[:3])
        self._scales = parts["scales"].astype(np.float32)
        """Worth of one step in each of these three."""
        self._input, self._state = parts["input"].astype(np.float32), parts["state"].astype(np.float32)
        self._input_bias = parts["input_bias"].astype(np.float32)
        self._state_bias = parts["state_bias"].astype(np.float32)
        self._out, self._out_bias = parts["out"].astype(np.float32), parts["out_bias"].astype(np.float32)
        self._width = self._state.shape[1]
        wide = self._vectors.shape[1] + self._forms.shape[1] + self._spellings.shape[1]
        thrice = 3 * self._width
        fits = (
            self._input.shape == (2, wide, thrice)
            and self._state.shape == (2, self._width, thrice)
            and self._input_bias.shape == self._state_bias.shape == (2, 1, thrice)
            and self._out.shape == (4 * self._width, len(self.classes))
            and self._out_bias.shape == (len(self.classes),)
            and (len(self._forms), len(self._spellings), len(self._scales)) == (FORMS, SPELLINGS, 3)
        )
        if not fits:
            raise ValueError("shapes")

    @classmethod
    def read(cls, folder: Path, senses: Senses) -> Self:
        """Read the file of a model's folder. Raises ConfigError."""
        try:
            with (folder / FILE).open("rb") as file, np.load(file, allow_pickle=False) as arrays:
                return cls(arrays, senses)
        except (
            OSError,
            EOFError,
            ValueError,
            KeyError,
            IndexError,
            TypeError,
            AttributeError,
            BadZipFile,
        ) as error:
            raise ConfigError.of("opinion_network_wrong", folder=folder, reason=error) from None

    def scores(self, words: Sequence[Morpheme]) -> NDArray[np.float32]:
        """Return a score for each class; `words` holds one at least."""
        seen = self._seen(words[-MOST_WORDS:])
        gates = np.stack((seen, seen[::-1])) @ self._input + self._input_bias
        states = self._states(gates)
        states[1] = states[1, ::-1]
        held = np.concatenate((states[0], states[1]), axis=1)
        told = np.concatenate((held.max(axis=0), held.sum(axis=0) / math.sqrt(len(held))))
        scores: NDArray[np.float32] = told @ self._out + self._out_bias
        return scores

    def _seen(self, words: Sequence[Morpheme]) -> NDArray[np.float32]:
        """Return a row for each word: its vector (zeros for an unknown one), its grammar and its spelling."""
        senses = [self._senses.of(word) for word in words]
        vectors = self._vectors[[sense.fine if sense else 0 for sense in senses]] * self._scales[0]
        vectors[[at for at, sense in enumerate(senses) if sense is None]] = 0
        forms = self._forms[[form_of(word) for word in words]] * self._scales[1]
        spellings = self._spellings[[spelling_of(word) for word in words]] * self._scales[2]
        return np.concatenate((vectors, forms, spellings), axis=1)

    def _states(self, gates: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run both units; `gates` holds for each direction and word what the input gives to reset, update and new state."""
        width = self._width
        state = np.zeros((2, 1, width), np.float32)
        states = np.empty((2, gates.shape[1], width), np.float32)
        for at in range(gates.shape[1]):
            given = gates[:, at : at + 1]
            kept = state @ self._state + self._state_bias
            open_ = 1 / (1 + np.exp(-(given[..., : 2 * width] + kept[..., : 2 * width])))
            new = np.tanh(given[..., 2 * width :] + open_[..., :width] * kept[..., 2 * width :])
            update = open_[..., width:]
            state = new + update * (state - new)
            states[:, at] = state[:, 0]
        return states
