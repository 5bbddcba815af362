"""Client transactions for the few requests a recording server sends itself: BYE, UPDATE. RFC 3261, 17.1.2.

Without sockets and clock, as `kikimori.media.sip.transaction`.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.media.sip.message import Request, Response, SipError, serialise
from kikimori.media.sip.transaction import GIVE_UP_S, MAGIC_COOKIE, T1_S, T2_S, Flow, top_via
from kikimori.media.sip.values import Via

if TYPE_CHECKING:
    from collections.abc import Callable

MAX_CLIENT_TRANSACTIONS = 10_000


@dataclass(slots=True, eq=False)
class _Asked:
    data: bytes
    flow: Flow
    answered: Callable[[Response | None], None]
    retransmit_at: float
    interval_s: float
    ends_at: float


class ClientTransactions:
    """Requests that wait for an answer. `advance` must be called some times a second."""

    def __init__(self) -> None:
        self._waiting: dict[str, _Asked] = {}

    def __len__(self) -> int:
        return len(self._waiting)

    def send(
        self, request: Request, flow: Flow, now: float, answered: Callable[[Response | None], None]
    ) -> None:
        """Send a request that is not an INVITE, with a Via of our own on top.

        `answered` gets the final answer, or None when there was none in 32 s.
        """
        if len(self._waiting) >= MAX_CLIENT_TRANSACTIONS:
            answered(None)
            return
        branch = MAGIC_COOKIE + secrets.token_hex(12)
        host, port = flow.local
        via = Via(flow.transport, host, port, {"branch": branch, "rport": ""})
        request.headers.replace_first("via", via.text())
        data = serialise(request)
        reliable = flow.transport != "UDP"
        self._waiting[branch] = _Asked(
            data, flow, answered, now + (GIVE_UP_S if reliable else T1_S), T1_S, now + GIVE_UP_S
        )
        flow.send(data)

    def receive(self, response: Response) -> bool:
        """Take an answer; False when nothing waits for it."""
        try:
            branch = top_via(response.headers).branch
        except SipError:
            return False
        asked = self._waiting.get(branch)
        if asked is None:
            return False
        if response.status < 200:
            asked.interval_s = T2_S
            return True
        del self._waiting[branch]
        asked.answered(response)
        return True

    def advance(self, now: float) -> None:
        """Repeat requests that are due, give up overdue ones. All are looked at, as few wait at a time."""
        for branch, asked in list(self._waiting.items()):
            if asked.ends_at <= now:
                del self._waiting[branch]
                asked.answered(None)
            elif asked.retransmit_at <= now:
                asked.flow.send(asked.data)
                asked.interval_s = min(asked.interval_s * 2, T2_S)
                asked.retransmit_at = now + asked.interval_s
