"""Limit on the number of connections to a server, in all and of one address. Pure: no sockets."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.wire.peers import AllowedPeers
from kikimori_core.wire.settings import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True, slots=True)
class PortLimits:
    """Limits of a port; as they stand, the dashboard's."""

    connections: int = 200
    """Connections at a time."""
    per_address: int = 40
    """Connections at a time from one address. A browser opens seven at most: six for requests and the live
    one."""
    head_within_s: float = 10.0
    """Seconds from the connection, or a later request's first byte, to the end of the request's headers."""
    body_within_s: float = 10.0
    idle_s: float = 75.0
    """Seconds without data after which a connection is closed. A live one answers a ping every 20 s."""
    retry_after_s: int = 10
    """Seconds after which a refused peer is told to try again."""


class ConnectionLimiter:
    """Connection limiter: counts open connections, refuses those above the limits."""

    def __init__(
        self, limits: PortLimits, unlimited: Iterable[str] = LOOPBACK, *, server: str = "dashboard"
    ) -> None:
        """Begin without connections.

        Args:
            limits: The limits.
            unlimited: Networks without a limit per address, as many browsers come from one of them.
            server: Name of the server in the log.
        """
        self.server = server
        self.limits = limits
        self.open = 0
        self.refused: Counter[str] = Counter()
        """Refused connections by reason: `too_many_connections`, `too_many_of_address`."""
        self._unlimited = AllowedPeers(unlimited)
        self._of_address: Counter[str] = Counter()

    def admit(self, address: str | None) -> str | None:
        """Count a connection from `address`, or return and count the reason for which there is no room."""
        limited = not self._unlimited.allow(address)
        if self.open >= self.limits.connections:
            reason = "too_many_connections"
        elif limited and self._of_address[address or ""] >= self.limits.per_address:
            reason = "too_many_of_address"
        else:
            self.open += 1
            if limited:
                self._of_address[address or ""] += 1
            return None
        self.refused[reason] += 1
        return reason

    def release(self, address: str | None) -> None:
        """Remove an admitted connection from the count."""
        self.open -= 1
        name = address or ""
        if self._of_address[name] > 1:
            self._of_address[name] -= 1
        else:
            del self._of_address[name]
