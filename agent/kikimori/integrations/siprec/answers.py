"""Answers to requests: acceptances with our description, refusals with their reason in the log."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.siprec.dialog import (
    ACCEPT,
    ALLOW,
    SERVER,
    SUPPORTED,
    answer,
    contact,
    timer_headers,
)
from kikimori.integrations.siprec.troubles import explained
from kikimori.media.sip.message import Request, serialise
from kikimori.media.sip.transaction import ServerTransactions, Transaction, TransactionState
from kikimori.ports.refusals import Refusals

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.siprec.entries import SessionEntry
    from kikimori.integrations.siprec.offer import OfferError
    from kikimori.integrations.siprec.troubles import Troubles
    from kikimori.media.sip.transaction import Flow

log = structlog.get_logger()

RETRY_AFTER_S = 10
LATER = ("Retry-After", str(RETRY_AFTER_S))


class Answers:
    """Sender of answers through the transactions, so that a repeated request gets the same answer."""

    def __init__(
        self, transactions: ServerTransactions, troubles: Troubles, clock: Callable[[], float]
    ) -> None:
        self._transactions = transactions
        self._troubles = troubles
        self._clock = clock
        self.refusals = Refusals()

    def trying(self, transaction: Transaction) -> None:
        self._transactions.respond(transaction, answer(transaction.request, 100), self._clock())

    def accept(self, transaction: Transaction, entry: SessionEntry, *, described: bool = True) -> None:
        """200 within the session's dialog, with its description if `described`."""
        request = transaction.request
        response = answer(request, 200, to_tag=entry.dialog.local_tag)
        for value in request.headers.each("record-route"):
            response.headers.add("Record-Route", value)
        response.headers.add("Contact", contact(transaction.flow))
        response.headers.add("Allow", ALLOW)
        response.headers.add("Supported", SUPPORTED)
        response.headers.add("Accept", ACCEPT)
        timer_headers(response, entry.dialog.timer)
        if described:
            response.headers.add("Content-Type", "application/sdp")
            response.body = entry.session.description()
        self._transactions.respond(transaction, response, self._clock())

    def respond(self, transaction: Transaction, status: int, *headers: tuple[str, str]) -> None:
        response = answer(transaction.request, status, to_tag=secrets.token_hex(8))
        if transaction.request.method != "CANCEL":
            response.headers.add("Allow", ALLOW)
            response.headers.add("Supported", SUPPORTED)
        for name, value in headers:
            response.headers.replace(name, value)
        self._transactions.respond(transaction, response, self._clock())

    def refuse(self, transaction: Transaction, status: int, reason: str, *headers: tuple[str, str]) -> None:
        """Refuse, unless it is answered already; `reason` is a stable word for logs."""
        if transaction.state is TransactionState.TRYING:
            self._count(transaction.request, status, reason, transaction.flow)
            self.respond(transaction, status, *headers)

    def refuse_offer(self, transaction: Transaction, error: OfferError) -> None:
        headers = {
            415: ("Accept", ACCEPT),
            421: ("Require", "siprec"),
            # For the SBC's log: its people do not see ours. 399 is any warning (RFC 3261, 20.43).
            488: ("Warning", f'399 {SERVER.lower()} "{explained(error.reason)}"'),
        }.get(error.status)
        self.refuse(transaction, error.status, error.reason, *([headers] if headers else []))

    def refuse_at_once(self, request: Request, flow: Flow, status: int, reason: str) -> None:
        """Refuse a request that cannot have a transaction."""
        self._count(request, status, reason, flow)
        flow.send(serialise(answer(request, status, to_tag=secrets.token_hex(8))))

    def _count(self, request: Request, status: int, reason: str, flow: Flow) -> None:
        self.refusals.note(reason)
        if self._troubles.may_tell(reason):
            log.warning(
                "siprec_refused", peer=flow.peer[0], method=request.method[:16], status=status, reason=reason
            )
