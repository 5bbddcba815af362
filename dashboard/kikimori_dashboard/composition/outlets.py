"""Everything that tells of the site beyond the screen, as the dashboard runs it: off unless it is configured."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori_core.cancellation import run_cancellable
from kikimori_dashboard.notices.desk import NoticeDesk
from kikimori_dashboard.signals.help_button import HelpButtons
from kikimori_dashboard.signals.relay import SignalRelay

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from kikimori_core.wire.messages import Problem
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.actions.commands import CommandSender, Publisher
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.site.state import SiteState

log = structlog.get_logger()

RETRY_S = 5.0


class SiteOutlets:
    """Lamps, buttons and notices of one site."""

    def __init__(
        self,
        settings: DashboardSettings,
        state: SiteState,
        commands: CommandSender,
        publisher: Publisher,
        trail: AuditTrail,
        problems_changed: Callable[[], None],
    ) -> None:
        """`problems_changed` is called when `problems` returns others."""
        self._relay: SignalRelay | None = None
        if settings.signals.enabled:
            self._buttons = HelpButtons(state, commands, publisher, trail, settings.language)
            self._relay = SignalRelay(
                settings.signals, settings.mqtt, settings.site, state, self._buttons.pressed, problems_changed
            )
        self._notices: NoticeDesk | None = None
        if settings.notify.targets():
            self._notices = NoticeDesk(settings, state, problems_changed)

    def changed(self) -> None:
        """Take note that something of the site may have changed; cheap, called after every message."""
        if self._relay is not None:
            self._relay.changed()
        if self._notices is not None:
            self._notices.changed()

    def problems(self) -> list[Problem]:
        """Return what keeps them from telling."""
        of_relay = [] if self._relay is None else self._relay.problems()
        return [*of_relay, *([] if self._notices is None else self._notices.problems())]

    async def run(self) -> None:
        """Run until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._relay is not None:
                    tasks.create_task(_kept("signals", self._relay.run), name="signals")
                if self._notices is not None:
                    tasks.create_task(_kept("notices", self._notices.run), name="notices")
        finally:
            if self._relay is not None:
                await self._buttons.aclose()


async def _kept(name: str, run: Callable[[], Awaitable[None]]) -> None:
    """Run it again after a fault: the pages must not end for a lamp or a notice."""
    while True:
        try:
            await run_cancellable(run)
        except Exception as error:  # noqa: BLE001 - see above
            log.error("outlet_failed", outlet=name, error=type(error).__name__)
        await asyncio.sleep(RETRY_S)
