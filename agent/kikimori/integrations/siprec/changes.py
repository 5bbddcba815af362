"""Opening and changing of sessions: the part that waits for ports. RFC 7866, 7.1."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

import structlog

from kikimori.integrations.siprec.answers import LATER, Answers
from kikimori.integrations.siprec.entries import Entries, SessionEntry
from kikimori.media.rtp.ports import NoPortError
from kikimori.media.sip.transaction import ServerTransactions, Transaction, TransactionState
from kikimori_core.model.call import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable

    from kikimori.integrations.siprec.dialog import RecordingDialog
    from kikimori.integrations.siprec.offer import Offer
    from kikimori.integrations.siprec.session import RecordingSession
    from kikimori.integrations.siprec.troubles import Troubles
    from kikimori.media.sip.message import Request
    from kikimori.media.sip.transaction import Flow

log = structlog.get_logger()


class SessionChanges:
    """Changes of sessions. Each method is a task of its own; a failure ends only that session."""

    def __init__(
        self,
        make_session: Callable[[Request, Flow], RecordingSession],
        transactions: ServerTransactions,
        entries: Entries,
        answers: Answers,
        troubles: Troubles,
        clock: Callable[[], float],
    ) -> None:
        self._make_session = make_session
        self._transactions = transactions
        self._entries = entries
        self._answers = answers
        self._troubles = troubles
        self._clock = clock
        self.beginning: set[tuple[str, str]] = set()
        """Call-ID and the SRC's tag of sessions that are being opened."""
        self.begun = 0
        self.closing = False

    async def begin(
        self, transaction: Transaction, dialog: RecordingDialog, offer: Offer, *, offered: bool = False
    ) -> None:
        """Open a session. `offered`: the offer is ours, and the ACK answers it."""
        session = self._make_session(transaction.request, transaction.flow)
        now = self._clock()
        entry = SessionEntry(dialog, session, refreshed_at=now, offered=offered)
        try:
            await session.take(offer)
        except NoPortError as error:
            self._troubles.note("no_rtp_port")
            log.error("siprec_no_rtp_port", problem=error.message)
            self._answers.refuse(transaction, 503, "no_rtp_port", LATER)
        except Exception:  # one session's fault ends only that session
            log.exception("siprec_session_failed", call_id=session.call_id)
            self._answers.refuse(transaction, 500, "internal_error")
        finally:
            self.beginning.discard((dialog.call_id, dialog.remote_tag))
            if transaction.state is not TransactionState.TRYING or self.closing:
                session.end(EndReason.HUNG_UP)
        if transaction.state is TransactionState.TRYING and not self.closing:
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

    async def change(self, transaction: Transaction, entry: SessionEntry, offer: Offer) -> None:
        try:
            await entry.session.take(offer)
        except NoPortError as error:
            self._troubles.note("no_rtp_port")
            log.error("siprec_no_rtp_port", problem=error.message)
            self._answers.refuse(transaction, 500, "no_rtp_port", LATER)
            return
        except Exception:  # one session's fault ends only that session
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

    def _await_ack(self, transaction: Transaction, entry: SessionEntry) -> None:
        if entry.invite is not None:
            # Who asks anew has the last answer.
            self._transactions.acknowledged(entry.invite, self._clock())
        entry.invite = transaction
        transaction.unacknowledged = partial(self._entries.lose, entry, "never_acknowledged")

    async def settle(self, entry: SessionEntry, offer: Offer) -> None:
        """Take the answer to an offer of ours; it needs no reply."""
        try:
            await entry.session.take(offer)
        except Exception:  # one session's fault ends only that session
            log.exception("siprec_session_failed", call_id=entry.session.call_id)
            self._entries.hang_up(entry, EndReason.PROTOCOL_ERROR)
        finally:
            entry.busy = False
