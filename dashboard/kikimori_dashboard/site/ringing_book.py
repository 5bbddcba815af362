"""Calls that ring at operators' telephones, as the agents list them. Pure: no sockets, no clock of its own."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from kikimori_dashboard.site.changes import PicturePart

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from kikimori_core.wire.messages import Health
    from kikimori_core.wire.ringing_calls import RingingCall, RingingCalls
    from kikimori_dashboard.site.changes import ChangeLog
    from kikimori_dashboard.site.known_caller import KnownCaller

MAX_RINGING = 2000
"""Most ringing calls; more are counted."""
LONGEST_RING = timedelta(minutes=15)
"""Time after which a call that still rings is dropped, by this dashboard's clock: its agent, or the broker, has forgotten it."""

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


class RingingEntry:
    """Call that rings."""

    def __init__(self, agent_id: str, call: RingingCall) -> None:
        self.agent_id = agent_id
        self.call = call
        self.known: KnownCaller | None = None
        """Its caller, where the office knows them; see `CallerDesk`."""
        self.seen_at: datetime | None = None
        """Time at which `forget_old` saw it first."""

    def supervisor_json(self) -> str:
        """Return it as a supervisor's page gets it."""
        view: dict[str, Any] = self.call.model_dump(mode="json")
        return _encode(view | {"known": self.known and self.known.supervisor_view()})

    def operator_json(self) -> str:
        """Return it as the page of an operator gets it whose telephone rings: neither scores nor words."""
        view: dict[str, Any] = self.call.model_dump(mode="json", exclude={"tap"})
        return _encode(view | {"known": self.known and self.known.operator_view()})


class RingingBook:
    """Ringing calls by id."""

    def __init__(self, changes: ChangeLog, offline: Callable[[str], bool]) -> None:
        """`offline`: returns whether an agent is; what the broker remembers of it is past."""
        self._offline = offline
        self.calls: dict[str, RingingEntry] = {}
        self._changes = changes
        self._more: dict[str, int] = {}
        """Ringing calls that are not listed, by agent."""
        self._confirmed: set[str] = set()
        """Agents that the broker told of since the reading of what it retains began."""
        self._expired: dict[str, set[str]] = {}
        """Calls that rang too long, by agent, as long as it lists them."""

    @property
    def more(self) -> int:
        """Return the number of ringing calls that are not in `calls`."""
        return sum(self._more.values())

    def take(self, message: RingingCalls) -> None:
        """Take an agent's list in place of its last one."""
        agent_id, more = message.agent_id, message.more
        if self._offline(agent_id):
            return
        self._confirmed.add(agent_id)
        listed = {each.call_id: each for each in message.calls}
        expired = self._expired.get(agent_id, set()) & listed.keys()
        self._expired[agent_id] = expired
        for call_id in [each for each, entry in self.calls.items() if entry.agent_id == agent_id]:
            if call_id not in listed:
                self._drop(call_id)
        for call_id, call in listed.items():
            known = self.calls.get(call_id)
            if call_id in expired or (known is not None and known.agent_id != agent_id):
                continue
            if known is None:
                if len(self.calls) >= MAX_RINGING:
                    more += 1
                    continue
                self.calls[call_id] = RingingEntry(agent_id, call)
            elif known.call == call:
                continue
            else:
                known.call = call
            self._changes.touch(PicturePart.RINGING, call_id)
        self._note_more(agent_id, more)

    def caller(self, call_id: str) -> KnownCaller | None:
        """Return the caller of a call that rings, where the office knows them."""
        entry = self.calls.get(call_id)
        return entry.known if entry else None

    def note_health(self, health: Health) -> None:
        """Forget what rings for an agent that is offline."""
        if not health.online:
            self.clear(health.agent_id)

    def clear(self, agent_id: str) -> None:
        """Forget what rings for an agent: nothing does, or it is offline."""
        for call_id in [each for each, entry in self.calls.items() if entry.agent_id == agent_id]:
            self._drop(call_id)
        self._expired.pop(agent_id, None)
        self._note_more(agent_id, 0)

    def begin_reading(self) -> None:
        """Begin a reading of what the broker retains."""
        self._confirmed.clear()

    def end_reading(self) -> None:
        """Drop the lists that the broker did not send again."""
        agents = {entry.agent_id for entry in self.calls.values()} | self._more.keys()
        for agent_id in agents - self._confirmed:
            self.clear(agent_id)

    def forget_old(self, now: datetime) -> None:
        """Drop what rings longer than `LONGEST_RING`; called every few seconds."""
        for call_id, entry in list(self.calls.items()):
            entry.seen_at = entry.seen_at or now
            if now - entry.seen_at > LONGEST_RING:
                self._expired.setdefault(entry.agent_id, set()).add(call_id)
                self._drop(call_id)

    def _drop(self, call_id: str) -> None:
        del self.calls[call_id]
        self._changes.remove(PicturePart.RINGING, call_id)

    def _note_more(self, agent_id: str, more: int) -> None:
        if self._more.get(agent_id, 0) != more:
            self._more[agent_id] = more
            self._changes.touch(PicturePart.SITE)
        if not more:
            self._more.pop(agent_id, None)
