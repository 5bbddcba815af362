"""What this dashboard tells the agents: that it is there, which alerts it holds, which of them its pages have drawn.

Pure: no sockets, times are given.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING

from kikimori_wire.delivery import Acks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kikimori_dashboard.alert_book import AlertBook
    from kikimori_wire.messages import Alert, Health

HELLO_EVERY_S = 10.0
MOST_IN_A_MESSAGE = 500


class AckDesk:
    """Collects what is to be said and gives it out by agent."""

    def __init__(self, client_id: str, book: AlertBook) -> None:
        self._client_id = client_id
        self._book = book
        self._start = uuid.uuid4().hex[:12]
        self._sessions = 0
        self._pages = 0
        self._agents: dict[str, str | None] = {}
        """Agents that are online, with their runs."""
        self._said_at: dict[str, float] = {}
        """When each agent was told last that we are here; none for those to be told now."""
        self._held: dict[str, dict[str, int]] = {}
        self._drawn: dict[str, dict[str, int]] = {}

    @property
    def run(self) -> str:
        """Name of this run, another one after each loss of the broker: what was sent meanwhile may not have come."""
        return f"{self._start}-{self._sessions}"

    def begin_session(self) -> None:
        """A new connection to the broker."""
        self._sessions += 1
        self._agents.clear()
        self._said_at.clear()
        self._held.clear()
        self._drawn.clear()

    def health(self, health: Health) -> None:
        """Take note of who is there; whoever comes, or comes again, is told of us at once."""
        agent_id = health.agent_id
        if not health.online:
            self._agents.pop(agent_id, None)
        elif agent_id not in self._agents or self._agents[agent_id] != health.run:
            self._agents[agent_id] = health.run
            self._said_at.pop(agent_id, None)

    def pages(self, count: int) -> None:
        """Take note of how many supervisors' pages are open."""
        if count != self._pages:
            self._pages = count
            self._said_at.clear()

    def came(self, alert: Alert) -> None:
        """An agent has sent an alert: it is acknowledged if it is held now."""
        known = self._book.find(alert.alert_id)
        if known is not None and known.agent_id == alert.agent_id and known.revision >= alert.revision:
            self._held.setdefault(alert.agent_id, {})[alert.alert_id] = known.revision
            drawn = self._book.drawn.get(alert.alert_id)
            if drawn is not None and not alert.drawn:
                # What was said of it was lost, with the broker or a run of the agent; the page says it once.
                self._drawn.setdefault(alert.agent_id, {})[alert.alert_id] = drawn

    def drawn(self, alerts: Mapping[str, int]) -> None:
        """A supervisor's page has drawn these alerts, in these revisions."""
        for alert_id, revision in alerts.items():
            known = self._book.find(alert_id)
            if known is not None:
                of_agent = self._drawn.setdefault(known.agent_id, {})
                self._book.drawn[alert_id] = max(revision, self._book.drawn.get(alert_id, 0))
                of_agent[alert_id] = self._book.drawn[alert_id]

    def due(self, now: float) -> Iterator[tuple[str, Acks]]:
        """Give what is to be said to each agent now; it counts as said."""
        for agent_id in self._agents:
            held, drawn = self._held.pop(agent_id, {}), self._drawn.pop(agent_id, {})
            said_at = self._said_at.get(agent_id)
            if not held and not drawn and said_at is not None and now - said_at < HELLO_EVERY_S:
                continue
            self._said_at[agent_id] = now
            while True:
                yield agent_id, self._message(_take(held), _take(drawn))
                if not held and not drawn:
                    break

    def _message(self, held: dict[str, int], drawn: dict[str, int]) -> Acks:
        return Acks(client_id=self._client_id, run=self.run, pages=self._pages, held=held, drawn=drawn)


def _take(alerts: dict[str, int]) -> dict[str, int]:
    """Take as many out as fit into a message."""
    some = dict(list(alerts.items())[:MOST_IN_A_MESSAGE])
    for each in some:
        del alerts[each]
    return some
