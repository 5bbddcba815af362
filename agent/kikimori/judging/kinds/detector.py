"""What a kind of rule must offer, and what it is fed."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.model.evidence import ButtonPress, EffortWindow, Role, Utterance

if TYPE_CHECKING:
    from kikimori.judging.phrases import Match
    from kikimori.judging.second_opinion.tone import Tone
    from kikimori.judging.words.demands import Demand
    from kikimori.model.alert import Evidence, Severity


@dataclass(frozen=True, slots=True)
class Spoken:
    """An utterance, the phrase categories found in it, and what it asks for."""

    utterance: Utterance
    matches: tuple[Match, ...]
    demand: Demand | None = None
    provisional: bool = False
    """The utterance goes on; only these matches are believed already, and its final may take them back."""
    tone: Tone | None = None


@dataclass(frozen=True, slots=True)
class TakenBack:
    """The final of a line does not hold what was believed of its partials."""

    utterance: Utterance
    categories: frozenset[str]


Observation = EffortWindow | Spoken | TakenBack | ButtonPress


@dataclass(slots=True)
class CallFacts:
    """What one rule may know of what others found in the same call."""

    words_heard: bool
    """False when speech recognition is off: then nothing said can be known."""
    counted_categories: frozenset[str] = frozenset()
    """Categories whose repetition a rule of their own counts."""
    repetition: bool = False
    repetition_s: float | None = None
    """When a demand was last found repeated."""


@dataclass(frozen=True, slots=True)
class Finding:
    """The rule holds, at media time `at_s`."""

    at_s: float
    severity: Severity
    evidence: tuple[Evidence, ...]
    """Evidence of the same kind and start replaces what was there: a shout that goes on is one shout."""


@dataclass(frozen=True, slots=True)
class Retraction:
    """A piece of evidence was none after all."""

    at_s: float
    kind: str
    start_s: float


class Detector(ABC):
    """One rule in one call. Pure: the same observations in the same order give the same findings."""

    @abstractmethod
    def observe(self, observation: Observation) -> Finding | Retraction | None: ...

    def advance(self, now_s: float) -> Finding | None:  # noqa: ARG002  (most kinds do not watch the clock)
        """Time has come to `now_s`; never goes back."""
        return None


def speech_in(observation: Observation) -> EffortWindow | Utterance | None:
    """Return the voice or the words that an observation is of; None when nobody spoke."""
    if isinstance(observation, Spoken):
        return observation.utterance
    return observation if isinstance(observation, EffortWindow) else None


def from_customer(role: Role) -> bool:
    """Only the customer's leg can accuse the customer; a mixed leg is all there is where the tap gives no other."""
    return role in (Role.CUSTOMER, Role.MIXED)
