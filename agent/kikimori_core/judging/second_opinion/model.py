"""The model's numbers, read from a folder: `model.json`, `weights.npz`, and the two networks where they have a share."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kikimori_core.errors import ConfigError
from kikimori_core.judging.second_opinion.features import (
    BITS,
    FUNCTION_WORDS,
    MOST_WORDS,
    features,
    number_of,
    pieces,
)
from kikimori_core.judging.second_opinion.meaning import MeaningNetwork
from kikimori_core.judging.second_opinion.network import Network
from kikimori_core.judging.second_opinion.senses import Senses
from kikimori_core.judging.second_opinion.table import FILE, WHOLE, WeightTable
from kikimori_core.wire.toml_file import first_fault

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from kikimori_core.judging.words.sound import Morpheme

HARMLESS = "none"
FORMAT = 3
"""Of the folder of a new model."""
READ = {1: 17, 2: 18, FORMAT: BITS}
"""Formats that can be used, and their number of bits. Format 1 has no senses; it and 2 have a table of all rows."""
_SHOWN_WORDS = 3
MOST_SAID = 10.0
"""Most log odds against `none` that a network may give to a category; hardly a sentence has more."""
_TINY = 1e-9
_Share = Annotated[float, Field(ge=0, le=1)]


class ModelNote(BaseModel):
    """`model.json`."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    format: int
    bits: int
    classes: tuple[str, ...]
    """`none` first, then categories."""
    bias: tuple[float, ...]
    scale: tuple[float, ...]
    """A weight is its small integer times its class's scale."""
    temperature: Annotated[float, Field(gt=0)] = 1.0
    """Scores are divided by it, so that a probability of 0.9 is right nine times in ten."""
    network_share: _Share = 0.0
    """Part of the log odds that `network.npz` gives; 0: there is none."""
    meaning_share: _Share = 0.0
    """Part that `meaning.npz` gives, given the sentence's vector; the other two share the rest. 0: there is none."""
    veto_below: dict[str, _Share] = {}
    """Categories whose single phrases are doubted below this probability of harassment; others never are."""
    critical_from: dict[str, _Share] = {}
    """Categories of which one phrase makes an alert critical only from this probability of harassment on; below it, it is a warning."""
    tone_from: dict[str, _Share] = {}
    """Categories that a notice of tone may name, each from this probability of harassment on."""
    tone_share: _Share = 0.5
    """A notice of tone needs this much of the probability of harassment in the category that it names."""
    tone_unclear_from: _Share | None = None
    """Bar of a notice of tone where no category has so much, though one may reach its own bar; None = never."""
    tone_words: Annotated[int, Field(ge=1)] = 5
    """A notice of tone needs so many words: an exclamation alone says too little."""
    rough_from: dict[str, _Share] = {}
    """The same as `tone_from` for a sentence in rough form, of an order such as 調べろ or an ending such as できねえのか …"""
    rough_share: _Share = 0.5
    """… of which so much is in the category that it names."""
    sure_veto_below: _Share = 1.0
    """Phrases that are sure are doubted below this, if their category's bar is no lower."""
    jest_veto_below: _Share = 0.0
    """Phrases that friends say in jest are doubted below this, if their category's bar is no higher."""
    rough_veto_below: _Share = 1.0
    """Phrases in such a sentence are doubted below this, if their category's bar is no lower."""
    made: dict[str, str] = {}
    """Origin, for people."""


@dataclass(frozen=True, slots=True)
class Opinion:
    """Probabilities of one sentence."""

    harm: float
    """Probability of harassment of any category."""
    category: str
    """The likeliest one."""
    share: float
    """Of that category, given that it is harassment."""
    weighed: tuple[str, ...] = ()
    """The words that spoke most for it."""


