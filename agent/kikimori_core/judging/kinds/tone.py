"""An utterance without a phrase that the second opinion is sure of: shown as a notice, never worse."""

from __future__ import annotations

from typing import Literal

from kikimori_core.judging.kinds.detector import (
    CallFacts,
    Detector,
    Finding,
    Observation,
    Spoken,
    from_customer,
)
from kikimori_core.judging.kinds.rule import Name, Rule
from kikimori_core.model.alert import Severity
from kikimori_core.wire.messages import ToneEvidence


class ToneRule(Rule):
    """A whole sentence that reads like harassment though no phrase is in it. Always a notice."""

    kind: Literal["tone"]
    without: tuple[Name, ...] = ()
    """Categories that raise nothing."""

    def detector(self, facts: CallFacts) -> Detector:  # noqa: ARG002  (needs nothing of other rules)
        return ToneDetector(self)

    def needs_words(self) -> bool:
        return True


class ToneDetector(Detector):
    def __init__(self, rule: ToneRule) -> None:
        self._rule = rule

    def observe(self, observation: Observation) -> Finding | None:
        if not isinstance(observation, Spoken) or observation.tone is None:
            return None
        utterance, tone = observation.utterance, observation.tone
        if not from_customer(utterance.role) or tone.category in self._rule.without:
            return None
        evidence = ToneEvidence(
            start_s=round(utterance.start_s, 2),
            end_s=round(utterance.end_s, 2),
            role=utterance.role,
            text=utterance.text[:2000],
            words=tone.words,
            category=tone.category,
            probability=round(tone.probability, 3),
        )
        return Finding(utterance.end_s, Severity.NOTICE, (evidence,))
