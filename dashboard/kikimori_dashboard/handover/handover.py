"""Handover of a call (引き継ぎ): what a superior has to know before picking up. Pure: reads the state, changes nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from kikimori_core.wire.actions import Lane
from kikimori_core.wire.messages import (
    AnsweredEvidence,
    ButtonEvidence,
    CallStatus,
    DurationEvidence,
    Party,
    Role,
    Severity,
    ToneEvidence,
    WordsEvidence,
)
from kikimori_dashboard.actions.help_request import help_request
from kikimori_dashboard.picture.rung import rung_party

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Alert
    from kikimori_dashboard.access.who import Principal
    from kikimori_dashboard.site.call_entry import CallEntry
    from kikimori_dashboard.site.state import SiteState

DEMANDS = frozenset({"unreasonable_demand", "call_for_superior", "authority"})
"""Categories of phrases that ask for something."""
REPEATED_KIND = "repeated"
MOST_WORDS = 3


class _View(BaseModel):
    model_config = ConfigDict(frozen=True)


class HandoverQuote(_View):
    """Something that was said."""

    text: str
    at_s: float
    found: bool
    """True = a rule found it; False = only the last that was said."""


class WorstWords(_View):
    """Words of the customer that an alert is about."""

    text: str
    matched: str
    category: str
    at_s: float
    severity: Severity


class HandoverWish(_View):
    """Operator's call for help, with what they said of it."""

    at: datetime
    reason: str | None
    comment: str | None


class HandoverRefusal(_View):
    """A refusal of the operator, by the clock on the wall."""

    at: datetime
    demand_at: datetime
    quote: str | None


class HandoverAnswered(_View):
    """A demand that was made again and again, and how it was answered (ご説明済み)."""

    demand: str | None
    title: dict[str, str]
    count: int
    count_before: int | None
    """Highest count that was told before it was corrected; None = no count was higher."""
    times: tuple[datetime, ...]
    refusals: tuple[HandoverRefusal, ...]


class HandoverRinging(_View):
    """Telephone that rings for this call now."""

    number: str | None
    name: str | None
    since: datetime
    pressed_by: str


class CallHandover(_View):
    """One call as the superior who is rung sees it."""

    call_id: str
    started_at: datetime
    status: CallStatus
    caller: Party
    operator: Party
    queue: str | None
    asked: HandoverQuote | None
    answered: HandoverQuote | None
    repeated: tuple[HandoverAnswered, ...]
    """Demands that were made again and again, the newest first."""
    worst: tuple[WorstWords, ...]
    """Worst first."""
    wish: HandoverWish | None
    ringing: HandoverRinging | None


def handover_of(state: SiteState, entry: CallEntry) -> CallHandover:
    """Return the handover of a call that is running."""
    call = entry.state
    alerts = state.open_alerts(call.call_id)
    words = _words(alerts)
    return CallHandover(
        call_id=call.call_id,
        started_at=call.started_at,
        status=call.status,
        caller=call.caller,
        operator=call.operator,
        queue=call.queue,
        asked=_asked(words) or _last(entry, Role.CUSTOMER),
        answered=_refusal(alerts) or _last(entry, Role.OPERATOR),
        repeated=_repeated(alerts),
        worst=_worst(words),
        wish=_wish(help_request(state, call.call_id)),
        ringing=ringing_of(state, call.call_id),
    )


def ringing_of(state: SiteState, call_id: str) -> HandoverRinging | None:
    """Return the telephone that a press rings for a call now; None while none rings."""
    press, entry = state.presses.last(call_id, Lane.MOVE), state.calls.get(call_id)
    if press is None or not press.rings:
        return None
    party = rung_party(press, None if entry is None else entry.state, state.directory.superiors)
    if party is None:
        return None
    return HandoverRinging(**party, since=press.issued_at, pressed_by=press.issued_by)


def rings_since(state: SiteState, who: Principal, call_id: str) -> datetime | None:
    """Return since when a person's telephone rings for a call: an extension of theirs, or theirs as a superior."""
    ringing = ringing_of(state, call_id)
    return ringing.since if ringing is not None and _is_theirs(state, who, ringing.number) else None


def taken_since(state: SiteState, who: Principal, call_id: str) -> datetime | None:
    """Return since when a call is led to a person's telephone that has answered; None where it is not."""
    press, entry = state.presses.last(call_id, Lane.MOVE), state.calls.get(call_id)
    if press is None or entry is None or press.rings or press.failed:
        return None
    party = rung_party(press, entry.state, state.directory.superiors)
    if party is None or entry.state.status is CallStatus.TALKING:
        return None
    return press.issued_at if _is_theirs(state, who, party["number"]) else None


