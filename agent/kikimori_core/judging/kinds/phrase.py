"""Words of one category."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from kikimori_core.judging.kinds.detector import (
    MOST_TOLD,
    CallFacts,
    Detector,
    Finding,
    Observation,
    Retraction,
    Spoken,
    TakenBack,
)
from kikimori_core.judging.kinds.rule import Name, Rule
from kikimori_core.judging.last_lines import keep_last
from kikimori_core.model.alert import Severity
from kikimori_core.wire.messages import WordsEvidence

if TYPE_CHECKING:
    from kikimori_core.judging.phrases import Match
    from kikimori_core.model.evidence import Utterance


class PhraseRule(Rule):
    """Words of one category, said once."""

    kind: Literal["phrase"]
    category: Name
    severity: Severity
    critical_count: Annotated[int, Field(ge=2)] | None = None
    """Number of matches in one call that makes it critical."""

    def detector(self, facts: CallFacts) -> Detector:  # noqa: ARG002  (needs nothing of other rules)
        return PhraseDetector(self)

    def needs_words(self) -> bool:
        return True

    def categories(self) -> tuple[str, ...]:
        return (self.category,)


class PhraseDetector(Detector):
    def __init__(self, rule: PhraseRule) -> None:
        self._rule = rule
        self._count = 0
        self._early: dict[str, tuple[float, int]] = {}
        """Start of the evidence, by line that a partial alerted, and how much it counts."""
        self._told: dict[str, tuple[float, int]] = {}
        """Start of the evidence of the last finals, by line, and how much each counts."""
        self._unsure: set[str] = set()
        """Lines whose final the second opinion was not sure of: a second hearing may be surer, and is the same words."""

    def observe(self, observation: Observation) -> Finding | Retraction | None:
        if isinstance(observation, TakenBack):
            return self._taken_back(observation)
        if not isinstance(observation, Spoken):
            return None
        utterance = observation.utterance
        found = _match_in(observation, self._rule.category)
        if found is None:
            return None
        evidence = words_evidence(utterance, found)
        early = self._early.pop(utterance.line_id, None)
        counts = int(found.at_most is None and utterance.line_id not in self._unsure)
        self._count += counts
        if early is not None:
            # The final replaces what was told of the partial: one thing said is one piece of evidence.
            early_s, counted = early
            self._count -= counted
            evidence = evidence.model_copy(update={"start_s": early_s})
        if observation.provisional:
            self._early[utterance.line_id] = evidence.start_s, counts
        else:
            keep_last(self._told, utterance.line_id, (evidence.start_s, counts), MOST_TOLD)
        severity = self._rule.severity
        if found.unsure:
            if not observation.provisional:
                self._unsure.add(utterance.line_id)
            severity = min(severity, Severity.WARNING, key=lambda each: each.rank)
        if self._rule.critical_count and self._count >= self._rule.critical_count:
            severity = Severity.CRITICAL
        if found.at_most is not None:
            severity = min(severity, found.at_most, key=lambda each: each.rank)
        return Finding(utterance.end_s, severity, (evidence,))

    def _taken_back(self, observation: TakenBack) -> Retraction | None:
        if self._rule.category not in observation.categories:
            return None
        line_id = observation.utterance.line_id
        told = self._early.pop(line_id, None) or self._told.pop(line_id, None)
        if told is None:
            return None
        start_s, counts = told
        self._count -= counts
        return Retraction(observation.utterance.end_s, "words", start_s)


def match_of(observation: Observation, category: str) -> tuple[Utterance, Match] | None:
    """Return the utterance and its match of `category`, if the observation is a finished one."""
    if not isinstance(observation, Spoken) or observation.provisional:
        return None
    match = _match_in(observation, category)
    return None if match is None else (observation.utterance, match)


def _match_in(spoken: Spoken, category: str) -> Match | None:
    return next((match for match in spoken.matches if match.category == category), None)


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
        engine=utterance.engine,
    )
