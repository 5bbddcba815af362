"""Regular work on the state of the site: what is too old is dropped, what the pages show is noted."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_dashboard.composition.outlets import SiteOutlets
    from kikimori_dashboard.live.live import Live
    from kikimori_dashboard.site.state import SiteState

FORGET_EVERY_S = 10.0
LOOK_EVERY_S = 2.0
"""Interval in s between notes of what a supervisor's page shows."""


async def forget_old(state: SiteState, live: Live, outlets: SiteOutlets) -> None:
    """Drop what is too old, until cancelled."""
    while True:
        await asyncio.sleep(FORGET_EVERY_S)
        state.forget_old(datetime.now(UTC))
        live.changed()
        outlets.changed()


async def note_shown(state: SiteState, live: Live) -> None:
    """Note the alerts that a supervisor's page shows, until cancelled."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        state.look(watched=live.watched)
