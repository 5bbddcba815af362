"""Acts of a sentence by its vector: linear weights over the encoder's numbers, read from `meanings.npy`."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple, Self

import numpy as np

from kikimori_core.errors import ConfigError
from kikimori_core.judging.sentence_encoder import DIMENSIONS, load_encoder

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.sentence_encoder import SentenceEncoder

FILE = "meanings.npy"
"""File beside the model of acts."""


class MeaningScores(NamedTuple):
    """Weighted sums of one sentence's vector; rows of `meanings.npy`, in this order."""

    demands: float
    """As a customer's sentence: it demands something."""
    refuses: float
    """As an operator's sentence: it refuses something."""
    said: float
    """As a customer's sentence that was answered: it is a demand that is made again and again."""
    said_after: float
    """As the operator's sentence before that."""
    answered_by: float
    """As the operator's answer to it."""
    unanswered: float
    """As a customer's sentence that is not answered yet."""
    unanswered_after: float
    """As the operator's sentence before that."""


class Meaning(NamedTuple):
    """A sentence's vector of length 1, and what it says."""

    vector: NDArray[np.float32]
    scores: MeaningScores


class Meanings:
    """Turns sentences into meanings."""

    def __init__(self, encoder: SentenceEncoder, rows: NDArray[np.float32]) -> None:
        """`rows`: one for each of `MeaningScores`."""
        self.encoder, self.rows = encoder, rows

    @classmethod
    def read(cls, sentences: Path, acts: Path) -> Self:
        """Read the encoder's folder, and that of the acts. Raises ConfigError."""
        try:
            rows = np.load(acts / FILE, allow_pickle=False)
        except (OSError, EOFError, ValueError) as error:
            raise ConfigError.of("opinion_unreadable", folder=acts, reason=error) from None
        if rows.shape != (len(MeaningScores._fields), DIMENSIONS) or rows.dtype != np.float32:
            raise ConfigError.of("opinion_does_not_fit", file=acts / FILE)
        return cls(load_encoder(sentences), rows)

    def of(self, text: str) -> Meaning:
        """Return the meaning of a sentence; 1 to 2 ms, unless it was asked for just before."""
        vector = self.encoder.of(text)
        return Meaning(vector, MeaningScores(*(self.rows @ vector).tolist()))
