"""The cost of a snapshot of the dashboard's state for a browser, against `json.dumps` of the same data."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

from kikimori_dashboard.config import DashboardSettings
from kikimori_dashboard.state import SiteState
from kikimori_dashboard.views import Views
from kikimori_wire.messages import (
    Action,
    Alert,
    AlertState,
    CallLevels,
    CallState,
    Health,
    LegLevel,
    Levels,
    Party,
    Role,
    Severity,
    ShoutingEvidence,
    SpeechStatus,
    TranscriptLine,
)

if TYPE_CHECKING:
    from collections.abc import Callable

REFERENCE = "one json.dumps of the same snapshot"
_SAID = "だから、さっきから何度も同じことを申し上げているんですけれども。"


@dataclass(frozen=True, slots=True)
class SnapshotFigures:
    """Figures of `kikimori bench snapshot --json`; times are processor milliseconds, the median of the rounds."""

    calls: int
    alerts: int
    lines_per_call: int
    snapshot_bytes: int
    first_ms: float
    """Of the first snapshot after the start, when nothing was encoded yet."""
    snapshot_ms: float
    """After every call's levels changed and one call in ten changed otherwise."""
    same_ms: float
    """For the next browser, when nothing changed in between."""
    delta_ms: float
    """A change with the levels of every call."""
    deltas_answered: int
    """Rounds of levels after which a browser got the change and no new snapshot."""
    rounds: int
    reference: str
    reference_ms: float
    snapshot_vs_reference: float


def bench_snapshot(
    calls: int, alerts: int, lines: int, rounds: int, progress: Callable[[int], None]
) -> SnapshotFigures:
    """Fill a state with calls, and spread the alerts over them."""
    state = SiteState()
    states = [_call(number, lines) for number in range(calls)]
    state.begin_reading_retained()
    state.take_health(Health(agent_id="bench", site="bench", online=True, at=_now()))
    for each in states:
        state.take_call(each)
    for number in range(alerts):
        state.take_alert(_alert(number, calls))
    state.end_reading_retained()
    state.take_levels(_levels(calls, 0))
    first, again, same, deltas, bare = [], [], [], [], []
    answered = 0
    text = ""
    for number in range(rounds):
        views = Views(state, DashboardSettings(site="bench"))
        text, took = _timed(views.snapshot)
        first.append(took)
        picture = json.loads(text)
        seen = state.changes.version
        state.take_levels(_levels(calls, number))
        delta, took = _timed(partial(views.delta, seen))
        deltas.append(took)
        answered += delta is not None
        state.take_levels(_levels(calls, number))
        for each in states[number % 10 :: 10]:
            state.take_call(each)
        again.append(_timed(views.snapshot)[1])
        same.append(_timed(views.snapshot)[1])
        bare.append(_timed(partial(_dump, picture))[1])
        progress(number + 1)
    reference = _median(bare)
    return SnapshotFigures(
        calls=calls,
        alerts=alerts,
        lines_per_call=lines,
        snapshot_bytes=len(text.encode()),
        first_ms=_median(first),
        snapshot_ms=_median(again),
        same_ms=_median(same),
        delta_ms=_median(deltas),
        deltas_answered=answered,
        rounds=rounds,
        reference=REFERENCE,
        reference_ms=reference,
        snapshot_vs_reference=round(_median(again) / reference, 2) if reference else 0.0,
    )


def _now() -> datetime:
    return datetime.now(UTC)


def _dump(picture: object, _now: datetime) -> str:
    return json.dumps(picture, ensure_ascii=False)


def _timed(work: Callable[[datetime], str | None]) -> tuple[str, float]:
    now = _now()
    began = time.process_time()
    text = work(now)
    return text or "", (time.process_time() - began) * 1000


def _median(figures: list[float]) -> float:
    return round(sorted(figures)[len(figures) // 2], 2)


def _call(number: int, lines: int) -> CallState:
    call_id = f"bench-{number}"
    said = tuple(
        TranscriptLine(
            call_id=call_id,
            line_id=f"customer-{line}",
            role=Role.CUSTOMER,
            start_s=line * 4.0,
            end_s=line * 4.0 + 3,
            text=_SAID,
            final=True,
        )
        for line in range(lines)
    )
    return CallState(
        call_id=call_id,
        site="bench",
        agent_id="bench",
        tap="siprec",
        started_at=_now() - timedelta(seconds=number),
        caller=Party(number="03-5555-0100", name="山田 一郎"),
        operator=Party(number=str(10_000 + number), name="佐藤 美咲"),
        queue="support",
        roles=(Role.CUSTOMER, Role.OPERATOR),
        speech=SpeechStatus.ON,
        capabilities=tuple(Action),
        superior=Party(number="200", name="高橋 課長"),
        transcript_tail=said,
    )


def _alert(number: int, calls: int) -> Alert:
    evidence = ShoutingEvidence(
        start_s=20,
        end_s=26,
        speech_s=4.2,
        level_db=-14,
        over_calm_db=13,
        tilt_db=-3,
        tilt_over_calm_db=7,
        probability=0.93,
    )
    call_id = f"bench-{number % calls}"
    return Alert(
        alert_id=f"{call_id}.shouting.{number // calls + 1}",
        call_id=call_id,
        site="bench",
        agent_id="bench",
        rule="shouting",
        rule_kind="shouting",
        title={"ja": "大声・怒声", "en": "Raised voice"},
        severity=tuple(Severity)[number % 3],
        state=AlertState.OPEN,
        revision=1,
        raised_at=_now() - timedelta(seconds=number % 60),
        updated_at=_now(),
        raised_s=20,
        evidence=(evidence, evidence.model_copy(update={"start_s": 40, "end_s": 44})),
        suggestion=Action.HOLD_TRANSFER,
        caller=Party(number="03-5555-0100", name="山田 一郎"),
        operator=Party(number=str(10_000 + number % calls), name="佐藤 美咲"),
    )


def _levels(calls: int, number: int) -> Levels:
    leg = LegLevel(level_db=-20 - number % 10, speaking=True, over_calm_db=3.0, effort=0.1)
    each = CallLevels(media_s=float(number), legs={Role.CUSTOMER: leg, Role.OPERATOR: leg})
    return Levels(agent_id="bench", at=_now(), calls={f"bench-{call}": each for call in range(calls)})
