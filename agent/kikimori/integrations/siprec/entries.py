"""Present sessions, each with its dialog: their timers, and their ends (RFC 4028; RFC 3261, 15)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import structlog

from kikimori.integrations.siprec.dialog import SUPPORTED, DialogId, RecordingDialog, contact
from kikimori.media.sip.client import ClientTransactions
from kikimori_core.model.call import EndReason

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kikimori.integrations.siprec.session import RecordingSession
    from kikimori.integrations.siprec.troubles import Troubles
    from kikimori.media.sip.message import Response
    from kikimori.media.sip.transaction import Flow, ServerTransactions, Transaction

log = structlog.get_logger()

NO_AUDIO_AFTER_S = 10.0
"""Seconds without a packet since its start after which a session is reported."""


class RequestTransport(Protocol):
    """Part of the transport that is needed to send requests to the SRC."""

    def udp_flow(self, peer: tuple[str, int]) -> Flow | None: ...


@dataclass(slots=True, eq=False)
class SessionEntry:
    """One session with its dialog."""

    dialog: RecordingDialog
    session: RecordingSession
    refreshed_at: float
    asked_to_refresh: bool = False
    invite: Transaction | None = None
    """The INVITE whose 2xx waits for its ACK."""
    busy: bool = False
    """A change is being made."""
    offered: bool = False
    """Our 2xx held an offer: the ACK holds the answer."""
    told_no_audio: bool = False
    told_wrong_key: bool = False


class Entries:
    """All sessions by dialog."""

    def __init__(
        self,
        transactions: ServerTransactions,
        troubles: Troubles,
        *,
        rtp_idle_s: float,
        clock: Callable[[], float],
    ) -> None:
        self.back: RequestTransport | None = None
        self.clients = ClientTransactions()
        self._transactions = transactions
        self._troubles = troubles
        self._rtp_idle_s = rtp_idle_s
        self._clock = clock
        self._all: dict[DialogId, SessionEntry] = {}
        self._remotes: set[tuple[str, str]] = set()

    def __len__(self) -> int:
        return len(self._all)

    def __iter__(self) -> Iterator[SessionEntry]:
        return iter(list(self._all.values()))

    def __contains__(self, entry: SessionEntry) -> bool:
        return entry.dialog.id in self._all

    def has(self, call_id: str, remote_tag: str) -> bool:
        """Return whether an SRC's INVITE already made a session."""
        return (call_id, remote_tag) in self._remotes

    def get(self, dialog_id: DialogId) -> SessionEntry | None:
        return self._all.get(dialog_id)

    def add(self, entry: SessionEntry) -> None:
        self._all[entry.dialog.id] = entry
        self._remotes.add((entry.dialog.call_id, entry.dialog.remote_tag))

    def watch(self, now: float) -> None:
        """End sessions of lost SRCs; refresh those that are ours to refresh; note sessions without audio."""
        for entry in self:
            timer = entry.dialog.timer
            since = now - entry.refreshed_at
            idle_s = entry.session.idle_s(now)
            if timer is not None and since > timer.patience_s:
                self.lose(entry, "session_expired")
            elif idle_s > self._rtp_idle_s:
                self.lose(entry, "no_rtp")
            elif (
                timer is not None
                and timer.ours
                and since > timer.expires_s / 2
                and not entry.asked_to_refresh
            ):
                self._refresh(entry)
            elif entry.session.undeciphered:
                self._troubles.note("srtp_wrong_key")
                if not entry.told_wrong_key:
                    log.warning("siprec_no_audio", call_id=entry.session.call_id, reason="srtp_wrong_key")
                entry.told_wrong_key = True
            elif not entry.told_no_audio and not entry.session.packets and idle_s > NO_AUDIO_AFTER_S:
                entry.told_no_audio = True
                self._troubles.note("no_audio")
                log.warning("siprec_no_audio", call_id=entry.session.call_id, reason="nothing_comes")
            else:
                entry.told_wrong_key = False

    def end(self, entry: SessionEntry, reason: EndReason) -> None:
        """Close the legs of a session that the SRC ended."""
        if self._all.pop(entry.dialog.id, None) is None:
            return
        self._remotes.discard((entry.dialog.call_id, entry.dialog.remote_tag))
        if entry.invite is not None:
            self._transactions.acknowledged(entry.invite, self._clock())
        entry.session.end(reason)
        log.info("siprec_session_ended", call_id=entry.session.call_id, reason=str(reason))

    def hang_up(self, entry: SessionEntry, reason: EndReason) -> None:
        """Close the legs, and tell the SRC."""
        if entry in self:
            self.end(entry, reason)
            self._ask(entry, "BYE", lambda _: None)

    def lose(self, entry: SessionEntry, why: str) -> None:
        """Hang up a session that the SRC does not keep any more; `why` is a stable word for logs."""
        if entry in self:
            log.warning("siprec_session_lost", call_id=entry.session.call_id, reason=why)
            self.hang_up(entry, EndReason.TIMED_OUT)

    def _refresh(self, entry: SessionEntry) -> None:
        entry.asked_to_refresh = True

        def refreshed(response: Response | None) -> None:
            entry.asked_to_refresh = False
            if response is not None and response.status < 300:
                entry.refreshed_at = self._clock()
            elif response is None or response.status in {408, 481}:
                self.lose(entry, "refresh_refused")

        self._ask(entry, "UPDATE", refreshed)

    def _ask(self, entry: SessionEntry, method: str, answered: Callable[[Response | None], None]) -> None:
        dialog = entry.dialog
        flow = dialog.flow
        if flow.transport == "UDP" and self.back is not None:
            hop = dialog.next_hop()
            flow = (self.back.udp_flow(hop) if hop else None) or flow
        request = dialog.request(method)
        if method == "UPDATE" and dialog.timer is not None:
            request.headers.add("Contact", contact(flow))
            request.headers.add("Supported", SUPPORTED)
            request.headers.add("Session-Expires", f"{dialog.timer.expires_s};refresher=uac")
        self.clients.send(request, flow, self._clock(), answered)
