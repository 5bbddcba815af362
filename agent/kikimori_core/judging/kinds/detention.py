"""Long calls: time since the call began, or since the operator refused while the customer goes on."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.judging.kinds.detector import CallFacts, Detector, Finding, Observation
from kikimori_core.judging.kinds.refusal_clock import RefusalClock
from kikimori_core.judging.kinds.rule import AccommodatedRule, Name, Positive
from kikimori_core.model.alert import Severity
from kikimori_core.wire.messages import DurationEvidence


class DetentionStep(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    after_s: Positive
    severity: Severity
    only_with: tuple[Literal["repetition", "refusal"], ...] = ()
    """Categories of which the step needs one in the call; without speech recognition it is taken as given."""


class DetentionRule(AccommodatedRule):
    """Long call: steps by time since it began, or since the operator refused or closed the call."""

    kind: Literal["detention"]
    since: Literal["call_start", "refusal"]
    steps: Annotated[tuple[DetentionStep, ...], Field(min_length=1)]
    refusal_categories: Annotated[tuple[Name, ...], Field(min_length=1)] = ("refusal", "closing")
    """Categories that start the clock."""
    stop_categories: tuple[Name, ...] = ("offer", "acceptance")
    """Categories that stop the clock: the operator offers, agrees or checks, or the customer accepts. A
    language may have none."""
    closing_category: Name = "closing"
    """One of `refusal_categories` that starts the clock only when the call goes on …"""
    closing_speech_s: Annotated[float, Field(ge=0)] = 10.0
    """… with these seconds of the customer's speech."""
    still_talking_s: Positive = 60.0
    """Seconds within which the customer must have spoken since a refusal; otherwise it is no detention."""

    @model_validator(mode="after")
    def _steps_rise(self) -> DetentionRule:
        for earlier, later in zip(self.steps, self.steps[1:], strict=False):
            if later.after_s <= earlier.after_s:
                raise ValueError("steps must be in order of after_s")
            if later.severity.rank < earlier.severity.rank:
                raise ValueError("a later step must not be milder")
        return self

    def detector(self, facts: CallFacts) -> Detector:
        return DetentionDetector(self, facts)

    def needs_words(self) -> bool:
        return self.since == "refusal"

    def categories(self) -> tuple[str, ...]:
        return self.refusal_categories if self.since == "refusal" else ()


class DetentionDetector(Detector):
    """Detector with one finding per step, when its time has come and its condition holds."""

    def __init__(self, rule: DetentionRule, facts: CallFacts) -> None:
        self._rule = rule
        self._facts = facts
        self._steps = list(rule.steps)
        self._clock = RefusalClock(rule)

    def observe(self, observation: Observation) -> Finding | None:
        if self._clock.observe(observation) and self._rule.since == "refusal":
            self._steps = list(self._rule.steps)
        return None

    def advance(self, now_s: float) -> Finding | None:
        since_s = 0.0 if self._rule.since == "call_start" else self._clock.since_s
        if since_s is None or not self._steps:
            return None
        elapsed = now_s - since_s
        if elapsed < self._steps[0].after_s or not self._still_going_on(now_s):
            return None
        # A step whose condition does not hold must not keep a later one back: an hour is an hour.
        due = [
            number
            for number, step in enumerate(self._steps)
            if elapsed >= step.after_s and self._condition_holds(step)
        ]
        if not due:
            return None
        step = self._steps[due[-1]]
        del self._steps[: due[-1] + 1]
        evidence = DurationEvidence(
            start_s=round(since_s, 2),
            end_s=round(now_s, 2),
            since=self._rule.since,
            elapsed_s=round(elapsed, 2),
            threshold_s=step.after_s,
            quote=self._clock.quote if self._rule.since == "refusal" else None,
        )
        return Finding(now_s, step.severity, (evidence,))

    def tell_again(self) -> None:
        self._steps = list(self._rule.steps)

    def _still_going_on(self, now_s: float) -> bool:
        if self._rule.since == "call_start":
            return True
        clock = self._clock
        spoke, since = clock.spoke_s, clock.since_s
        return (
            clock.runs
            and spoke is not None
            and since is not None
            and spoke > since
            and now_s - spoke <= self._rule.still_talking_s
        )

    def _condition_holds(self, step: DetentionStep) -> bool:
        if not step.only_with or not self._facts.words_heard:
            return True
        return ("repetition" in step.only_with and bool(self._facts.repetitions)) or (
            "refusal" in step.only_with and self._clock.runs
        )
