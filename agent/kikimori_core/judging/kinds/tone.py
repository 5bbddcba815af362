"""An utterance without a phrase that the second opinion is sure of: shown as a notice, never worse."""

from __future__ import annotations

from typing import Literal

from kikimori_core.judging.kinds.detector import (
    MOST_TOLD,
    CallFacts,
    Detector,
    Finding,
    Observation,
    Retraction,
    Spoken,
    TakenBack,
    from_customer,
)
from kikimori_core.judging.kinds.rule import Name, Rule
from kikimori_core.judging.last_lines import keep_last
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
        self._told: dict[str, float] = {}
        """Start of the evidence of the last finals, by line."""

    def observe(self, observation: Observation) -> Finding | Retraction | None:
        if isinstance(observation, TakenBack):
            start_s = self._told.pop(observation.utterance.line_id, None) if observation.tone else None
            return None if start_s is None else Retraction(observation.utterance.end_s, "tone", start_s)
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
        keep_last(self._told, utterance.line_id, evidence.start_s, MOST_TOLD)
        return Finding(utterance.end_s, Severity.NOTICE, (evidence,))
