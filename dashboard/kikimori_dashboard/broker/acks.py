"""Reports of this dashboard to agents: its presence, the alerts it holds, those that its pages have drawn.

Pure: no sockets, times are given.
"""

from __future__ import annotations

import uuid
from typing import TYPE_CHECKING, TypeVar

from kikimori_core.wire.delivery import Acks

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from kikimori_core.wire.delivery import CallerContacts
    from kikimori_core.wire.messages import Alert, Health
    from kikimori_dashboard.site.alert_book import AlertBook

HELLO_EVERY_S = 10.0
MOST_IN_A_MESSAGE = 500
CALLERS_IN_A_MESSAGE = 20

Told = TypeVar("Told")


class AckDesk:
    """Reports to agents: collects their content and returns it by agent."""

    def __init__(self, client_id: str, book: AlertBook) -> None:
        self._client_id = client_id
        self._book = book
        self._start = uuid.uuid4().hex[:12]
        self._sessions = 0
        self._pages = 0
        self._agents: dict[str, str | None] = {}
        """Agents that are online, with their runs."""
        self._said_at: dict[str, float] = {}
        """Time of the last report to each agent; none for those to be told now."""
        self._held: dict[str, dict[str, int]] = {}
        self._drawn: dict[str, dict[str, int]] = {}
        self._callers: dict[str, dict[str, CallerContacts]] = {}

    @property
    def run(self) -> str:
        """Return this run's name, another after each loss of the broker: messages meanwhile may be lost."""
        return f"{self._start}-{self._sessions}"

    def begin_session(self) -> None:
        """Begin a new connection to the broker."""
        self._sessions += 1
        self._agents.clear()
        self._said_at.clear()
        self._held.clear()
        self._drawn.clear()
        self._callers.clear()

    def health(self, health: Health) -> None:
        """Note an agent's presence; one that comes, or comes again, gets a report at once."""
        agent_id = health.agent_id
        if not health.online:
            self._agents.pop(agent_id, None)
        elif agent_id not in self._agents or self._agents[agent_id] != health.run:
            self._agents[agent_id] = health.run
            self._said_at.pop(agent_id, None)

    def pages(self, count: int) -> None:
        """Note the number of supervisors' pages that are open."""
        if count != self._pages:
            self._pages = count
            self._said_at.clear()

    def came(self, alert: Alert) -> None:
        """Note an alert from an agent: it is acknowledged if it is held now."""
        known = self._book.find(alert.alert_id)
        if known is not None and known.agent_id == alert.agent_id and known.revision >= alert.revision:
            self._held.setdefault(alert.agent_id, {})[alert.alert_id] = known.revision
            drawn = self._book.drawn.get(alert.alert_id)
            if drawn is not None and not alert.drawn:
                # What was said of it was lost, with the broker or a run of the agent; the page says it once.
                self._drawn.setdefault(alert.agent_id, {})[alert.alert_id] = drawn

    def drawn(self, alerts: Mapping[str, int]) -> None:
        """Note the alerts, with revisions, that a supervisor's page has drawn."""
        for alert_id, revision in alerts.items():
            known = self._book.find(alert_id)
            if known is not None:
                of_agent = self._drawn.setdefault(known.agent_id, {})
                self._book.drawn[alert_id] = max(revision, self._book.drawn.get(alert_id, 0))
                of_agent[alert_id] = self._book.drawn[alert_id]

    def caller(self, agent_id: str, call_id: str, contacts: CallerContacts) -> None:
        """Note the earlier contacts of a call's caller: its agent is told of them."""
        if agent_id in self._agents:
            self._callers.setdefault(agent_id, {})[call_id] = contacts

    def due(self, now: float) -> Iterator[tuple[str, Acks]]:
        """Return the reports that are due now, by agent; they count as sent."""
        for agent_id in self._agents:
            held, drawn = self._held.pop(agent_id, {}), self._drawn.pop(agent_id, {})
            callers = self._callers.pop(agent_id, {})
            said_at = self._said_at.get(agent_id)
            nothing = not held and not drawn and not callers
            if nothing and said_at is not None and now - said_at < HELLO_EVERY_S:
                continue
            self._said_at[agent_id] = now
            while True:
                yield agent_id, self._message(_take(held), _take(drawn), _take(callers, CALLERS_IN_A_MESSAGE))
                if not held and not drawn and not callers:
                    break

    def _message(
        self, held: dict[str, int], drawn: dict[str, int], callers: dict[str, CallerContacts]
    ) -> Acks:
        return Acks(
            client_id=self._client_id,
            run=self.run,
            pages=self._pages,
            held=held,
            drawn=drawn,
            callers=callers,
        )


def _take(waiting: dict[str, Told], most: int = MOST_IN_A_MESSAGE) -> dict[str, Told]:
    """Remove and return as many of what waits as fit into a message."""
    some = dict(list(waiting.items())[:most])
    for each in some:
        del waiting[each]
    return some
