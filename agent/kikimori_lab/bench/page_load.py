"""Site for `kikimori bench page`: its calls are published over MQTT as an agent does, again and again."""

from __future__ import annotations

import asyncio
import random
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import CallStatus, Health, Role, TranscriptLine
from kikimori_core.wire.topics import Topics
from kikimori_lab.bench.made_up import AGENT, SITE, made_up_alert, made_up_call, made_up_levels

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.connection import Client
    from kikimori_core.wire.messages import Levels, Message
    from kikimori_core.wire.settings import BrokerSettings

LINES = 40
ALERTS = 12
"""Open alerts, on as many calls; two in three need a decision."""
SPEAKING = 0.1
"""Share of the calls in which a word is recognised within one update."""
CHANGES_EVERY_S = 1.0
"""Interval in s at which a call ends and another begins, and an alert grows."""
STAMP = "sent at "
"""Begins the line of one call by which a page knows when it was sent; the Unix time in ms follows."""


class PageLoad:
    """Publisher of `calls` calls, `updates` times a second."""

    def __init__(
        self,
        calls: int,
        updates: float,
        levels: Callable[[int, int], Levels] = made_up_levels,
        stamped: int = 0,
    ) -> None:
        """`levels`: returns the levels of this number of calls at an update. `stamped`: call with a line of `STAMP`."""
        self._stamped = stamped
        self._levels = levels
        self._calls = calls
        self._updates = updates
        self._topics = Topics(SITE).of(AGENT)
        self._random = random.Random(1)  # noqa: S311
        self.begun = asyncio.Event()
        """True once everything was published."""

    async def run(self, broker: BrokerSettings) -> None:
        """Publish until cancelled."""
        async with connect(broker, "bench-page-agent") as client:
            health = Health(agent_id=AGENT, site=SITE, online=True, at=datetime.now(UTC))
            await self._keep(client, self._topics.health, health)
            for number in range(self._calls):
                await self._begin(client, number)
            for number in range(min(ALERTS, self._calls)):
                alert = made_up_alert(number, self._calls)
                await self._keep(client, self._topics.alert(alert.alert_id), alert)
            self.begun.set()
            loop = asyncio.get_running_loop()
            due, change_due, tick, changes = loop.time(), loop.time(), 0, 0
            while True:
                await self._update(client, tick)
                if loop.time() >= change_due:
                    change_due += CHANGES_EVERY_S
                    await self._change(client, changes)
                    changes += 1
                tick += 1
                due += 1 / self._updates
                await asyncio.sleep(max(0.0, due - loop.time()))

    async def _begin(self, client: Client, number: int) -> None:
        call = made_up_call(number, LINES)
        await self._keep(client, self._topics.call_state(call.call_id), call)

    async def _update(self, client: Client, tick: int) -> None:
        levels = self._levels(self._calls, tick)
        await client.publish(self._topics.levels, levels.to_bytes(), qos=0)
        await self._say(client, self._stamped, tick, f"{STAMP}{time.time() * 1000:.0f}")
        others = [each for each in range(self._calls) if each != self._stamped]
        for number in self._random.sample(others, round(len(others) * SPEAKING)):
            await self._say(client, number, tick // 20, f"そうなんですけれども、{'ええ、' * (tick % 20)}")

    async def _say(self, client: Client, number: int, line: int, text: str) -> None:
        said = TranscriptLine(
            call_id=f"bench-{number}",
            line_id=f"said-{line}",
            role=Role.CUSTOMER,
            start_s=1000.0 + line,
            end_s=1001.0 + line,
            text=text,
            final=False,
        )
        await client.publish(self._topics.transcript(said.call_id), said.to_bytes(), qos=0)

    async def _change(self, client: Client, number: int) -> None:
        """One of the calm calls ends and begins again, and an alert gets another revision."""
        if self._calls > ALERTS:
            ends = ALERTS + number % (self._calls - ALERTS)
            call = made_up_call(ends, LINES)
            over = call.model_copy(update={"status": CallStatus.ENDED, "ended_at": datetime.now(UTC)})
            topic = self._topics.call_state(call.call_id)
            await self._keep(client, topic, over)
            await self._begin(client, ends)
        alert = made_up_alert(number % min(ALERTS, self._calls), self._calls)
        grown = alert.model_copy(update={"revision": number + 2, "updated_at": datetime.now(UTC)})
        await self._keep(client, self._topics.alert(alert.alert_id), grown)

    @staticmethod
    async def _keep(client: Client, topic: str, message: Message) -> None:
        await client.publish(topic, message.to_bytes(), qos=1, retain=True)
