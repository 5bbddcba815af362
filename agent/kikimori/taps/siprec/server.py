"""All recording sessions: what is answered to which request (RFC 7866, RFC 3261, RFC 4028)."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.model.call import EndReason
from kikimori.taps.rtp.ports import NoPortError
from kikimori.taps.sip.message import Request, Response, SipError
from kikimori.taps.sip.transaction import ServerTransactions, State, Transaction
from kikimori.taps.sip.values import parse_address
from kikimori.taps.siprec.answers import LATER, Answers
from kikimori.taps.siprec.dialog import (
    ACCEPT,
    ALLOW,
    MIN_SESSION_S,
    Dialog,
    TimerTooShortError,
    contact,
)
from kikimori.taps.siprec.entries import Entries, Entry
from kikimori.taps.siprec.offer import Offer, OfferError, choose, read_offer, refusal_of
from kikimori.taps.siprec.policy import (
    KNOWN_METHODS,
    UNDERSTOOD,
    check,
    dialog_id_of,
    sequence_of,
    worth_recording,
)
from kikimori.taps.siprec.troubles import Troubles

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.taps.sip.transaction import Flow
    from kikimori.taps.siprec.entries import Back
    from kikimori.taps.siprec.session import RecordingSession

log = structlog.get_logger()

_WATCH_EVERY_S = 1.0
_TICK_S = 0.05


class RecordingServer:
    """A `kikimori.taps.sip.transport.Handler`. Use with `run` in a task."""

    def __init__(
        self,
        make_session: Callable[[Request, Flow], RecordingSession],
        *,
        max_sessions: int,
        session_expires_s: int,
        rtp_idle_s: float,
        clock: Callable[[], float],
    ) -> None:
        self._make_session = make_session
        self._max_sessions = max_sessions
        self._expires_s = session_expires_s
        self._clock = clock
        self.troubles = Troubles(clock)
        self._transactions = ServerTransactions()
        self._entries = Entries(self._transactions, self.troubles, rtp_idle_s=rtp_idle_s, clock=clock)
        self._beginning: set[tuple[str, str]] = set()
        """Call-ID and the SRC's tag of sessions that are being opened."""
        self._tasks: asyncio.TaskGroup | None = None
        self._closing = False
        self._answers = Answers(self._transactions, self.troubles, clock)
        self.begun = 0

    def reach(self, back: Back) -> None:
        """Say how the SRCs are reached; before `run`."""
        self._entries.back = back

    @property
    def sessions(self) -> int:
        return len(self._entries)

    @property
    def refused(self) -> int:
        return self._answers.refused

    @property
    def retransmitted(self) -> int:
        return self._transactions.retransmitted

    async def run(self) -> None:
        """Until cancelled: make changes, keep the timers."""
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
        """End every session and tell the SRCs; waits for their answers so long."""
        self._closing = True
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
                self._acknowledge(request)
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
        if invite.state is State.TRYING:
            # Whoever opens the session finds the transaction answered and lets it go.
            self._answers.respond(invite, 487)

    def _invite(self, transaction: Transaction) -> None:
        request = transaction.request
        dialog = Dialog.begin(request, transaction.flow)
        remote = (dialog.call_id, dialog.remote_tag)
        if remote in self._beginning or self._entries.has(*remote):
            self._answers.refuse(transaction, 482, "same_call_twice")
            return
        if self._full or self._tasks is None:
            self.troubles.note("full")
            self._answers.refuse(transaction, 503, "too_many_sessions", LATER)
            return
        try:
            offer = read_offer(request.headers, request.body)
            description = worth_recording(request, offer)
            dialog.timer = dialog.agree_timer(request, self._expires_s)
        except OfferError as error:
            self._answers.refuse_offer(transaction, error)
            return
        except TimerTooShortError:
            self._answers.refuse(transaction, 422, "timer_too_short", ("Min-SE", str(MIN_SESSION_S)))
            return
        refusal = refusal_of(choose(description))
        if refusal is not None:
            self.troubles.note(refusal)
            self._answers.refuse(transaction, 488, refusal)
            return
        self._answers.trying(transaction)
        self._beginning.add(remote)
        self._tasks.create_task(self._begin(transaction, dialog, offer))

    async def _begin(self, transaction: Transaction, dialog: Dialog, offer: Offer) -> None:
        session = self._make_session(transaction.request, transaction.flow)
        now = self._clock()
        entry = Entry(dialog, session, began_at=now, refreshed_at=now)
        try:
            await session.take(offer)
        except NoPortError as error:
            self.troubles.note("no_rtp_port")
            log.error("siprec_no_rtp_port", problem=error.message)
            self._answers.refuse(transaction, 503, "no_rtp_port", LATER)
        except Exception:  # one session's fault ends only that session
            log.exception("siprec_session_failed", call_id=session.call_id)
            self._answers.refuse(transaction, 500, "internal_error")
        finally:
            self._beginning.discard((dialog.call_id, dialog.remote_tag))
            if transaction.state is not State.TRYING or self._closing:
                session.end(EndReason.HUNG_UP)
        if transaction.state is State.TRYING and not self._closing:
            self._entries.add(entry)
            self.begun += 1
            log.info(
                "siprec_session_started",
                call_id=session.call_id,
                roles=session.roles,
                transport=transaction.flow.transport,
                src=(transaction.request.headers.first("user-agent") or "")[:64],
                metadata="none" if offer.metadata is None else "read",
                metadata_fault=offer.metadata_fault,
            )
            self._await_ack(transaction, entry)
            self._answers.accept(transaction, entry)

    def _within(self, transaction: Transaction) -> None:
        """A request of a session that is there, or said to be."""
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
            offer = read_offer(request.headers, request.body)
            timer = entry.dialog.agree_timer(request, self._expires_s)
        except OfferError as error:
            self._answers.refuse_offer(transaction, error)
            return
        except TimerTooShortError:
            self._answers.refuse(transaction, 422, "timer_too_short", ("Min-SE", str(MIN_SESSION_S)))
            return
        entry.busy = True
        entry.dialog.refreshed(request, transaction.flow)
        entry.dialog.timer = timer or entry.dialog.timer
        entry.refreshed_at = self._clock()
        entry.asked_to_refresh = False
        self._tasks.create_task(self._change(transaction, entry, offer))

    async def _change(self, transaction: Transaction, entry: Entry, offer: Offer) -> None:
        try:
            await entry.session.take(offer)
        except NoPortError as error:
            self.troubles.note("no_rtp_port")
            log.error("siprec_no_rtp_port", problem=error.message)
            self._answers.refuse(transaction, 500, "no_rtp_port", LATER)
            return
        except Exception:  # as above
            log.exception("siprec_session_failed", call_id=entry.session.call_id)
            self._answers.refuse(transaction, 500, "internal_error")
            self._entries.hang_up(entry, EndReason.PROTOCOL_ERROR)
            return
        finally:
            entry.busy = False
        if entry not in self._entries:
            self._answers.refuse(transaction, 481, "no_such_session")
            return
        log.info("siprec_session_changed", call_id=entry.session.call_id, roles=entry.session.roles)
        # A re-INVITE without an offer asks for ours.
        entry.offered = transaction.invite and offer.description is None
        if transaction.invite:
            self._await_ack(transaction, entry)
        self._answers.accept(
            transaction, entry, described=transaction.invite or offer.description is not None
        )

    def _await_ack(self, transaction: Transaction, entry: Entry) -> None:
        if entry.invite is not None:
            # Who asks anew has the last answer.
            self._transactions.acknowledged(entry.invite, self._clock())
        entry.invite = transaction
        transaction.unacknowledged = partial(self._entries.lose, entry, "never_acknowledged")

    def _acknowledge(self, request: Request) -> None:
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
                offer = read_offer(request.headers, request.body)
            except OfferError as error:
                log.warning("siprec_bad_answer", call_id=entry.session.call_id, reason=error.reason)
                return
            entry.busy = True
            self._tasks.create_task(self._settle(entry, offer))

    async def _settle(self, entry: Entry, offer: Offer) -> None:
        """Take the answer to an offer of ours; nobody waits for a word of it."""
        try:
            await entry.session.take(offer)
        except Exception:  # as above
            log.exception("siprec_session_failed", call_id=entry.session.call_id)
            self._entries.hang_up(entry, EndReason.PROTOCOL_ERROR)
        finally:
            entry.busy = False

    @property
    def _full(self) -> bool:
        return self._closing or len(self._entries) + len(self._beginning) >= self._max_sessions
