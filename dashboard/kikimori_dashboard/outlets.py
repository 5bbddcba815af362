"""Everything that tells of the site beyond the screen, as the dashboard runs it: off unless it is configured."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori_dashboard.signals.help_button import HelpButtons
from kikimori_dashboard.signals.relay import SignalRelay

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.messages import Problem
    from kikimori_dashboard.access.audit_trail import AuditTrail
    from kikimori_dashboard.commands import CommandSender, Publisher
    from kikimori_dashboard.config import DashboardSettings
    from kikimori_dashboard.state import SiteState


class SiteOutlets:
    """Lamps and buttons of one site."""

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

    def changed(self) -> None:
        """Take note that something of the site may have changed; cheap, called after every message."""
        if self._relay is not None:
            self._relay.changed()

    def problems(self) -> list[Problem]:
        """Return what keeps them from telling."""
        return [] if self._relay is None else self._relay.problems()

    async def run(self) -> None:
        """Run until cancelled."""
        try:
            async with asyncio.TaskGroup() as tasks:
                if self._relay is not None:
                    tasks.create_task(self._relay.run(), name="signals")
        finally:
            if self._relay is not None:
                await self._buttons.aclose()
