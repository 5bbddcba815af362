"""Record of the demo's alerts and calls as they come out of the broker: the supervisor's view."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.wire.connection import connect
from kikimori_core.wire.envelope import unsealed
from kikimori_core.wire.messages import Alert, CallState, CallStatus, ClosedBecause, Health
from kikimori_core.wire.topics import TopicKind, Topics
from kikimori_lab.demo.verdict import OpenedAlert

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori_core.wire.settings import BrokerSettings

CLIENT_ID = "kikimori-demo-witness"


@dataclass
class Witness:
    """Reader of a site's messages; collects the alerts raised, by call."""

    broker: BrokerSettings
    site: str
    on_alert: Callable[[Alert], None]
    """Called once for each alert, when it was opened."""
    raised: dict[str, list[OpenedAlert]] = field(default_factory=dict)
    ended: set[str] = field(default_factory=set)
    watching: asyncio.Event = field(default_factory=asyncio.Event)
    agent_gone: asyncio.Event = field(default_factory=asyncio.Event)
    """Set when the agent has published offline: nothing more comes."""
    _seen: set[str] = field(default_factory=set)

    async def watch(self) -> None:
        """Read until the agent publishes offline."""
        topics = Topics(self.site)
        async with connect(self.broker, CLIENT_ID) as client:
            await client.subscribe(topics.dashboard_filters())
            self.watching.set()
            async for message in client.messages:
                parsed = topics.parse(str(message.topic))
                payload = message.payload
                if parsed is None or not isinstance(payload, bytes) or not payload:
                    continue
                if parsed.kind is TopicKind.ALERT:
                    self._alert(Alert.from_bytes(unsealed(payload)))
                elif parsed.kind is TopicKind.CALL_STATE:
                    if CallState.from_bytes(payload).status is CallStatus.ENDED:
                        self.ended.add(parsed.name)
                elif parsed.kind is TopicKind.HEALTH and not Health.from_bytes(unsealed(payload)).online:
                    self.agent_gone.set()
                    return

    def _alert(self, alert: Alert) -> None:
        # The first message of an alert says how it was opened, or, if it was over at once, how it ended.
        if alert.alert_id in self._seen or alert.closed_because is ClosedBecause.TAKEN_BACK:
            return
        self._seen.add(alert.alert_id)
        self.raised.setdefault(alert.call_id, []).append(
            OpenedAlert(alert.rule, alert.severity, alert.raised_s)
        )
        self.on_alert(alert)
