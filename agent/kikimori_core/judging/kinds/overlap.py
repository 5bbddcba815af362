"""Talking over the operator: both voices at once, for more than the word or two that people always share."""

from __future__ import annotations

from collections import deque
from typing import Literal

from kikimori_core.judging.kinds.detector import CallFacts, Detector, Finding, Observation
from kikimori_core.judging.kinds.rule import Positive, Rule
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import EffortWindow, Role
from kikimori_core.wire.messages import OverlapEvidence

_REMEMBERED = 100
"""Blocks of each voice kept for comparison: voices are heard in turn, never twenty seconds apart."""


class OverlapRule(Rule):
    """Both voices at once, again and again: the operator is talked over."""

    kind: Literal["overlap"]
    severity: Severity = Severity.NOTICE
    overlap_s: Positive = 6.0
    """Seconds of both at once within the window."""
    window_s: Positive = 30.0

    def detector(self, facts: CallFacts) -> Detector:  # noqa: ARG002  (needs nothing of other rules)
        return OverlapDetector(self)


class OverlapDetector(Detector):
    """Detector that sums the seconds in which both voices speak at once."""

    def __init__(self, rule: OverlapRule) -> None:
        self._rule = rule
        self._spoken: dict[Role, deque[EffortWindow]] = {
            role: deque(maxlen=_REMEMBERED) for role in (Role.CUSTOMER, Role.OPERATOR)
        }
        self._overlaps: deque[tuple[float, float]] = deque()
        """End and length in s of each overlap."""

    def observe(self, observation: Observation) -> Finding | None:
        if not isinstance(observation, EffortWindow) or observation.role not in self._spoken:
            return None
        other = Role.OPERATOR if observation.role is Role.CUSTOMER else Role.CUSTOMER
        shared = sum(_shared_s(observation, each) for each in self._spoken[other])
        self._spoken[observation.role].append(observation)
        if not shared:
            return None
        now_s, rule = observation.end_s, self._rule
        self._overlaps.append((now_s, shared))
        while self._overlaps[0][0] <= now_s - rule.window_s:
            self._overlaps.popleft()
        total = sum(seconds for _, seconds in self._overlaps)
        if total < rule.overlap_s - 1e-6:
            return None
        evidence = OverlapEvidence(
            start_s=round(self._overlaps[0][0] - self._overlaps[0][1], 2),
            end_s=round(now_s, 2),
            overlap_s=round(total, 2),
        )
        return Finding(now_s, rule.severity, (evidence,))


def _shared_s(one: EffortWindow, other: EffortWindow) -> float:
    """Return the seconds that two blocks share, as far as both held speech."""
    shared = min(one.end_s, other.end_s) - max(one.start_s, other.start_s)
    return max(0.0, min(shared, one.speech_s, other.speech_s))
