"""The life of one rule's alerts in one call: opened once, made worse, kept up to date, closed, kept quiet for a while."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.judging.demands.evidence import is_of_one_demand
from kikimori_core.model.alert import AlertChange, AlertState, ClosedBecause, Evidence, Severity
from kikimori_core.wire.evidence import AnsweredEvidence

if TYPE_CHECKING:
    from kikimori_core.judging.kinds.detector import Finding, Retraction
    from kikimori_core.judging.kinds.rule import Rule

UPDATE_EVERY_S = 2.0
"""Shortest interval in s of media time between publications of an open alert whose evidence merely grows."""

_TOLD_AT_ONCE = ("button", "answered")
"""Kinds of evidence of which a change is news."""

MOST_EVIDENCE = 20
"""Pieces of evidence that an alert carries; beyond them the oldest is dropped: the newest matters most."""


@dataclass(slots=True)
class _Open:
    raised_s: float
    updated_s: float
    """Media time in s of the last publication."""
    found_s: float
    """Media time in s at which the rule last held."""
    severity: Severity
    revision: int
    evidence: dict[tuple[str, float], Evidence]
    counts: dict[tuple[str, float], Severity] = field(default_factory=dict)
    """Severity that each count of a demand gives."""
    unpublished: bool = False


class AlertLife:
    """Life of a rule's alerts: at most one is open; the ordinal counts them."""

    def __init__(self, rule: Rule) -> None:
        self.rule = rule
        self._open: _Open | None = None
        self._ordinal = 0
        self._quiet_until_s = 0.0
        self._last_severity: Severity | None = None

    @property
    def severity(self) -> Severity | None:
        """Severity of the open alert."""
        return self._open.severity if self._open else None

    def found(self, finding: Finding) -> AlertChange | None:
        """Take a finding; return the alert if it should be published."""
        alert = self._open
        if alert is None and finding.lowers:
            return None
        if alert is None:
            worse = self._last_severity is not None and finding.severity.rank > self._last_severity.rank
            if finding.at_s < self._quiet_until_s and not worse:
                return None
            self._ordinal += 1
            self._open = alert = _Open(finding.at_s, finding.at_s, finding.at_s, finding.severity, 1, {})
            _merge(alert, finding)
            return self._change(alert, AlertState.OPEN)
        is_new = _merge(alert, finding)
        alert.found_s = max(alert.found_s, finding.at_s)
        severity = alert.severity
        if finding.severity.rank > severity.rank:
            alert.severity = finding.severity
        elif finding.lowers:
            alert.severity = max(alert.counts.values(), key=lambda each: each.rank)
        if alert.severity is not severity or is_new:
            return self._publish(alert, max(finding.at_s, alert.updated_s))
        alert.unpublished = True
        return None

    def advance(self, now_s: float) -> AlertChange | None:
        """Advance to `now_s`: publish an alert that has grown, close one that is over."""
        alert = self._open
        if alert is None:
            return None
        clear_after = self.rule.clear_after_s
        if clear_after is not None and now_s - alert.found_s >= clear_after:
            return self.close(alert.found_s + clear_after, ClosedBecause.CALMED)
        if alert.unpublished and now_s - alert.updated_s >= UPDATE_EVERY_S:
            return self._publish(alert, now_s)
        return None

    def retract(self, retraction: Retraction) -> AlertChange | None:
        """Take back a piece of evidence; an alert without any other is closed and forgotten."""
        alert = self._open
        key = (retraction.kind, retraction.start_s)
        if alert is None or key not in alert.evidence:
            return None
        if len(alert.evidence) > 1:
            del alert.evidence[key]
            return self._publish(alert, max(retraction.at_s, alert.updated_s))
        return self.take_back(retraction.at_s, ClosedBecause.TAKEN_BACK)

    def take_back(self, now_s: float, because: ClosedBecause) -> AlertChange | None:
        """Close the open alert, if there is one, as if it had never been: the next one is not kept quiet for it."""
        alert = self._open
        if alert is None:
            return None
        change = self.close(max(now_s, alert.updated_s), because)
        self.resume()
        return change

    def resume(self) -> None:
        """Forget that an alert was closed: the call goes on, and the next one is not kept quiet for it."""
        self._quiet_until_s, self._last_severity = 0.0, None

    def close(self, now_s: float, because: ClosedBecause) -> AlertChange | None:
        """Close the open alert, if there is one."""
        alert = self._open
        if alert is None:
            return None
        self._open = None
        self._last_severity = alert.severity
        self._quiet_until_s = now_s + self.rule.cooldown_s
        alert.revision += 1
        alert.updated_s = now_s
        return self._change(alert, AlertState.CLOSED, because)

    def _publish(self, alert: _Open, now_s: float) -> AlertChange:
        alert.revision += 1
        alert.updated_s = now_s
        alert.unpublished = False
        return self._change(alert, AlertState.OPEN)

    def _change(self, alert: _Open, state: AlertState, because: ClosedBecause | None = None) -> AlertChange:
        rule = self.rule
        suggested = alert.severity.rank >= rule.suggest_from.rank and state is AlertState.OPEN
        return AlertChange(
            rule=rule.id,
            rule_kind=rule.kind,
            title=rule.title,
            ordinal=self._ordinal,
            revision=alert.revision,
            severity=alert.severity,
            state=state,
            raised_s=alert.raised_s,
            updated_s=alert.updated_s,
            evidence=tuple(alert.evidence.values()),
            suggestion=rule.suggest if suggested else None,
            closed_because=because,
        )


def _merge(alert: _Open, finding: Finding) -> bool:
    """Put the finding's evidence into the alert; True if some of it is new and not merely longer."""
    is_new = False
    for piece in finding.evidence:
        key = (piece.kind, piece.start_s)
        known = alert.evidence.get(key)
        # A second press at the same moment says why the operator asks; another answer to a demand is told at once.
        is_new = is_new or known is None or (piece.kind in _TOLD_AT_ONCE and piece != known)
        if isinstance(piece, AnsweredEvidence):
            piece = _replacing_count(alert, piece)  # noqa: PLW2901
            alert.counts[key] = finding.severity
        alert.evidence[key] = piece
    while len(alert.evidence) > MOST_EVIDENCE:
        del alert.evidence[next(iter(alert.evidence))]
    return is_new


def _replacing_count(alert: _Open, counted: AnsweredEvidence) -> AnsweredEvidence:
    """Replace the earlier counts of the same demand; return the new count, with the highest earlier one where that was higher.

    The same demand has the same beginning, or times in common: an answer may show that it began later than was counted.
    The new count becomes the last piece of evidence, as the newest.
    """
    before = 0
    for key, known in list(alert.evidence.items()):
        if isinstance(known, AnsweredEvidence) and is_of_one_demand(known, counted):
            before = max(before, known.count, known.count_before or 0)
            del alert.evidence[key]
            alert.counts.pop(key, None)
    return counted.model_copy(update={"count_before": before}) if before > counted.count else counted
