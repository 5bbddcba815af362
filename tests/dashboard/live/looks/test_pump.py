"""Turns of the pump: what pages draw may wait for the interval, an alert does not."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, cast

from kikimori_dashboard.live.looks import pump as pump_module
from kikimori_dashboard.live.looks.pump import LookPage, LookPump
from kikimori_dashboard.live.page_socket import PageSocket
from kikimori_dashboard.site.changes import ChangeLog, PicturePart

if TYPE_CHECKING:
    from datetime import datetime

    import pytest

HOUR_S = 3600.0


class _Browser:
    """Takes everything at once."""

    async def send_str(self, _text: str) -> None:
        return


class _Feed:
    """A feed that always has news, and counts how often it was asked."""

    def __init__(self, changes: ChangeLog) -> None:
        self._changes = changes
        self.sent: int | None = None
        self.version: int | None = None
        self.turns = 0

    def news(self, _now: datetime, _clock: float, *, levels: bool) -> str:
        del levels
        self.turns += 1
        self.version = self._changes.version
        return "{}"


async def test_an_alert_does_not_wait_for_pages_that_draw_something_else(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pump_module, "CARDS_EVERY_S", HOUR_S)
    monkeypatch.setattr(pump_module, "LOOKS_PER_S", 0.0)
    changes = ChangeLog()
    feed = _Feed(changes)
    pump = LookPump(changes)
    page = LookPage(PageSocket(cast("Any", _Browser()), None), cast("Any", feed))
    pump.add(page)

    async def until(turns: int) -> None:
        async with asyncio.timeout(60):
            while feed.turns < turns or page.busy:  # noqa: ASYNC110  (the pump sets no event of ours)
                await asyncio.sleep(0.01)

    await until(1)
    for _ in range(40):
        pump.hurry()
        await asyncio.sleep(0.002)
    looks = feed.turns
    changes.touch(PicturePart.ALERTS, "a")
    pump.changed()
    await until(looks + 1)
    assert feed.sent == changes.version
    pump.remove(page)
