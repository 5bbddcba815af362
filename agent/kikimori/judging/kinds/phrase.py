"""Words of one category."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.judging.kinds.detector import Detector, Finding, Observation, Spoken
from kikimori.model.alert import Severity
from kikimori_wire.messages import WordsEvidence

if TYPE_CHECKING:
    from kikimori.judging.phrases import Match
    from kikimori.judging.rules import PhraseRule
    from kikimori.model.evidence import Utterance


class PhraseDetector(Detector):
    def __init__(self, rule: PhraseRule) -> None:
        self._rule = rule
        self._count = 0

    def observe(self, observation: Observation) -> Finding | None:
        match = match_of(observation, self._rule.category)
        if match is None:
            return None
        utterance, found = match
        self._count += 1
        severity = self._rule.severity
        if self._rule.critical_count and self._count >= self._rule.critical_count:
            severity = Severity.CRITICAL
        return Finding(utterance.end_s, severity, (words_evidence(utterance, found),))


def match_of(observation: Observation, category: str) -> tuple[Utterance, Match] | None:
    """Return the utterance and its match of `category`, if the observation is one."""
    if isinstance(observation, Spoken):
        for match in observation.matches:
            if match.category == category:
                return observation.utterance, match
    return None


def has_category(observation: Spoken, *categories: str) -> bool:
    return any(match.category in categories for match in observation.matches)


def words_evidence(utterance: Utterance, match: Match) -> WordsEvidence:
    return WordsEvidence(
        start_s=round(utterance.start_s, 2),
        end_s=round(utterance.end_s, 2),
        role=utterance.role,
        text=utterance.text,
        matched=match.matched,
        category=match.category,
    )
