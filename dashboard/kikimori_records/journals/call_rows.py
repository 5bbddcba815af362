"""From a gathered call to its rows in the database."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from kikimori_core.journal.events import CommandDone, RecordingState, StatusChanged
from kikimori_core.wire.messages import Severity
from kikimori_records.calls.rows import CallRows
from kikimori_records.columns import storable, storable_json

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_core.journal.events import AlertRevision
    from kikimori_records.calls.rows import Row
    from kikimori_records.journals.gathered import GatheredCall

LONGEST_NAME = 200
"""Characters of a number or a name that are kept: PostgreSQL's indexes take no long ones."""
_RANK = {Severity.NOTICE: 1, Severity.WARNING: 2, Severity.CRITICAL: 3}
_APART = {"call", "erased", "at", "ended_at", "media_s", "heard_s"}
"""Fields of events that have a column of their own, or mean nothing outside of the journal."""
_KINDS = {CommandDone: "command", StatusChanged: "status", RecordingState: "recording"}


def rows_of(call: GatheredCall, uid: str) -> CallRows:
    """Return the rows of a call, without its sound's length, its manifest's hash and the person."""
    alerts = _alerts(call)
    begun, caller, operator = call.begun, call.caller, call.operator
    row: Row = {
        "uid": uid,
        "agent_id": _short(begun.agent_id),
        "run": _short(begun.run),
        "call_id": _short(begun.call_id),
        "call_key": begun.call,
        "site": _short(begun.site),
        "tap": _short(begun.tap),
        "started_at": begun.started_at,
        "ended_at": call.ended_at,
        "end_reason": _short(call.end_reason),
        "outcome": call.outcome,
        "heard_s": call.ended.heard_s if call.ended else call.last_s,
        "caller_number": _short(caller.number),
        "caller_name": _short(caller.name),
        "operator_number": _short(operator.number),
        "operator_name": _short(operator.name),
        "queue": _short(begun.queue),
        "worst": max((each["severity"] for each in alerts), key=_rank, default=None),
        "alerts": len(alerts),
        "sound": call.sound_state,
    }
    return CallRows(row, _legs(call), _lines(call), alerts, _events(call))


def _legs(call: GatheredCall) -> list[Row]:
    return [
        {
            "leg": key,
            "role": str(each.opened.role),
            "rate": each.opened.rate,
            "offset_s": each.opened.offset_s,
            "samples": each.samples,
            "dropped_frames": each.closed.dropped_frames if each.closed else 0,
            "close_reason": _short(each.closed.reason) if each.closed else None,
        }
        for key, each in sorted(call.legs.items())
    ]


def _lines(call: GatheredCall) -> list[Row]:
    return [
        {
            "number": number,
            "line_id": _short(each.line_id),
            "leg": None,
            "role": str(each.role),
            "start_s": each.start_s,
            "end_s": each.end_s,
            "text": storable(each.text),
            "words": _json(each.words),
            "engine": _short(each.engine),
            "other": _json(each.other.model_dump(mode="json")) if each.other else None,
            "spoken_by": _json(each.spoken_by.model_dump(mode="json", exclude_none=True))
            if each.spoken_by
            else None,
            "again": each.again,
        }
        for number, each in call.lines
    ]


def _alerts(call: GatheredCall) -> list[Row]:
    lives: dict[str, list[tuple[int, AlertRevision]]] = {}
    for number, each in call.alerts:
        lives.setdefault(_short(str(each.alert.get("alert_id", ""))) or f"record-{number}", []).append(
            (number, each)
        )
    return [_alert(alert_id, revisions) for alert_id, revisions in sorted(lives.items())]


def _alert(alert_id: str, revisions: list[tuple[int, AlertRevision]]) -> Row:
    last = revisions[-1][1]
    closed = last.alert.get("state") == "closed"
    raised = last.alert.get("raised_s")
    return {
        "alert_id": alert_id,
        "rule": _short(str(last.alert.get("rule", ""))),
        "kind": _short(str(last.alert.get("rule_kind", ""))),
        "severity": max((str(each.alert.get("severity", "")) for _, each in revisions), key=_rank),
        "opened_s": float(raised) if isinstance(raised, int | float) else revisions[0][1].media_s,
        "closed_s": last.media_s if closed else None,
        "revisions": [
            {"number": number, "media_s": each.media_s, "alert": _json(each.alert)}
            for number, each in revisions
        ],
    }


def _events(call: GatheredCall) -> list[Row]:
    rows = [
        _event(
            number, each.at, each.media_s, _KINDS[type(each)], each.model_dump(mode="json", exclude=_APART)
        )
        for number, each in call.events
    ]
    if (end := call.ended) is not None:
        body = end.model_dump(mode="json", exclude=_APART)
        rows.append(_event(call.ended_number, end.ended_at, end.heard_s, "ended", body))
    return rows


def _event(number: int, at: datetime, media_s: float, kind: str, body: Row) -> Row:
    return {"number": number, "at": at, "media_s": media_s, "kind": kind, "body": _json(body)}


def _json(value: Any) -> Any:
    """Return JSON values as both databases keep them; what is no finite number is none."""
    return storable_json(value, lambda _: None)


def _rank(severity: str) -> int:
    return _RANK.get(severity, 0)  # type: ignore[call-overload,no-any-return]


def _short(text: str | None) -> Any:
    return None if text is None else storable(text)[:LONGEST_NAME]
