"""The same demand again and again within a window, in whatever words its category knows."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kikimori.judging.kinds.detector import CallFacts, Detector, Finding, Observation
from kikimori.judging.kinds.phrase import match_of, words_evidence
from kikimori.model.alert import Severity

if TYPE_CHECKING:
    from kikimori.judging.rules import RepeatedRule
    from kikimori_wire.messages import WordsEvidence


class RepeatedDetector(Detector):
    """Counts utterances, not words: 「代われ、代われ」 in one breath is one demand."""

    def __init__(self, rule: RepeatedRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        self._times: deque[WordsEvidence] = deque()

    def observe(self, observation: Observation) -> Finding | None:
        match = match_of(observation, self._rule.category)
        if match is None:
            return None
        utterance, found = match
        self._times.append(words_evidence(utterance, found))
        while self._times[0].end_s <= utterance.end_s - self._rule.window_s:
            self._times.popleft()
        count = len(self._times)
        if count < self._rule.count:
            return None
        self._facts.repetition = True
        severity = self._rule.severity
        if self._rule.critical_count and count >= self._rule.critical_count:
            severity = Severity.CRITICAL
        return Finding(utterance.end_s, severity, tuple(self._times))
