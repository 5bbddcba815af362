"""Feed for `kikimori bench wall`: the calls of `PageLoad`, with alerts by which a page is timed."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING

from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import CallLevels, LegLevel, Levels, Role
from kikimori_core.wire.topics import Topics
from kikimori_lab.bench.made_up import AGENT, SITE, made_up_alert
from kikimori_lab.bench.page import SHOWN_CALL
from kikimori_lab.bench.page_load import PageLoad

if TYPE_CHECKING:
    from kikimori_core.wire.settings import BrokerSettings

ALERT_EVERY_S = (0.3, 0.9)
"""Shortest and longest time between two alerts, so that they come at any moment of an interval."""
ALERT_TITLE = "bench alert "
"""Begins the title of an alert by which a page knows it; its number follows."""
FIRST_REVISION = 1_000_000
STAMPED = SHOWN_CALL
"""Call whose words tell when they were sent."""
CRITICAL = (2, 5, 8, 11)
"""Calls with a critical alert, see `made_up_alert`: the page shows them as cards."""


class WallLoad:
    """Publisher of an office; everything but the times follows from a seed."""

    def __init__(self, calls: int, updates: float) -> None:
        self._calls = calls
        self._load = PageLoad(calls, updates, spoken_levels, STAMPED)
        self.begun = self._load.begun

    async def run(self, broker: BrokerSettings) -> None:
        """Publish until cancelled."""
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._load.run(broker))
            tasks.create_task(self._raise_alerts(broker))

    async def _raise_alerts(self, broker: BrokerSettings) -> None:
        await self.begun.wait()
        draw = random.Random(2)  # noqa: S311
        topics = Topics(SITE).of(AGENT)
        shown = [each for each in CRITICAL if each < self._calls]
        async with connect(broker, "bench-wall-alerts") as client:
            number = 0
            while True:
                await asyncio.sleep(draw.uniform(*ALERT_EVERY_S))
                title = f"{ALERT_TITLE}{number}"
                alert = made_up_alert(draw.choice(shown), self._calls).model_copy(
                    update={
                        "revision": FIRST_REVISION + number,
                        "title": {"ja": title, "en": title},
                        "updated_at": datetime.now(UTC),
                    }
                )
                await client.publish(topics.alert(alert.alert_id), alert.to_bytes(), qos=1, retain=True)
                number += 1


def spoken_levels(calls: int, tick: int) -> Levels:
    """Return the levels of an update: in each call one of the two speaks for some seconds, then the other."""
    said = {f"bench-{number}": _of_call(number, tick) for number in range(calls)}
    return Levels(agent_id=AGENT, at=datetime.now(UTC), calls=said)


def _of_call(number: int, tick: int) -> CallLevels:
    turn = (tick + 7 * number) // 40 % 2
    speaks = _leg(-18 - (tick * 3 + number) % 12, (tick + number) % 30)
    silent = LegLevel(level_db=-58, speaking=False)
    legs = (speaks, silent) if turn else (silent, speaks)
    return CallLevels(
        media_s=60 + tick / 10, legs=dict(zip((Role.CUSTOMER, Role.OPERATOR), legs, strict=True))
    )


@cache
def _leg(level_db: int, effort: int) -> LegLevel:
    return LegLevel(level_db=level_db, speaking=True, over_calm_db=level_db + 24.0, effort=effort / 100)
