"""Server transactions: a repeated request gets the same answer again. RFC 3261, 17.2; RFC 6026.

Without sockets and clock: time is given to every method, in seconds that never run backwards.
"""

from __future__ import annotations

import heapq
from dataclasses import dataclass, field
from enum import Enum
from itertools import count
from typing import TYPE_CHECKING, Protocol

from kikimori.media.sip.message import Headers, Request, Response, SipError, serialise
from kikimori.media.sip.values import Via, parse_address, parse_cseq, parse_via

if TYPE_CHECKING:
    from collections.abc import Callable

T1_S = 0.5
"""Estimated round-trip time in s, after which the first retransmission comes."""
T2_S = 4.0
"""Longest time in s between two retransmissions."""
T4_S = 5.0
"""Longest time in s that a message may stay in the network."""
GIVE_UP_S = 64 * T1_S
MAGIC_COOKIE = "z9hG4bK"
MAX_TRANSACTIONS = 20_000


class Flow(Protocol):
    """Way of the answers to a request: back over its connection, or to an address by UDP."""

    @property
    def transport(self) -> str:
        """`UDP`, `TCP` or `TLS`."""

    @property
    def peer(self) -> tuple[str, int]: ...

    @property
    def local(self) -> tuple[str, int]:
        """Return the address of this machine that the request came to, as a Contact names it."""

    def send(self, data: bytes) -> None:
        """Send one message, or drop it when the connection is gone; never waits, never raises."""


class TransactionState(Enum):
    TRYING = "trying"
    """No final answer yet."""
    COMPLETED = "completed"
    """Answered; repeated at each repeated request, and for a refused INVITE until the ACK."""
    ACCEPTED = "accepted"
    """INVITE answered 2xx; repeated until the dialog's ACK."""
    CONFIRMED = "confirmed"
    """The ACK came; later ones are dropped."""
    TERMINATED = "terminated"


@dataclass(slots=True, eq=False)
class Transaction:
    request: Request
    flow: Flow
    key: tuple[str, ...]
    state: TransactionState = TransactionState.TRYING
    response: bytes = field(default=b"", repr=False)
    retransmit_at: float = 0.0
    interval_s: float = T1_S
    ends_at: float = 0.0
    unacknowledged: Callable[[], None] | None = field(default=None, repr=False)
    """Called when a 2xx was never acknowledged."""

    @property
    def invite(self) -> bool:
        return self.request.method == "INVITE"


def key_of(request: Request) -> tuple[str, ...]:
    """Return the key that the requests of one transaction share; an ACK's is its INVITE's.

    Raises:
        SipError: `no_via`, `no_cseq`, or why they cannot be read.
    """
    via = top_via(request.headers)
    method = "INVITE" if request.method == "ACK" else request.method
    if via.branch.startswith(MAGIC_COOKIE):
        return (via.branch, via.host.lower(), str(via.port or 5060), method)
    # RFC 2543 clients: no branch that could be trusted.
    headers = request.headers
    sequence = parse_cseq(headers.first("cseq") or "")[0]
    from_tag = parse_address(headers.first("from") or "").tag
    return (request.uri, headers.first("call-id") or "", from_tag, str(sequence), via.text(), method)


def top_via(headers: Headers) -> Via:
    """The topmost Via; raises `SipError`."""
    values = headers.values("via")
    if not values:
        raise SipError("no_via")
    return parse_via(values[0])


