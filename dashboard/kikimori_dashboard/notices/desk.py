"""Choice of the alerts that are told outside: each once, and again when it becomes worse."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kikimori_core.wire.directory import zone_of
from kikimori_core.wire.values import HELP_KIND
from kikimori_dashboard.https.page_url import page_url
from kikimori_dashboard.notices.delivery import NoticeDelivery
from kikimori_dashboard.notices.mail import MailSender
from kikimori_dashboard.notices.notice import Notice
from kikimori_dashboard.notices.webhook import WebhookSender
from kikimori_dashboard.site.call_entry import extension_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import Alert, Problem
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.notices.delivery import NoticeSender
    from kikimori_dashboard.site.state import SiteState

JUST_RAISED = timedelta(seconds=60)
"""Age up to which an alert that is there already when the dashboard starts is told: an older one probably was."""
LOOK_EVERY_S = 0.1


class NoticeDesk:
    """Notices of one site. `changed` is called after every message of an agent, `run` does the rest."""

    def __init__(
        self, settings: DashboardSettings, state: SiteState, problems_changed: Callable[[], None]
    ) -> None:
        self._settings = settings.notify
        self._state = state
        self._link = settings.notify.link or page_url(settings)
        self._deliveries = [NoticeDelivery(each, problems_changed) for each in senders_of(settings)]
        self._told: dict[str, int] = {}
        """Rank of the severity in which each open alert was told."""
        self._changed = asyncio.Event()
        self._started = False

    def changed(self) -> None:
        self._changed.set()

    def problems(self) -> list[Problem]:
        """Return which targets get nothing, and why."""
        return [problem for each in self._deliveries for problem in each.problems()]

    async def run(self) -> None:
        """Tell until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            for each in self._deliveries:
                tasks.create_task(each.run())
            while True:
                await self._changed.wait()
                self._changed.clear()
                if self._state.broker.has_all:
                    self._look(datetime.now(UTC))
                await asyncio.sleep(LOOK_EVERY_S)

    def _look(self, now: datetime) -> None:
        alerts = self._state.alerts
        for gone in self._told.keys() - alerts.keys():
            del self._told[gone]
        for alert_id, alert in alerts.items():
            rank = alert.severity.rank
            if self._told.get(alert_id, -1) >= rank:
                continue
            wants_help = alert.rule_kind == HELP_KIND
            if rank < self._settings.least.rank and not wants_help:
                continue
            self._told[alert_id] = rank
            if self._started or now - alert.raised_at <= JUST_RAISED:
                self._tell(notice_of(alert, self._seat(alert), self._link))
        self._started = True

    def _tell(self, notice: Notice) -> None:
        for each in self._deliveries:
            each.put(notice)

    def _seat(self, alert: Alert) -> str | None:
        number = extension_of(alert, self._state.calls)
        return None if number is None else self._settings.seats.get(number)


def notice_of(alert: Alert, seat: str | None, link: str) -> Notice:
    """Return all that is told of an alert."""
    return Notice(alert.severity, alert.rule_kind == HELP_KIND, alert.raised_at, seat, link)


def senders_of(settings: DashboardSettings) -> list[NoticeSender]:
    """Return a sender for each target."""
    language, zone = settings.notify.language or settings.language, zone_of(settings.time_zone)
    found: list[NoticeSender] = [WebhookSender(each, language, zone) for each in settings.notify.webhooks]
    if settings.notify.mail is not None:
        found.append(MailSender(settings.notify.mail, language, zone))
    return found
