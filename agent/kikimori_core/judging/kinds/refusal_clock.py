"""Time since the operator refused or closed the call; stopped by an offer, an agreement, or the customer's acceptance."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.kinds.detector import Observation, Spoken, from_customer, speech_in
from kikimori_core.judging.kinds.phrase import has_category, match_of
from kikimori_core.model.evidence import EffortWindow, Role, Utterance

if TYPE_CHECKING:
    from kikimori_core.judging.kinds.detention import DetentionRule
    from kikimori_core.judging.words.demands import Demand


class RefusalClock:
    """State of one call: the time since a refusal, and whether the customer went on after it."""

    def __init__(self, rule: DetentionRule) -> None:
        self._rule = rule
        self.since_s: float | None = None
        """End of the refusal that stands; None when there is none."""
        self.quote: str | None = None
        self.spoke_s: float | None = None
        """End of the customer's last speech."""
        self._only_closed = False
        self._asked: Demand | None = None
        """The customer's last demand before the refusal."""
        self._stopped: tuple[float, str | None] | None = None
        """End and words of the refusal that the operator's offer stopped, until the customer answers it."""
        self._voiced_s = self._worded_s = 0.0
        """Seconds the customer spoke since the clock started, by voice and by words."""

    @property
    def runs(self) -> bool:
        """True while a refusal stands, or a closing after which the call went on."""
        went_on = max(self._voiced_s, self._worded_s) >= self._rule.closing_speech_s
        return self.since_s is not None and (went_on or not self._only_closed)

    def observe(self, observation: Observation) -> bool:
        """Take an observation; return True when it started the clock."""
        self._hear_customer(observation)
        if not isinstance(observation, Spoken) or observation.provisional:
            return False
        if from_customer(observation.utterance.role) and observation.demand is not None:
            self._demanded(observation.demand)
        if has_category(observation, *self._rule.stop_categories):
            if self.since_s is not None:
                offered = observation.utterance.role is Role.OPERATOR
                self._stopped = (self.since_s, self.quote) if offered else None
            self.since_s = self.quote = None
            return False
        found = {
            category: match
            for category in self._rule.refusal_categories
            if (match := match_of(observation, category)) is not None
        }
        if not found:
            return False
        only_closed = set(found) == {self._rule.closing_category}
        if self.since_s is not None:
            # The first refusal starts the clock: saying it again kindly must not give the customer more time.
            self._only_closed = self._only_closed and only_closed
            return False
        utterance, _ = next(iter(found.values()))
        self.since_s, self.quote, self._only_closed = utterance.end_s, utterance.text, only_closed
        self._voiced_s = self._worded_s = 0.0
        return True

    def _demanded(self, demand: Demand) -> None:
        """Start the clock again from the refusal when the customer asks for the refused thing, and not for the offer."""
        if self._stopped is not None and self._asked is not None and demand.is_like(self._asked):
            self.since_s, self.quote = self._stopped
            self._stopped = None
        elif self.since_s is None and not demand.refers:
            self._asked = demand

    def _hear_customer(self, observation: Observation) -> None:
        speech = speech_in(observation)
        if speech is None or not from_customer(speech.role):
            return
        self.spoke_s = speech.end_s if self.spoke_s is None else max(self.spoke_s, speech.end_s)
        if self.since_s is None or speech.end_s <= self.since_s:
            return
        if isinstance(speech, EffortWindow):
            self._voiced_s += speech.speech_s
        elif isinstance(speech, Utterance) and speech.final:
            self._worded_s += speech.end_s - max(speech.start_s, self.since_s)
