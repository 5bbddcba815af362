"""Repeat callers: contacts, minutes or incidents of the same caller in the last days, over the whole office."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, model_validator

from kikimori_core.judging.kinds.detector import CallFacts, Detector, Finding, Observation
from kikimori_core.judging.kinds.rule import AccommodatedRule, Positive
from kikimori_core.messages import text
from kikimori_core.model.alert import Severity
from kikimori_core.model.evidence import EarlierContacts
from kikimori_core.wire.evidence import MOST_DAYS, RepeatCallerEvidence

Count = Annotated[int, Field(ge=1)]


class RepeatCallerRule(AccommodatedRule):
    """Somebody who calls again and again. What is not given counts for nothing; one of the three has to be."""

    kind: Literal["repeat_caller"]
    severity: Severity = Severity.NOTICE
    days: Annotated[int, Field(ge=1, le=MOST_DAYS)] = 30
    contacts: Count | None = None
    """Contacts within the days, this call among them."""
    minutes: Positive | None = None
    """Minutes of earlier calls within the days."""
    incidents: Count | None = None
    """Earlier calls within the days that had a warning or worse."""

    @model_validator(mode="after")
    def _counts_something(self) -> RepeatCallerRule:
        if self.contacts is None and self.minutes is None and self.incidents is None:
            raise ValueError(text("repeat_caller_counts_nothing"))
        return self

    def detector(self, facts: CallFacts) -> Detector:  # noqa: ARG002  (needs nothing of other rules)
        return RepeatCallerDetector(self)


class RepeatCallerDetector(Detector):
    """Detector with a finding each time that a caller's contacts are told and are others than before."""

    def __init__(self, rule: RepeatCallerRule) -> None:
        self._rule = rule
        self._told: RepeatCallerEvidence | None = None
        self._due: RepeatCallerEvidence | None = None

    def observe(self, observation: Observation) -> None:
        if isinstance(observation, EarlierContacts):
            found = self._reached(observation)
            if found is not None and found != self._told:
                self._due = found

    def advance(self, now_s: float) -> Finding | None:
        # Not at once: a rule that is quiet is not asked here, and what is due stays due.
        if self._due is None:
            return None
        self._told, self._due = self._due, None
        return Finding(now_s, self._rule.severity, (self._told,))

    def tell_again(self) -> None:
        self._told, self._due = None, self._due or self._told

    def _reached(self, observation: EarlierContacts) -> RepeatCallerEvidence | None:
        rule = self._rule
        days = [each for each in observation.days if each.days_ago < rule.days]
        contacts = sum(each.contacts for each in days) + 1
        minutes = sum(each.minutes for each in days)
        incidents = sum(each.incidents for each in days)
        limits = (
            ("contacts", contacts, rule.contacts),
            ("minutes", minutes, rule.minutes),
            ("incidents", incidents, rule.incidents),
        )
        reached = tuple(name for name, found, limit in limits if limit is not None and found >= limit)
        if not reached or contacts == 1:
            return None
        return RepeatCallerEvidence(
            start_s=0.0,
            end_s=0.0,
            days=rule.days,
            contacts=contacts,
            minutes=round(minutes),
            incidents=incidents,
            reached=reached,
        )
