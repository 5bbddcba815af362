"""Alerts as the outbox keeps them, and the choice of those to drop when there are too many. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import Alert, AlertState, Severity

if TYPE_CHECKING:
    from collections.abc import Iterable

MOST_ALERTS = 10_000
LONGEST_S = 7 * 24 * 3600.0
SHOWN_AGAIN_S = 15 * 60.0
"""Seconds after its closing within which an alert is sent to dashboards that start."""


@dataclass(frozen=True, slots=True)
class KeptAlert:
    """The last revision of an alert, until a dashboard holds it and it is past."""

    alert_id: str
    revision: int
    rank: int
    """Rank of its severity."""
    is_open: bool
    payload: bytes
    updated_at: float
    """Seconds since 1970."""
    shown_from: int
    """Revision from which it has the present severity; earlier ones had a lower one."""
    held: bool = False
    """A dashboard acknowledged this revision."""
    drawn: bool = False
    """A supervisor's browser drew it, as severe as now."""

    @property
    def never_dropped(self) -> bool:
        return self.is_open and self.rank >= Severity.CRITICAL.rank


def keep(alert: Alert, payload: bytes, before: KeptAlert | None) -> KeptAlert:
    """Return the entry for a new revision."""
    rank = alert.severity.rank
    same = before is not None and rank <= before.rank
    return KeptAlert(
        alert_id=alert.alert_id,
        revision=alert.revision,
        rank=rank,
        is_open=alert.state is not AlertState.CLOSED,
        payload=payload,
        updated_at=alert.updated_at.timestamp(),
        shown_from=before.shown_from if before is not None and same else alert.revision,
        drawn=before.drawn if before is not None and same else False,
    )


def past(alerts: Iterable[KeptAlert], now: float) -> list[str]:
    """Return the ids that have done their work: closed, held by a dashboard, seen on a page, and too old for a new one."""
    return [
        each.alert_id
        for each in alerts
        if each.held and each.drawn and not each.is_open and now - each.updated_at > SHOWN_AGAIN_S
    ]


def surplus(alerts: Iterable[KeptAlert], now: float, most: int = MOST_ALERTS) -> list[str]:
    """Return the ids of alerts to drop because they are too old or too many, the least important first.

    Closed before open, seen before unseen, delivered before undelivered, notices before warnings, old before new; an open
    critical one never.
    """
    known = list(alerts)
    old = [each for each in known if now - each.updated_at > LONGEST_S and not each.never_dropped]
    too_many = len(known) - len(old) - most
    if too_many > 0:
        gone = {each.alert_id for each in old}
        rest = [each for each in known if not each.never_dropped and each.alert_id not in gone]
        rest.sort(key=lambda each: (each.is_open, not each.drawn, not each.held, each.rank, each.updated_at))
        old += rest[:too_many]
    return [each.alert_id for each in old]
