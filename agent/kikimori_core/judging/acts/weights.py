"""Weights of the signs by which an utterance demands, an answer refuses, and a demand goes on with one before.

`weights.toml` is made by `python -m kikimori_training.answered` from dialogues in which demands and refusals are marked.
"""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from kikimori_core.wire.toml_file import load

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

FILE = Path(__file__).with_name("weights.toml")


class TurnWeights(BaseModel):
    """Weights by which whole sentences and their answers decide (`demands.threads`)."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    bar: float = 0.3
    """Probability above which turns that were answered make the same demand."""
    early_bar: float = 0.6
    """Probability above which one that was not answered yet goes on with a demand."""
    reply: dict[str, float] = {}
    """Of an operator's utterance: it refuses."""
    answered: dict[str, float] = {}
    """Of a customer's turn that was answered: it is a demand."""
    unanswered: dict[str, float] = {}
    """Of one that was not answered yet."""
    same: dict[str, float] = {}
    """Of two turns that are demands: they are the same."""


class SignWeights(BaseModel):
    """Weights by the names of signs; a sign without one weighs nothing."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    demand: dict[str, float]
    """Of a customer's utterance: it demands something."""
    answer: dict[str, float]
    """Of an operator's utterance within the time of an answer: it refuses."""
    tie: dict[str, float]
    """Of a demand beside one made before: it is the same."""
    turn: TurnWeights = TurnWeights()


WEIGHTS = load(FILE, SignWeights)
"""Read at import: at the first demand it may be impossible to open a file."""


def weigh(signs: Iterable[str], weights: dict[str, float]) -> float:
    """Return the log odds that some signs speak for."""
    return weights.get("always", 0.0) + sum(weights.get(each, 0.0) for each in signs)


def weigh_values(signs: Mapping[str, float], weights: Mapping[str, float]) -> float:
    """Return the log odds that some signs with their values speak for."""
    total = weights.get("always", 0.0)
    return total + sum(weights.get(name, 0.0) * value for name, value in signs.items() if value)


def likelihood(odds: float) -> float:
    """Return the probability of some log odds."""
    return 1 / (1 + math.exp(-odds)) if odds > 0 else math.exp(odds) / (1 + math.exp(odds))


def demands(odds: float, *, listed: bool, known: bool) -> bool:
    """Return whether a customer's utterance is a demand.

    Args:
        odds: Log odds by the model of acts.
        listed: The lists find a demand in it.
        known: It is one of the known ones.
    """
    return odds * WEIGHTS.demand["odds"] + weigh(demand_signs(listed=listed, known=known), WEIGHTS.demand) > 0


def demand_signs(*, listed: bool, known: bool) -> tuple[str, ...]:
    """Return the names of the signs that weigh beside the odds."""
    return (*(("listed",) if listed else ()), *(("known",) if known else ()))