def _is_theirs(state: SiteState, who: Principal, number: str | None) -> bool:
    if number is None:
        return False
    if number in who.extensions:
        return True
    return who.person_id is not None and any(
        each["number"] == number and each.get("person_id") == who.person_id
        for each in state.directory.superiors
    )


def _words(alerts: tuple[Alert, ...]) -> list[tuple[Alert, WordsEvidence | ToneEvidence]]:
    """Return what the customer said of which the alerts tell, worst first, of one severity the newest first."""
    found = [
        (alert, each)
        for alert in alerts
        for each in alert.evidence
        if isinstance(each, WordsEvidence | ToneEvidence) and each.role is not Role.OPERATOR
    ]
    return sorted(found, key=lambda each: (-each[0].severity.rank, -each[1].start_s))


def _asked(words: list[tuple[Alert, WordsEvidence | ToneEvidence]]) -> HandoverQuote | None:
    """Return the newest demand that a rule found: a repeated one before others."""
    repeated = [each for alert, each in words if alert.rule_kind == REPEATED_KIND]
    demands = repeated or [each for _, each in words if each.category in DEMANDS]
    newest = max(demands, key=lambda each: each.start_s, default=None)
    return None if newest is None else HandoverQuote(text=newest.text, at_s=newest.start_s, found=True)


def _refusal(alerts: tuple[Alert, ...]) -> HandoverQuote | None:
    evidence = [each for alert in alerts for each in alert.evidence]
    found = [
        *((each.start_s, each.quote) for each in evidence if isinstance(each, DurationEvidence)),
        *(
            (refusal.start_s, refusal.quote)
            for each in evidence
            if isinstance(each, AnsweredEvidence)
            for refusal in each.refusals
        ),
    ]
    newest = max(((at_s, quote) for at_s, quote in found if quote is not None), default=None)
    return None if newest is None else HandoverQuote(text=newest[1], at_s=newest[0], found=True)


def _repeated(alerts: tuple[Alert, ...]) -> tuple[HandoverAnswered, ...]:
    found = [
        (each.end_s, alert, each)
        for alert in alerts
        for each in alert.evidence
        if isinstance(each, AnsweredEvidence)
    ]
    return tuple(_answered(alert, each) for _, alert, each in sorted(found, key=lambda one: -one[0]))


def _answered(alert: Alert, each: AnsweredEvidence) -> HandoverAnswered:
    begun = alert.raised_at - timedelta(seconds=alert.raised_s)

    def at(media_s: float) -> datetime:
        return begun + timedelta(seconds=media_s)

    refusals = tuple(
        HandoverRefusal(at=at(one.start_s), demand_at=at(one.demand_s), quote=one.quote)
        for one in each.refusals
    )
    return HandoverAnswered(
        demand=each.demand,
        title=each.title,
        count=each.count,
        count_before=each.count_before,
        times=tuple(at(one) for one in each.times_s),
        refusals=refusals,
    )


def _last(entry: CallEntry, role: Role) -> HandoverQuote | None:
    line = next((each for each in reversed(entry.tail.finals()) if each.role is role), None)
    return None if line is None else HandoverQuote(text=line.text, at_s=line.start_s, found=False)


def _worst(words: list[tuple[Alert, WordsEvidence | ToneEvidence]]) -> tuple[WorstWords, ...]:
    """Return the worst words, each once; a demand as such is none."""
    found: dict[str, WorstWords] = {}
    for alert, each in words:
        if alert.rule_kind == REPEATED_KIND or each.category in DEMANDS:
            continue
        matched = each.matched if isinstance(each, WordsEvidence) else ""
        known = WorstWords(
            text=each.text,
            matched=matched,
            category=each.category,
            at_s=each.start_s,
            severity=alert.severity,
        )
        found.setdefault(matched or each.text, known)
    return tuple(found.values())[:MOST_WORDS]


def _wish(alert: Alert | None) -> HandoverWish | None:
    if alert is None:
        return None
    said = [
        each for each in alert.evidence if isinstance(each, ButtonEvidence) and (each.reason or each.comment)
    ]
    last = said[-1] if said else None
    return HandoverWish(
        at=alert.raised_at,
        reason=None if last is None else last.reason,
        comment=None if last is None else last.comment,
    )