class ServerTransactions:
    """All transactions of one server. `advance` must be called some times a second."""

    def __init__(self, *, most: int = MAX_TRANSACTIONS) -> None:
        self._most = most
        self._all: dict[tuple[str, ...], Transaction] = {}
        self._due: list[tuple[float, int, Transaction]] = []
        self._order = count()
        self.retransmitted = 0
        """Answers sent again, asked or by time."""

    def __len__(self) -> int:
        return len(self._all)

    @property
    def full(self) -> bool:
        return len(self._all) >= self._most

    def receive(self, request: Request, flow: Flow, now: float) -> Transaction | None:
        """Return the new transaction that `request` opens; None when it belonged to one and is dealt with.

        An ACK never opens one: None is returned for the ACK of a refusal, and `SipError("ack_of_2xx")` raised for one
        that is the dialog's business.

        Raises:
            SipError: the request cannot be told apart from others, or `too_many_transactions`.
        """
        key = key_of(request)
        known = self._all.get(key)
        if request.method == "ACK":
            if known is None or known.state in {TransactionState.ACCEPTED, TransactionState.TRYING}:
                raise SipError("ack_of_2xx")
            if known.state is TransactionState.COMPLETED:
                known.state = TransactionState.CONFIRMED
                self._end_after(known, 0.0 if _reliable(known.flow) else T4_S, now)
            return None
        if known is not None:
            if known.response:
                self.retransmitted += 1
                known.flow.send(known.response)
            return None
        if self.full:
            raise SipError("too_many_transactions")
        transaction = Transaction(request, flow, key)
        self._all[key] = transaction
        return transaction

    def invite_of(self, cancel: Request) -> Transaction | None:
        """Return the INVITE that a CANCEL means; raises `SipError`."""
        return self._all.get((*key_of(cancel)[:-1], "INVITE"))

    def respond(self, transaction: Transaction, response: Response, now: float) -> None:
        """Send an answer, and keep it for repeated requests. A second final answer is ignored."""
        if transaction.state is not TransactionState.TRYING:
            return
        transaction.response = serialise(response)
        transaction.flow.send(transaction.response)
        if response.status < 200:
            return
        reliable = _reliable(transaction.flow)
        if not transaction.invite:
            transaction.state = TransactionState.COMPLETED
            self._end_after(transaction, 0.0 if reliable else GIVE_UP_S, now)
            return
        accepted = response.status < 300
        transaction.state = TransactionState.ACCEPTED if accepted else TransactionState.COMPLETED
        transaction.ends_at = now + GIVE_UP_S
        # A 2xx is repeated over TCP too: its ACK comes from the far end, over whatever lies between (13.3.1.4).
        again = accepted or not reliable
        transaction.retransmit_at = now + T1_S if again else transaction.ends_at
        self._schedule(transaction, min(transaction.retransmit_at, transaction.ends_at))

    def acknowledged(self, transaction: Transaction, now: float) -> None:
        """Note the ACK of the dialog's 2xx; the transaction stays to absorb late INVITEs (RFC 6026)."""
        if transaction.state is TransactionState.ACCEPTED:
            transaction.state = TransactionState.CONFIRMED
            transaction.unacknowledged = None
            self._end_after(transaction, GIVE_UP_S, now)

    def advance(self, now: float) -> None:
        """Carry out retransmissions and ends that are due."""
        while self._due and self._due[0][0] <= now:
            _, _, transaction = heapq.heappop(self._due)
            if transaction.state is TransactionState.TERMINATED:
                continue
            if transaction.ends_at <= now:
                self._terminate(transaction)
            elif (
                transaction.state in {TransactionState.ACCEPTED, TransactionState.COMPLETED}
                and transaction.retransmit_at <= now
            ):
                self.retransmitted += 1
                transaction.flow.send(transaction.response)
                transaction.interval_s = min(transaction.interval_s * 2, T2_S)
                transaction.retransmit_at = now + transaction.interval_s
                self._schedule(transaction, min(transaction.retransmit_at, transaction.ends_at))

    def _end_after(self, transaction: Transaction, seconds: float, now: float) -> None:
        transaction.ends_at = now + seconds
        if seconds <= 0:
            self._terminate(transaction)
        else:
            self._schedule(transaction, transaction.ends_at)

    def _terminate(self, transaction: Transaction) -> None:
        lost = transaction.unacknowledged if transaction.state is TransactionState.ACCEPTED else None
        transaction.state = TransactionState.TERMINATED
        transaction.unacknowledged = None
        self._all.pop(transaction.key, None)
        if lost is not None:
            lost()

    def _schedule(self, transaction: Transaction, at: float) -> None:
        heapq.heappush(self._due, (at, next(self._order), transaction))


def _reliable(flow: Flow) -> bool:
    return flow.transport != "UDP"
