"""Another running agent of the same id: its detection by its health, and the choice of which one stops.

A broker lets one of them in at a time, so they push each other out by turns. Both read their own health topic. What
another run says there, and said anew since it was read first, proves that it lives; its last will proves it too, as it is
made when a connection begins. The run that started later ends, unless the earlier one was silent for a minute: then it was
replaced, and ends when it comes back.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import KikimoriError
from kikimori_core.wire.envelope import unsealed
from kikimori_core.wire.messages import BadMessageError, Health

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager
    from datetime import datetime

    from kikimori_core.wire.connection import Client

log = structlog.get_logger()

SILENT_S = 60.0
"""Seconds of silence after which a run may have been replaced."""
RETURNS_WITHIN_S = 10.0
"""Seconds within which a run that was pushed out is back: `stay_connected` tries again every 8 s."""


class AgentIdTakenError(KikimoriError):
    """Another agent of the same id runs elsewhere."""

    exit_code = 2

    def __init__(self, agent_id: str, other: Health) -> None:
        host = other.host or "an unknown host"
        super().__init__(
            f"another agent with the id {agent_id!r} runs on {host}",
            next_step="stop it, or give one of the two another agent_id",
        )
        self.host = host


class RivalWatch:
    """Detection of other runs of the same agent, from their health messages."""

    def __init__(
        self,
        topic: str,
        agent_id: str,
        run: str | None,
        started_at: datetime | None,
        *,
        silent_s: float = SILENT_S,
    ) -> None:
        """`topic` is that of this agent's health; without a `run` nothing is watched."""
        self.topic = topic
        self._agent_id = agent_id
        self._run = run
        self._started_at = started_at
        self._silent_s = silent_s
        self._seen: dict[tuple[str, bool], datetime] = {}
        """Time of the newest message of each other run, by that run's clock; health and last will apart.

        The will bears the time of the connection's begin. A broker that was killed may come back with health from before
        the will: later by its time, and no sign of life.
        """
        self._last_contact: float | None = None
        self._found: asyncio.Future[Health] | None = None

    def contact(self) -> None:
        """Note that the broker was reached until now."""
        self._last_contact = asyncio.get_running_loop().time()

    @property
    def was_silent(self) -> bool:
        """Return whether this run had no contact for `silent_s` seconds and so may have been replaced."""
        now = asyncio.get_running_loop().time()
        return self._last_contact is not None and now - self._last_contact >= self._silent_s

    def take(self, payload: bytes, *, retain: bool) -> None:
        """Take a message on this agent's health topic."""
        if not retain and self._is_own(payload):
            self.contact()
        other = self._other(payload)
        if other is not None and self._lives(other, retain=retain) and not self._is_later(other):
            self._future().set_result(other)

    async def guard(self) -> None:
        """Wait until another run is found to which this one has to yield.

        Raises:
            AgentIdTakenError: it was.
        """
        other = await asyncio.shield(self._future())
        log.error("agent_id_taken", host=other.host, run=other.run)
        raise AgentIdTakenError(self._agent_id, other)

    async def look(self, connect: Callable[[], AbstractAsyncContextManager[Client]]) -> None:
        """Look, after a long silence, for a later run that has taken over. `connect` must set no last will.

        Raises:
            AgentIdTakenError: one has.
            BrokerError: it may have: this connection was pushed out. To be called again.
        """
        async with connect() as client:
            await client.subscribe(self.topic, qos=0)
            try:
                async with asyncio.timeout(RETURNS_WITHIN_S):
                    async for message in client.messages:
                        payload = message.payload
                        other = self._other(payload) if isinstance(payload, bytes) else None
                        if other is None or not self._is_later(other):
                            break
                        if self._lives(other, retain=message.retain):
                            log.error("agent_replaced", host=other.host, run=other.run)
                            raise AgentIdTakenError(self._agent_id, other)
            except TimeoutError:
                log.info("no_other_agent")
        self.contact()

    def _future(self) -> asyncio.Future[Health]:
        if self._found is None or self._found.done():
            self._found = asyncio.get_running_loop().create_future()
        return self._found

    def _is_own(self, payload: bytes) -> bool:
        try:
            return Health.from_bytes(unsealed(payload)).run == self._run
        except BadMessageError:
            return False

    def _other(self, payload: bytes) -> Health | None:
        """Return another run's health; None for our own and for that of a version that names no run."""
        try:
            health = Health.from_bytes(unsealed(payload))
        except BadMessageError:
            return None
        return health if self._run is not None and health.run not in (None, self._run) else None

    def _lives(self, other: Health, *, retain: bool) -> bool:
        kind = (str(other.run), other.online)
        before = self._seen.get(kind)
        self._seen[kind] = other.at if before is None else max(before, other.at)
        return (before is not None and other.at > before) or (other.online and not retain)

    def _is_later(self, other: Health) -> bool:
        if other.started_at is None or self._started_at is None:
            return False
        return (other.started_at, str(other.run)) > (self._started_at, str(self._run))
