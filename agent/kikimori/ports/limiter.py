"""Connection limiter of a port: allow-list, limit, and counts and log of rejected or faulty connections."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

import structlog

from kikimori.ports.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from structlog.typing import FilteringBoundLogger

    from kikimori_core.wire.peers import AllowedPeers

_log: FilteringBoundLogger = structlog.get_logger()

Connection = TypeVar("Connection")


@dataclass(frozen=True, slots=True)
class ConnectionLimits:
    """Number of connections that a tap serves, and time limits of each."""

    connections: int = 2000
    """At a time."""
    identify_within_s: float = 5.0
    """Seconds within which a connection must say what it is, or is ended. Every PBX says it first of all."""
    idle_s: float = 300.0
    """Seconds without data after which a connection counts as lost (the PBX lost power) and its leg ends."""


class PortLimiter(Generic[Connection]):
    """Connection limiter: admits allowed peers, at most `most` at a time; then a silent one makes room."""

    def __init__(
        self,
        peers: AllowedPeers,
        most: int,
        *,
        refused: str,
        fault: str,
        is_silent: Callable[[Connection], bool] | None = None,
        end: Callable[[Connection], None] | None = None,
    ) -> None:
        """Make a limiter.

        Args:
            peers: Who may come in.
            most: Connections at a time.
            refused: Name of the event in the log for one that is not let in.
            fault: Name of the event in the log for one that misbehaves.
            is_silent: Whether a connection has not yet said anything of use; None = none ever has to make room.
            end: Ends such a connection.
        """
        self._peers = peers
        self._most = most
        self._refused_event = refused
        self._fault_event = fault
        self._is_silent = is_silent
        self._end = end
        self._by_age: dict[Connection, None] = {}
        """Admitted connections that may be silent, the oldest first."""
        self.admitted: set[Connection] = set()
        self.closed = False
        """True = no further connection is admitted."""
        self.refusals = Refusals()
        self.faults = 0

    def admit(self, connection: Connection, peer: str | None) -> str | None:
        """Admit a connection from `peer`, or return the stable reason of its refusal, counted and logged."""
        if not self._peers.allow(peer):
            reason = "peer_not_allowed"
        elif self.closed:
            reason = "closing"
        elif len(self.admitted) >= self._most and not self._make_room():
            reason = "too_many_connections"
        else:
            self.admitted.add(connection)
            self._by_age[connection] = None
            return None
        self.refuse(peer, reason)
        return reason

    @property
    def refused(self) -> int:
        return self.refusals.total

    def release(self, connection: Connection) -> None:
        self.admitted.discard(connection)
        self._by_age.pop(connection, None)

    def _make_room(self) -> bool:
        """End the oldest silent connection; False when there is none. Those that have spoken stay."""
        if self._is_silent is None or self._end is None:
            return False
        for connection in list(self._by_age):
            del self._by_age[connection]
            if self._is_silent(connection):
                self.refusals.note("silent_made_room")
                _log.warning(self._refused_event, reason="silent_made_room")
                self.admitted.discard(connection)
                self._end(connection)
                return True
        return False

    def refuse(self, peer: str | None, reason: str) -> None:
        """Count and log a refusal for a reason that the limiter does not know."""
        self.refusals.note(reason)
        _log.warning(self._refused_event, peer=peer, reason=reason)

    def fault(
        self, peer: str | None, reason: str, log: FilteringBoundLogger = _log, **fields: object
    ) -> None:
        """Count and log a fault of an admitted connection; `log` may be bound to its call."""
        self.faults += 1
        log.warning(self._fault_event, peer=peer, reason=reason, **fields)