class OpinionModel:
    """Judges a sentence as a whole. Reads its table at the first sentence."""

    def __init__(self, folder: Path) -> None:
        """Read the note; raises ConfigError."""
        try:
            self.note = ModelNote.model_validate_json((folder / "model.json").read_bytes())
        except OSError as error:
            raise ConfigError.of("opinion_unreadable", folder=folder, reason=error.strerror) from None
        except ValidationError as error:
            where, reason = first_fault(error)
            raise ConfigError.of("opinion_wrong", folder=folder, where=where, reason=reason) from None
        note = self.note
        fits = note.classes[:1] == (HARMLESS,) and len(note.bias) == len(note.scale) == len(note.classes) > 1
        if READ.get(note.format) != note.bits or not fits:
            raise ConfigError.of("opinion_other_version", folder=folder)
        self._file = folder / (FILE if note.format == FORMAT else WHOLE)
        if not self._file.is_file():
            raise ConfigError.of("opinion_without_weights", file=self._file)
        self._table: WeightTable | None = None
        self._senses = Senses.read(folder) if note.format > 1 else None
        self._network = Network.read(folder, self._senses) if self._senses and note.network_share else None
        if self._network is not None and self._network.classes != note.classes:
            raise ConfigError.of("opinion_network_wrong", folder=folder, reason="model.json: classes")
        self._meaning = MeaningNetwork.read(folder) if note.meaning_share else None
        if self._meaning is not None and self._meaning.classes != note.classes:
            raise ConfigError.of("opinion_meaning_wrong", folder=folder, reason="model.json: classes")
        self._scale = np.array(note.scale, np.float32)
        self._bias = np.array(note.bias, np.float32)

    def _weights(self) -> WeightTable:
        if self._table is None:
            self._table = WeightTable.read(self._file, self.note.bits, len(self.note.classes))
        return self._table

    def open(self) -> None:
        """Read the table now; raises ConfigError."""
        self._weights()

    def least_log_odds(self, bars: Mapping[str, float], share: float) -> NDArray[np.float32]:
        """Return the log odds against none from which an opinion may name each category; infinite where none does.

        Args:
            bars: Least probability of harassment by category; one without is never named.
            share: Least share of the category in it.
        """
        odds = {name: share * bar / max(1 - bar, _TINY) for name, bar in bars.items()}
        least = {name: min(math.log(max(each, _TINY)), MOST_SAID) for name, each in odds.items()}
        return np.array([least.get(name, math.inf) for name in self.note.classes[1:]], np.float32)

    def judge(
        self,
        words: Sequence[Morpheme],
        vector: Callable[[], NDArray[np.float32]] | None = None,
        least: NDArray[np.float32] | None = None,
    ) -> Opinion:
        """Return what a sentence is taken for.

        Args:
            words: The sentence.
            vector: Gives what `SentenceEncoder` makes of it, `spoken`; without one the words alone decide.
            least: The `least_log_odds` that matter. If no category can reach its own, whatever the networks say, they are not asked,
                and the opinion is the one without them: no category reaches its own there either.
        """
        rows = features(words, self._senses, self.note.bits)
        if not len(rows):
            return Opinion(0.0, self.note.classes[1], 0.0)
        sums = self._weights().of(rows).sum(axis=0, dtype=np.int32) * self._scale
        scores = (sums / math.sqrt(len(rows)) + self._bias) / self.note.temperature
        asked: list[tuple[float, Callable[[], NDArray[np.float32]]]] = []
        if (network := self._network) is not None:
            asked.append((self.note.network_share, lambda: network.scores(words)))
        if (meaning := self._meaning) is not None and vector is not None:
            asked.append((self.note.meaning_share, lambda: meaning.scores(vector())))
        shares = [share for share, _ in asked]
        for number, (share, network_scores) in enumerate(asked):
            if least is not None and (_most(scores, shares[number:]) < least).all():
                break
            said = network_scores()
            said = np.minimum(said, said[0] + MOST_SAID)
            scores = (1 - share) * _log_shares(scores) + share * _log_shares(said)
        raised = np.exp(scores - scores.max())
        raised[1:] = np.maximum(raised[1:], 1e-12)
        best = 1 + int(raised[1:].argmax())
        harm = float(raised[1:].sum())
        return Opinion(harm / (harm + float(raised[0])), self.note.classes[best], float(raised[best]) / harm)

    def weighed(self, words: Sequence[Morpheme], category: str) -> tuple[str, ...]:
        """Return the words that spoke most for a category against none, in the order in which they were said."""
        number = self.note.classes.index(category)
        words = words[-MOST_WORDS:]
        weights = self._weights()
        of_word = np.zeros(len(words))
        seen: dict[int, float] = {}
        for key, first, end in pieces(words, self._senses):
            row = number_of(key, self.note.bits)
            if row not in seen:
                of_class = weights.of(np.array([row])).sum(axis=0) * self._scale
                seen[row] = float(of_class[number] - of_class[0])
            of_word[first:end] += seen[row] / (end - first)
        speaking = [
            at for at in range(len(words)) if of_word[at] > 0 and words[at].part not in FUNCTION_WORDS
        ]
        chosen = sorted(sorted(speaking, key=lambda at: -of_word[at])[:_SHOWN_WORDS])
        return tuple(words[at].surface for at in chosen)


def _most(scores: NDArray[np.float32], shares: Sequence[float]) -> NDArray[np.float32]:
    """Return the greatest log odds against none that each category can have after networks with these shares."""
    most: NDArray[np.float32] = scores[1:] - scores[0]
    for share in shares:
        most = (1 - share) * most + share * MOST_SAID
    return most


def _log_shares(scores: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the logarithms of the probabilities."""
    raised = scores - scores.max()
    logs: NDArray[np.float32] = raised - np.log(np.exp(raised).sum())
    return logs


@lru_cache(maxsize=4)
def load_model(folder: Path) -> OpinionModel:
    """Return the model of a folder, the same one each time; raises ConfigError."""
    return OpinionModel(folder)
