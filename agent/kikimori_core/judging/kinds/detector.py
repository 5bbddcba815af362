"""Interface of a rule kind's detector, and its inputs."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from kikimori_core.judging.demands.repetitions import Repetitions
from kikimori_core.model.evidence import ButtonPress, EarlierContacts, EffortWindow, Role, Utterance

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable

    from kikimori_core.judging.acts.meanings import Meaning
    from kikimori_core.judging.demands.of_call import CallDemands
    from kikimori_core.judging.phrases import Match, UtteranceFindings
    from kikimori_core.judging.second_opinion.tone import Tone
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.model.alert import Evidence, Severity


@dataclass(frozen=True, slots=True)
class Spoken:
    """Utterance, with the phrase categories and the demand found in it."""

    utterance: Utterance
    matches: tuple[Match, ...]
    demand: Demand | None = None
    provisional: bool = False
    """True = the utterance goes on; only these matches count already, and its final may take them back."""
    tone: Tone | None = None
    demanding: float | None = None
    """Log odds that the customer demands something; None = the lists decide."""
    refusal: float | None = None
    """Log odds that the operator refuses something; None = the matches decide."""
    wording: Demand | None = None
    """The demand that it would be, if it were one."""
    meaning: Callable[[], Meaning] | None = None
    """Gives the meaning of the whole sentence; None = there is no encoder."""

    @classmethod
    def of(cls, utterance: Utterance, said: UtteranceFindings) -> Self:
        """Return an utterance with what was found in it."""
        return cls(
            utterance,
            said.matches,
            said.demand,
            tone=said.tone,
            demanding=said.demanding,
            refusal=said.refusal,
            wording=said.wording,
            meaning=said.meaning,
        )


MOST_TOLD = 4
"""Most finals of a call whose evidence may still be taken back."""


@dataclass(frozen=True, slots=True)
class TakenBack:
    """Withdrawal: a line does not hold these categories after all, by its final, or by the final behind it (って言われました)."""

    utterance: Utterance
    categories: frozenset[str]
    tone: bool = False
    """True = nor has it a tone."""


Observation = EffortWindow | Spoken | TakenBack | ButtonPress | EarlierContacts


@dataclass(slots=True)
class CallFacts:
    """Findings of other rules in the same call that a rule may use."""

    words_heard: bool
    """False = speech recognition is off, and nothing that is said can be known."""
    counted_categories: frozenset[str] = frozenset()
    """Categories whose repetition another rule counts."""
    repetitions: Repetitions = field(default_factory=Repetitions)
    """Demands that were found repeated."""
    accommodated: bool = False
    """The call is marked as a request for reasonable accommodation: repetition makes nothing worse."""
    demands: dict[Hashable, CallDemands] = field(default_factory=dict)
    """Demands of the call, by the settings of the rules that count them."""


@dataclass(frozen=True, slots=True)
class Finding:
    """Report that the rule holds, at media time `at_s`."""

    at_s: float
    severity: Severity
    evidence: tuple[Evidence, ...]
    """Evidence; it replaces evidence of the same kind and start: a shout that goes on is one shout."""
    lowers: bool = False
    """True = the demands in it were counted too high before: the alert becomes as severe as its counts are now."""


@dataclass(frozen=True, slots=True)
class Retraction:
    """Withdrawal of a piece of evidence."""

    at_s: float
    kind: str
    start_s: float


class Detector(ABC):
    """Detector of one rule in one call. Pure: the same observations in the same order, the same findings."""

    @abstractmethod
    def observe(self, observation: Observation) -> Finding | Retraction | None: ...

    def advance(self, now_s: float) -> Finding | None:  # noqa: ARG002  (most kinds do not watch the clock)
        """Advance to `now_s`, which never goes back."""
        return None

    def tell_again(self) -> None:  # noqa: B027  (most kinds do so anyway)
        """Report anew, when it next holds, what was reported before."""


def speech_in(observation: Observation) -> EffortWindow | Utterance | None:
    """Return the voice or words of an observation; None when nobody spoke."""
    if isinstance(observation, Spoken):
        return observation.utterance
    return observation if isinstance(observation, EffortWindow) else None


def from_customer(role: Role) -> bool:
    """Return whether the leg can raise evidence: the customer's, or the only leg, a mixed one."""
    return role in (Role.CUSTOMER, Role.MIXED)
