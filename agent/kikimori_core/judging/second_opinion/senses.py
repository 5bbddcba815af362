"""Groups of words of like meaning, so that an insult which no training sentence holds resembles those that were learned."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple
from zlib import crc32

import numpy as np

from kikimori_core.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.words.sound import Morpheme

FILE = "senses.npy"
DTYPE = np.dtype([("key", "<u4"), ("fine", "<u2"), ("middle", "<u2"), ("coarse", "<u2")])
"""One row a word: CRC-32 of its spelling, ascending, and its groups."""
MOST_KEPT = 50_000
"""Words whose senses are kept at hand."""


class Sense(NamedTuple):
    """Groups that a word belongs to."""

    fine: int
    """Synonyms and spellings of one word."""
    middle: int
    coarse: int


class Senses:
    """Lookup of words, read from `senses.npy`."""

    def __init__(self, table: NDArray[np.void]) -> None:
        self._keys = np.ascontiguousarray(table["key"])
        self._table = table
        self._known: dict[tuple[str, str], Sense | None] = {}

    @classmethod
    def read(cls, folder: Path) -> Senses:
        """Read the table of a model's folder. Raises ConfigError."""
        try:
            table = np.load(folder / FILE, mmap_mode="r", allow_pickle=False)
        except (OSError, ValueError) as error:
            raise ConfigError.of("opinion_without_senses", folder=folder, reason=error) from None
        if table.dtype != DTYPE or table.ndim != 1:
            raise ConfigError.of("opinion_senses_wrong", folder=folder)
        return cls(table)

    def write(self, folder: Path) -> None:
        """Write the table into a model's folder; raises OSError."""
        made = folder / f"{FILE}.new"
        with made.open("wb") as out:
            np.save(out, self._table)
        made.replace(folder / FILE)

    def of(self, word: Morpheme) -> Sense | None:
        """Return the groups of a word: by its normal spelling, else as it stands, else by its dictionary form."""
        one = word.normal, word.surface
        if one in self._known:
            return self._known[one]
        if len(self._known) >= MOST_KEPT:
            self._known.clear()
        sense = self._find(word.normal) or self._find(word.surface) or self._find(word.lemma)
        self._known[one] = sense
        return sense

    def _find(self, spelling: str) -> Sense | None:
        key = crc32(spelling.encode())
        at = int(self._keys.searchsorted(np.uint32(key)))
        if at == len(self._keys) or self._keys[at] != key:
            return None
        _, fine, middle, coarse = self._table[at].item()
        return Sense(fine, middle, coarse)
