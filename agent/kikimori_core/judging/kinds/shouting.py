"""Raised voice over some seconds of speech, not one loud word."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Literal

from kikimori_core.judging.kinds.detector import (
    CallFacts,
    Detector,
    Finding,
    Observation,
    Spoken,
    from_customer,
)
from kikimori_core.judging.kinds.phrase import words_evidence
from kikimori_core.judging.kinds.rule import Name, Positive, Probability, Rule
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import EffortWindow
from kikimori_core.wire.messages import ShoutingEvidence

if TYPE_CHECKING:
    from kikimori_core.wire.messages import WordsEvidence

_BURST_GAP_S = 2.0
"""Longest pause in s within a burst; raised speech after it is another burst, listed on its own."""


REPETITION = "repetition"
"""Name that stands for a finding of any `repeated` rule where categories of phrases are listed."""


class ShoutingRule(Rule):
    """Raised voice: vocal effort of the customer over some seconds. Alone never critical: see `capped_keys`."""

    kind: Literal["shouting"]
    severity: Severity = Severity.WARNING
    probability: Probability = 0.75
    """Probability from which a block counts as raised."""
    window_s: Positive = 6.0
    raised_s: Positive = 1.2
    """Seconds of raised speech within the window that open the alert."""
    share: Probability = 0.5
    """Share of the window's speech that must be raised."""
    critical_with: tuple[Name, ...] = ()
    """Categories of phrases, or `repetition` of a demand, of which one from the customer makes it critical
    …"""
    critical_within_s: Positive = 60.0
    """… at most these seconds before or after raised speech."""
    critical_raised_s: Positive | None = None
    """Deprecated, read for one release. Seconds of raised speech within `critical_window_s` that make it a warning."""
    critical_window_s: Positive = 60.0
    """Deprecated, read for one release."""

    def capped_keys(self) -> tuple[str, ...]:
        """Return the keys that ask for more than a warning, which a voice alone can no longer give.

        How somebody speaks says nothing of what they want; a line that hisses or a voice that is just high would
        otherwise take a customer out of the operator's hands.
        """
        keys = [] if self.critical_raised_s is None else ["critical_raised_s"]
        return tuple(["severity", *keys] if self.severity is Severity.CRITICAL else keys)

    def detector(self, facts: CallFacts) -> Detector:
        return ShoutingDetector(self, facts)

    def categories(self) -> tuple[str, ...]:
        return tuple(category for category in self.critical_with if category != REPETITION)


class ShoutingDetector(Detector):
    """Raised speech within a window; critical only where words of `critical_with` stand beside it."""

    def __init__(self, rule: ShoutingRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        self._window: deque[EffortWindow] = deque()
        self._raised: deque[EffortWindow] = deque()
        self._burst: _Burst | None = None
        self._held_s: float | None = None
        """Media time in s at which the rule last held."""
        self._words: WordsEvidence | None = None
        """The last words of `critical_with`."""
        self._repeated_s: float | None = None
        """Media time in s of the last repetition that was taken into account."""

    def observe(self, observation: Observation) -> Finding | None:
        if isinstance(observation, Spoken):
            return self._said(observation)
        if not isinstance(observation, EffortWindow) or not from_customer(observation.role):
            return None
        rule, now = self._rule, observation.end_s
        self._window.append(observation)
        while self._window[0].end_s <= now - rule.window_s:
            self._window.popleft()
        if observation.probability < rule.probability:
            return None
        if self._burst is None or observation.start_s - self._burst.end_s > _BURST_GAP_S:
            self._burst = _Burst(observation)
        else:
            self._burst.goes_on(observation)
        self._raised.append(observation)
        while self._raised[0].end_s <= now - rule.critical_window_s:
            self._raised.popleft()

        # Frames last 20 ms: without rounding their sum may fall short of the limit by a bit.
        raised = round(sum(each.speech_s for each in self._window if each.probability >= rule.probability), 2)
        if raised < rule.raised_s or raised < rule.share * sum(each.speech_s for each in self._window):
            return None
        self._held_s = now
        words = self._words if self._words is not None and self._near(self._words.end_s) else None
        repeated_s = self._repetition_s()
        if words is not None or (repeated_s is not None and self._near(repeated_s)):
            return self._critical(now, words)
        return Finding(now, self._severity(), (self._burst.evidence(),))

    def advance(self, now_s: float) -> Finding | None:
        """Check for a demand that was found repeated since."""
        repeated_s = self._repetition_s()
        if repeated_s is None or (self._repeated_s is not None and repeated_s <= self._repeated_s):
            return None
        self._repeated_s = repeated_s
        return self._critical(now_s, None) if self._near(repeated_s) else None

    def _repetition_s(self) -> float | None:
        """Return the time in s of a repetition that makes shouting critical."""
        counts = REPETITION in self._rule.critical_with and not self._facts.accommodated
        return self._facts.repetitions.last_s if counts else None

    def _said(self, spoken: Spoken) -> Finding | None:
        utterance = spoken.utterance
        if spoken.provisional or not from_customer(utterance.role):
            return None
        named = (each for each in spoken.matches if each.category in self._rule.critical_with)
        match = next((each for each in named if each.at_most is None), None)
        if match is None:
            return None
        self._words = words_evidence(utterance, match)
        return self._critical(utterance.end_s, self._words) if self._near(utterance.end_s) else None

    def _near(self, at_s: float) -> bool:
        """Return whether the rule held within `critical_within_s` of `at_s`."""
        return self._held_s is not None and abs(at_s - self._held_s) <= self._rule.critical_within_s

    def _critical(self, at_s: float, words: WordsEvidence | None) -> Finding:
        shout = () if self._burst is None else (self._burst.evidence(),)
        return Finding(at_s, Severity.CRITICAL, shout if words is None else (*shout, words))

    def _severity(self) -> Severity:
        """Return the rule's severity, or a warning where it asks for more: see `ShoutingRule.capped_keys`."""
        rule = self._rule
        going_on = rule.critical_raised_s is not None and (
            sum(each.speech_s for each in self._raised) >= rule.critical_raised_s
        )
        return Severity.WARNING if going_on or rule.severity is Severity.CRITICAL else rule.severity


class _Burst:
    """Raised speech without a longer pause. Only sums are kept, as it may go on for hours (a radio)."""

    def __init__(self, first: EffortWindow) -> None:
        self._start_s = first.start_s
        self._speech_s = first.speech_s
        self._clearest = first
        self.end_s = first.end_s

    def goes_on(self, window: EffortWindow) -> None:
        self.end_s = window.end_s
        self._speech_s += window.speech_s
        if window.probability >= self._clearest.probability:
            self._clearest = window

    def evidence(self) -> ShoutingEvidence:
        # The clearest moment of the burst is what a person should be shown; its length stands beside it.
        clearest = self._clearest
        return ShoutingEvidence(
            start_s=round(self._start_s, 2),
            end_s=round(self.end_s, 2),
            speech_s=round(self._speech_s, 2),
            level_db=round(clearest.level_db, 1),
            over_calm_db=None if clearest.over_calm_db is None else round(clearest.over_calm_db, 1),
            tilt_db=round(clearest.tilt_db, 1),
            tilt_over_calm_db=(
                None if clearest.tilt_over_calm_db is None else round(clearest.tilt_over_calm_db, 1)
            ),
            pitch_over_calm_percent=(
                None
                if clearest.pitch_over_calm_st is None
                else round((2 ** (clearest.pitch_over_calm_st / 12) - 1) * 100)
            ),
            probability=round(clearest.probability, 3),
        )
