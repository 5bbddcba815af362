"""A small recurrent network over the vectors of a sentence's words, read from `network.npz`, in numpy alone.

Two gated recurrent units read the words forwards and backwards. What each of them held at most and on average gives the scores.
`models/training/kikimori_training/word_network.py` trains it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Self
from zlib import crc32

import numpy as np

from kikimori_core.errors import ConfigError
from kikimori_core.judging.array_files import UNUSABLE, arrays_in
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
        input_, input_bias, state, state_bias = (
            parts[each].astype(np.float32) for each in ("input", "input_bias", "state", "state_bias")
        )
        self._out, self._out_bias = parts["out"].astype(np.float32), parts["out_bias"].astype(np.float32)
        self._width = state.shape[1]
        wide = self._vectors.shape[1] + self._forms.shape[1] + self._spellings.shape[1]
        thrice = 3 * self._width
        fits = (
            input_.shape == (2, wide, thrice)
            and state.shape == (2, self._width, thrice)
            and input_bias.shape == state_bias.shape == (2, 1, thrice)
            and self._out.shape == (4 * self._width, len(self.classes))
            and self._out_bias.shape == (len(self.classes),)
            and (len(self._forms), len(self._spellings), len(self._scales)) == (FORMS, SPELLINGS, 3)
        )
        if not fits:
            raise ValueError("shapes")
        self._input, self._input_bias, self._state = _side_by_side(input_, input_bias, state, state_bias)

    @classmethod
    def read(cls, folder: Path, senses: Senses) -> Self:
        """Read the file of a model's folder. Raises ConfigError."""
        try:
            with arrays_in(folder / FILE) as arrays:
                return cls(arrays, senses)
        except UNUSABLE as error:
            raise ConfigError.of("opinion_network_wrong", folder=folder, reason=error) from None

    def scores(self, words: Sequence[Morpheme]) -> NDArray[np.float32]:
        """Return a score for each class; `words` holds one at least."""
        seen = self._seen(words[-MOST_WORDS:])
        held = self._held(seen @ self._input + self._input_bias)
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

    def _held(self, given: NDArray[np.float32]) -> NDArray[np.float32]:
        """Run both units at once and return what they hold after each word, the one from the first on, the other from the last.

        Args:
            given: For each word its part in the gates of reset and update, halved, and in the new state; each of them forwards, backwards.
        """
        count, width = len(given), 2 * self._width
        backwards = given.reshape(count, 3, 2, self._width)[:, :, 1]
        backwards[:] = backwards[::-1].copy()
        states = np.ones((count + 1, width + 1), np.float32)
        states[0, :-1] = 0
        kept = np.empty(3 * width, np.float32)
        gates, new, part = kept[: 2 * width], kept[2 * width :], np.empty(width, np.float32)
        reset, update = gates[:width], gates[width:]
        for at in range(count):
            np.dot(states[at], self._state, out=kept)
            gates += given[at, : 2 * width]
            np.tanh(gates, out=gates)  # 1 / (1 + exp(-x)) is (1 + tanh(x / 2)) / 2
            np.multiply(new, reset, out=part)
            new += part
            new += given[at, 2 * width :]
            np.tanh(new, out=new)
            before, after = states[at, :-1], states[at + 1, :-1]
            np.subtract(before, new, out=after)
            after *= update
            after += new
            after += before
            after *= 0.5
        return states[1:, :-1]


def _side_by_side(
    input_: NDArray[np.float32],
    input_bias: NDArray[np.float32],
    state: NDArray[np.float32],
    state_bias: NDArray[np.float32],
) -> tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]:
    """Return the weights of both units as one: reset, update, new state, and of each forwards, backwards.

    The weights of an input, its bias, and those of a state with a 1 behind it, whose row is the bias. The gates' share is halved, and
    the state's part in the new one, as half of it counts where the gate is half open.
    """
    width = state.shape[1]
    half = np.repeat(np.array((0.5, 0.5, 1.0), np.float32), width).reshape(1, 3, 1, width)

    def beside(parts: NDArray[np.float32]) -> NDArray[np.float32]:
        return parts.reshape(2, -1, 3, width).transpose(1, 2, 0, 3)

    given = (beside(input_) * half).reshape(-1, 6 * width)
    bias = input_bias.reshape(2, 1, 3, width).copy()
    bias[:, :, :2] += state_bias.reshape(2, 1, 3, width)[:, :, :2]
    kept = np.zeros((2 * width + 1, 3, 2, width), np.float32)
    kept[:width, :, 0], kept[width:-1, :, 1] = (each.reshape(width, 3, width) / 2 for each in state)
    kept[-1, 2] = state_bias.reshape(2, 3, width)[:, 2] / 2
    return (
        np.ascontiguousarray(given),
        np.ascontiguousarray((beside(bias) * half).reshape(6 * width)),
        kept.reshape(2 * width + 1, 6 * width),
    )
