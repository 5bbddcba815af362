"""All recording sessions, and the answers to requests (RFC 7866, RFC 3261, RFC 4028)."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.siprec.answers import LATER, Answers
from kikimori.integrations.siprec.changes import SessionChanges
from kikimori.integrations.siprec.delayed import own_offer, with_labels
from kikimori.integrations.siprec.dialog import (
    ACCEPT,
    ALLOW,
    MIN_SESSION_S,
    RecordingDialog,
    TimerTooShortError,
    contact,
)
from kikimori.integrations.siprec.entries import Entries
from kikimori.integrations.siprec.offer import Offer, OfferError, read_offer, refusal_of
from kikimori.integrations.siprec.policy import (
    KNOWN_METHODS,
    UNDERSTOOD,
    check,
    dialog_id_of,
    sequence_of,
    worth_recording,
)
from kikimori.integrations.siprec.troubles import Troubles
from kikimori.media.sip.message import Request, Response, SipError
from kikimori.media.sip.transaction import ServerTransactions, Transaction, TransactionState
from kikimori.media.sip.values import parse_address
from kikimori_core.model.call import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.siprec.entries import RequestTransport
    from kikimori.integrations.siprec.session import RecordingSession
    from kikimori.media.sip.transaction import Flow
    from kikimori.ports.refusals import Refusals

log = structlog.get_logger()

_WATCH_EVERY_S = 1.0
_TICK_S = 0.05
_MOST_EXPOSED = 1000
"""Most SBCs for which a log line is written."""


class RecordingServer:
    """A `kikimori.media.sip.transport.Handler`. Use with `run` in a task."""

    def __init__(
        self,
        make_session: Callable[[Request, Flow], RecordingSession],
        *,
        max_sessions: int,
        session_expires_s: int,
        rtp_idle_s: float,
        srtp_needs_tls: bool = False,
        clock: Callable[[], float],
    ) -> None:
        self._max_sessions = max_sessions
        self._expires_s = session_expires_s
        self._srtp_needs_tls = srtp_needs_tls
        self._exposed: set[str] = set()
        self._clock = clock
        self.troubles = Troubles(clock)
        self._transactions = ServerTransactions()
        self._entries = Entries(self._transactions, self.troubles, rtp_idle_s=rtp_idle_s, clock=clock)
        self._tasks: asyncio.TaskGroup | None = None
        self._answers = Answers(self._transactions, self.troubles, clock)
        self._changes = SessionChanges(
            make_session, self._transactions, self._entries, self._answers, self.troubles, clock
        )

    def reach(self, back: RequestTransport) -> None:
        """Set the transport to the SRCs; before `run`."""
        self._entries.back = back

    @property
    def sessions(self) -> int:
        return len(self._entries)

    @property
    def begun(self) -> int:
        return self._changes.begun

    @property
    def refusals(self) -> Refusals:
        return self._answers.refusals

    @property
    def retransmitted(self) -> int:
        return self._transactions.retransmitted

    async def run(self) -> None:
        """Carry out changes and timers until cancelled."""
        watched_at = self._clock()
        async with asyncio.TaskGroup() as tasks:
            self._tasks = tasks
            try:
                while True:
                    await asyncio.sleep(_TICK_S)
                    now = self._clock()
                    self._transactions.advance(now)
                    self._entries.clients.advance(now)
                    if now - watched_at >= _WATCH_EVERY_S:
                        watched_at = now
                        self._entries.watch(now)
            finally:
                self._tasks = None

    async def close(self, *, patience_s: float = 2.0) -> None:
        """End every session with a BYE; waits for the SRCs' answers for a limited time."""
        self._changes.closing = True
        for entry in self._entries:
            self._entries.hang_up(entry, EndReason.SHUTDOWN)
        until = self._clock() + patience_s
        while len(self._entries.clients) and self._clock() < until:
            await asyncio.sleep(_TICK_S)
            self._entries.clients.advance(self._clock())

    # --- Handler

    def request(self, request: Request, flow: Flow) -> None:
        try:
            check(request)
            transaction = self._transactions.receive(request, flow, self._clock())
        except SipError as error:
            if error.reason == "ack_of_2xx":
                self._acknowledge(request, flow)
            elif request.method != "ACK":
                status = 503 if error.reason == "too_many_transactions" else 400
                self._answers.refuse_at_once(request, flow, status, error.reason)
            return
        if transaction is None:
            return
        try:
            self._dispatch(transaction)
        except SipError as error:
            self._answers.refuse(transaction, 400, error.reason)

    def response(self, response: Response) -> None:
        self._entries.clients.receive(response)

    # --- requests

    def _dispatch(self, transaction: Transaction) -> None:
        request = transaction.request
        method = request.method
        if method == "CANCEL":
            self._cancel(transaction)
            return
        unknown = request.headers.tokens("require") - UNDERSTOOD
        if unknown:
            self._answers.refuse(
                transaction, 420, "unknown_extension", ("Unsupported", ", ".join(sorted(unknown)))
            )
            return
        match method:
            case "OPTIONS":
                self._options(transaction)
            case "INVITE" | "UPDATE" | "BYE":
                if parse_address(request.headers.first("to") or "").tag:
                    self._within(transaction)
                elif method == "INVITE":
                    self._invite(transaction)
                else:
                    self._answers.refuse(transaction, 481, "no_such_session")
            case _:
                known = method in KNOWN_METHODS
                reason = "method_not_allowed" if known else "method_unknown"
                self._answers.refuse(transaction, 405 if known else 501, reason, ("Allow", ALLOW))

    def _options(self, transaction: Transaction) -> None:
        # The status is that of an INVITE now (RFC 3261, 11.2): a full server is not asked for more.
        if self._full:
            self._answers.respond(transaction, 503, LATER)
        else:
            self._answers.respond(
                transaction, 200, ("Accept", ACCEPT), ("Contact", contact(transaction.flow))
            )

    def _cancel(self, transaction: Transaction) -> None:
        invite = self._transactions.invite_of(transaction.request)
        if invite is None:
            self._answers.refuse(transaction, 481, "no_such_transaction")
            return
        self._answers.respond(transaction, 200)
        if invite.state is TransactionState.TRYING:
            # Whoever opens the session finds the transaction answered and lets it go.
            self._answers.respond(invite, 487)

    def _invite(self, transaction: Transaction) -> None:
        request = transaction.request
        dialog = RecordingDialog.begin(request, transaction.flow)
        remote = (dialog.call_id, dialog.remote_tag)
        if remote in self._changes.beginning or self._entries.has(*remote):
            self._answers.refuse(transaction, 482, "same_call_twice")
            return
        if self._full or self._tasks is None:
            self.troubles.note("full")
            self._answers.refuse(transaction, 503, "too_many_sessions", LATER)
            return
        try:
            offer = self._read(request, transaction.flow)
            offered = offer.description is None
            if offered:
                offer = own_offer(request, offer)
            worth_recording(request, offer)
            dialog.timer = dialog.agree_timer(request, self._expires_s)
        except OfferError as error:
            self._answers.refuse_offer(transaction, error)
            return
        except TimerTooShortError:
            self._answers.refuse(transaction, 422, "timer_too_short", ("Min-SE", str(MIN_SESSION_S)))
            return
        refusal = refusal_of(offer.choices)
        if refusal is not None:
            self.troubles.note(refusal)
            self._answers.refuse_offer(transaction, OfferError(488, refusal))
            return
        self._note(offer, transaction.flow)
        self._answers.trying(transaction)
        self._changes.beginning.add(remote)
        self._tasks.create_task(self._changes.begin(transaction, dialog, offer, offered=offered))

    def _within(self, transaction: Transaction) -> None:
        """Handle a request within a session, or one that claims to be."""
        request = transaction.request
        entry = self._entries.get(dialog_id_of(request))
        if entry is None:
            self._answers.refuse(transaction, 481, "no_such_session")
            return
        sequence = sequence_of(request)
        if sequence <= entry.dialog.remote_sequence:
            self._answers.refuse(transaction, 500, "out_of_order")
            return
        entry.dialog.remote_sequence = sequence
        if request.method == "BYE":
            self._answers.respond(transaction, 200)
            self._entries.end(entry, EndReason.HUNG_UP)
            return
        if entry.busy or self._tasks is None:
            self._answers.refuse(transaction, 500, "change_under_way", ("Retry-After", "1"))
            return
        try:
            offer = self._read(request, transaction.flow)
            _check_change(offer)
            timer = entry.dialog.agree_timer(request, self._expires_s)
        except OfferError as error:
            self.troubles.note(error.reason)
            self._answers.refuse_offer(transaction, error)
            return
        except TimerTooShortError:
            self._answers.refuse(transaction, 422, "timer_too_short", ("Min-SE", str(MIN_SESSION_S)))
            return
        self._note(offer, transaction.flow)
        entry.busy = True
        entry.dialog.refreshed(request, transaction.flow)
        entry.dialog.timer = timer or entry.dialog.timer
        entry.refreshed_at = self._clock()
        entry.asked_to_refresh = False
        self._tasks.create_task(self._changes.change(transaction, entry, offer))

    def _acknowledge(self, request: Request, flow: Flow) -> None:
        entry = self._entries.get(dialog_id_of(request))
        if entry is None or entry.invite is None:
            return
        # Each INVITE has its own ACK; a late one of the last INVITE is not this one's.
        if sequence_of(request) != sequence_of(entry.invite.request):
            return
        self._transactions.acknowledged(entry.invite, self._clock())
        entry.invite = None
        if entry.offered and request.body and self._tasks is not None and not entry.busy:
            entry.offered = False
            try:
                offer = with_labels(self._read(request, flow), entry.session.labels)
            except OfferError as error:
                log.warning("siprec_bad_answer", call_id=entry.session.call_id, reason=error.reason)
                return
            self._note(offer, flow)
            entry.busy = True
            self._tasks.create_task(self._changes.settle(entry, offer))

    def _read(self, request: Request, flow: Flow) -> Offer:
        return read_offer(
            request.headers, request.body, keys_refused=self._srtp_needs_tls and flow.transport != "TLS"
        )

    def _note(self, offer: Offer, flow: Flow) -> None:
        """Note the problems of an accepted offer, of which some parts may be refused."""
        choices = offer.choices
        for each in choices:
            if each.refusal is not None:
                self.troubles.note(each.refusal)
        if flow.transport != "TLS" and any(each.secured for each in choices):
            self.troubles.note("srtp_key_exposed")
            # Once for each SBC: it does so at every call, and the page says it all the while.
            if flow.peer[0] not in self._exposed and len(self._exposed) < _MOST_EXPOSED:
                self._exposed.add(flow.peer[0])
                log.warning("siprec_srtp_key_exposed", peer=flow.peer[0], transport=flow.transport)

    @property
    def _full(self) -> bool:
        return (
            self._changes.closing or len(self._entries) + len(self._changes.beginning) >= self._max_sessions
        )


def _check_change(offer: Offer) -> None:
    """Raise OfferError for a change without audible audio; the session stays as it was (RFC 3261, 14.2)."""
    choices = offer.choices
    # An SRC may take all its streams away for a while.
    if any(each.refusal for each in choices):
        refusal = refusal_of(choices)
        if refusal is not None:
            raise OfferError(488, refusal)
