"""The model's numbers, read from a folder: `model.json` and `weights.npy`."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Literal

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from kikimori_core.errors import ConfigError
from kikimori_core.judging.acts.features import BITS, features
from kikimori_core.wire.toml_file import first_fault

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.words.sound import Morpheme

SpeechAct = Literal["demand", "refusal"]
ACTS: tuple[SpeechAct, ...] = ("demand", "refusal")
"""Columns of the table."""


class ActNote(BaseModel):
    """`model.json`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    bits: int
    bias: dict[SpeechAct, float]
    scale: dict[SpeechAct, float]
    """A weight is its small integer times its act's scale."""
    made: dict[str, str] = {}
    """Origin, for people."""


class ActModel:
    """Tells how likely an utterance demands or refuses something."""

    def __init__(self, note: ActNote, table: NDArray[np.int8]) -> None:
        """Take the note, and small integers by row and act."""
        self.note, self.table = note, table
        self._columns = {act: np.ascontiguousarray(table[:, number]) for number, act in enumerate(ACTS)}

    @classmethod
    def read(cls, folder: Path) -> ActModel:
        """Read a folder. Raises ConfigError."""
        try:
            note = ActNote.model_validate_json((folder / "model.json").read_bytes())
            table = np.load(folder / "weights.npy", allow_pickle=False)
        except ValidationError as error:
            where, reason = first_fault(error)
            raise ConfigError.of("opinion_wrong", folder=folder, where=where, reason=reason) from None
        except (OSError, EOFError, ValueError) as error:
            raise ConfigError.of("opinion_unreadable", folder=folder, reason=error) from None
        if note.bits != BITS or table.shape != (1 << BITS, len(ACTS)) or table.dtype != np.int8:
            raise ConfigError.of("opinion_does_not_fit", file=folder / "weights.npy")
        return cls(note, table)

    def log_odds(self, words: Sequence[Morpheme], act: SpeechAct) -> float:
        """Return the logarithm of how much likelier it is the act than not."""
        rows = features(words)
        total = int(self._columns[act][rows].sum(dtype=np.int32))
        return total * self.note.scale[act] / math.sqrt(len(rows)) + self.note.bias[act]
