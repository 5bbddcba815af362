"""Answers about the history, as a page gets them."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Container

    from kikimori_records.search.finding import FoundCall
    from kikimori_records.search.marked import MarkedLine


def call_view(found: FoundCall, reviewed: Container[str]) -> dict[str, Any]:
    """Return one call; `reviewed`: uids of the calls that whoever asks has gone through."""
    call = found.call
    return {
        "uid": call.uid,
        "started_at": call.started_at.isoformat(),
        "seconds": int(call.heard_s),
        "operator": call.operator,
        "extension": call.operator_number,
        "team": call.team,
        "caller": call.caller_name or call.caller_number,
        "caller_number": call.caller_number,
        "worst": call.worst,
        "alerts": call.alerts,
        "reasons": [asdict(each) for each in found.reasons],
        "outcome": call.outcome,
        "sound": call.sound,
        "reviewed": call.uid in reviewed,
        "lines": [line_view(each) for each in found.lines],
    }


def line_view(line: MarkedLine) -> dict[str, Any]:
    """Return a line in parts; `line` is its number within the call."""
    return {
        "line": line.number,
        "role": line.role,
        "start_s": line.start_s,
        "parts": [{"text": each.text, "marked": each.marked} for each in line.parts],
    }
