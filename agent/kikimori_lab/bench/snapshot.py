"""The cost of a snapshot of the dashboard's state for a browser, against `json.dumps` of the same data."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import Health
from kikimori_dashboard.config import DashboardSettings
from kikimori_dashboard.picture.views import Views
from kikimori_dashboard.site.state import SiteState
from kikimori_lab.bench.made_up import made_up_alert, made_up_call, made_up_levels

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from kikimori_core.wire.messages import Alert, CallState

REFERENCE = "one json.dumps of the same snapshot"


@dataclass(frozen=True, slots=True)
class SnapshotFigures:
    """Figures of `kikimori bench snapshot --json`; times are processor milliseconds, the median of the rounds."""

    calls: int
    alerts: int
    lines_per_call: int
    snapshot_bytes: int
    first_ms: float
    """Time of the first snapshot after the start, when nothing was encoded yet."""
    snapshot_ms: float
    """Time of a snapshot after every call's levels changed and one call in ten changed otherwise."""
    same_ms: float
    """Time of a snapshot for the next browser, when nothing changed in between."""
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
    states = [made_up_call(number, lines) for number in range(calls)]
    raised = [made_up_alert(number, calls) for number in range(alerts)]
    state = _started(states, raised)
    views = Views(state, DashboardSettings(site="bench"))
    views.snapshot(_now())
    first, again, same, deltas, bare = [], [], [], [], []
    answered = 0
    text = ""
    for number in range(rounds):
        fresh = Views(_started(states, raised), DashboardSettings(site="bench"))
        text, took = _timed(fresh.snapshot)
        first.append(took)
        picture = json.loads(text)
        seen = state.changes.version
        state.take_levels(made_up_levels(calls, number))
        delta, took = _timed(partial(views.delta, seen))
        deltas.append(took)
        answered += delta is not None
        state.take_levels(made_up_levels(calls, number))
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


def _started(calls: Sequence[CallState], alerts: Sequence[Alert]) -> SiteState:
    """Return the state of a dashboard that has just read everything."""
    state = SiteState()
    state.begin_reading_retained()
    state.take_health(Health(agent_id="bench", site="bench", online=True, at=_now()))
    for call in calls:
        state.take_call(call)
    for alert in alerts:
        state.take_alert(alert)
    state.end_reading_retained()
    state.take_sign_of_life("bench")
    state.take_levels(made_up_levels(len(calls), 0))
    return state


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
