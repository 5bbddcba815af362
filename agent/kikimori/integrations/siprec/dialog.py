"""The SIP side of one recording session: tags, sequence numbers, the way back, the session timer (RFC 3261, RFC 4028)."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori.media.sip.message import Headers, Request, Response, SipError
from kikimori.media.sip.values import bracketed, parse_address, parse_cseq, parse_parameters, parse_uri

if TYPE_CHECKING:
    from kikimori.media.sip.origin import Address
    from kikimori.media.sip.transaction import Flow

ALLOW = "INVITE, ACK, BYE, CANCEL, OPTIONS, UPDATE"
ACCEPT = "multipart/mixed, application/sdp, application/rs-metadata+xml, application/rs-metadata"
SUPPORTED = "siprec, timer"
SERVER = "Kikimori"
MIN_SESSION_S = 90

DialogId = tuple[str, str, str]
"""Call-ID, our tag, the SRC's tag."""


@dataclass(slots=True)
class Timer:
    """The session timer as it was agreed."""

    expires_s: int
    ours: bool
    """True = we must refresh; else the SRC does."""

    @property
    def patience_s(self) -> float:
        """Return the seconds after a refresh at which the session is given up (RFC 4028, 10)."""
        return self.expires_s - min(32.0, self.expires_s / 3)


class TimerTooShortError(Exception):
    """The SRC wants a session timer below `MIN_SESSION_S`: answer 422."""


@dataclass(slots=True)
class RecordingDialog:
    call_id: str
    local_tag: str
    remote_tag: str
    local: str
    """Our From value, with tag."""
    remote: str
    target: str
    """Contact URI of the SRC."""
    routes: tuple[str, ...]
    flow: Flow
    remote_sequence: int
    local_sequence: int = field(default_factory=lambda: secrets.randbelow(1000) + 1)
    allowed: frozenset[str] = frozenset()
    """Methods the SRC takes, in lower case."""
    timer: Timer | None = None

    @classmethod
    def begin(cls, invite: Request, flow: Flow) -> RecordingDialog:
        """Return the dialog that answering `invite` makes.

        Raises:
            SipError: a header that it needs is missing or cannot be read.
        """
        headers = invite.headers
        tag = secrets.token_hex(8)
        remote = headers.first("from") or ""
        contacts = headers.values("contact")
        if not contacts:
            raise SipError("no_contact")
        target = parse_address(contacts[0]).uri
        parse_uri(target)
        return cls(
            call_id=headers.first("call-id") or "",
            local_tag=tag,
            remote_tag=parse_address(remote).tag,
            local=f"{headers.first('to')};tag={tag}",
            remote=remote,
            target=target,
            routes=tuple(headers.values("record-route")),
            flow=flow,
            remote_sequence=parse_cseq(headers.first("cseq") or "")[0],
            allowed=frozenset(headers.tokens("allow")),
        )

    @property
    def id(self) -> DialogId:
        return self.call_id, self.local_tag, self.remote_tag

    def refreshed(self, request: Request, flow: Flow) -> None:
        """Take over flow and target of a re-INVITE or UPDATE, which may differ from the earlier ones."""
        self.flow = flow
        contacts = request.headers.values("contact")
        if contacts:
            self.target = parse_address(contacts[0]).uri
        if request.headers.first("allow") is not None:
            self.allowed = frozenset(request.headers.tokens("allow"))

    def request(self, method: str) -> Request:
        """Return a request of ours within the dialog, without its Via."""
        self.local_sequence += 1
        headers = Headers([("Max-Forwards", "70")])
        for route in self.routes:
            headers.add("Route", route)
        headers.add("From", self.local)
        headers.add("To", self.remote)
        headers.add("Call-ID", self.call_id)
        headers.add("CSeq", f"{self.local_sequence} {method}")
        headers.add("User-Agent", SERVER)
        return Request(method, self.target, headers)

    def next_hop(self) -> Address | None:
        """Return the UDP address of our requests: the first route's, else the Contact's; None = no IP."""
        where = parse_address(self.routes[0]).uri if self.routes else self.target
        try:
            uri = parse_uri(where)
        except SipError:
            return None
        digits = uri.host.replace(".", "").isdigit() or ":" in uri.host
        return (uri.host, uri.port or 5060) if digits else None

    def agree_timer(self, request: Request, usual_s: int) -> Timer | None:
        """Settle the session timer that a request asks for (RFC 4028, 9).

        Raises:
            TimerTooShortError: it is below `MIN_SESSION_S`.
        """
        headers = request.headers
        supported = "timer" in headers.tokens("supported") | headers.tokens("require")
        text, parameters = parse_parameters(headers.first("session-expires") or "")
        if not text:
            if not supported:
                return None
            least = parse_parameters(headers.first("min-se") or "")[0]
            wanted = max(usual_s, int(least)) if least.isdecimal() and len(least) < 7 else usual_s
            return Timer(wanted, ours=False)
        expires_s = int(text) if text.isdecimal() and len(text) < 10 else usual_s
        if expires_s < MIN_SESSION_S:
            raise TimerTooShortError
        if supported and parameters.get("refresher", "uac").lower() == "uac":
            return Timer(expires_s, ours=False)
        # It is we who must refresh. That is done by UPDATE; an SRC without it gets no timer, and RTP tells its death.
        return Timer(expires_s, ours=True) if "update" in self.allowed else None


def answer(request: Request, status: int, *, to_tag: str = "", reason: str = "") -> Response:
    """Return a response with the fields that every response copies from its request (RFC 3261, 8.2.6.2)."""
    headers = Headers()
    for value in request.headers.each("via"):
        headers.add("Via", value)
    headers.add("From", request.headers.first("from") or "")
    to = request.headers.first("to") or ""
    if to_tag and "tag" not in _parameters(to):
        to = f"{to};tag={to_tag}"
    headers.add("To", to)
    headers.add("Call-ID", request.headers.first("call-id") or "")
    headers.add("CSeq", request.headers.first("cseq") or "")
    if status != 100:
        headers.add("Server", SERVER)
    return Response(status, reason, headers)


def contact(flow: Flow) -> str:
    """Return our Contact: `+sip.srs` marks a recording server (RFC 7866, 6.2)."""
    host, port = flow.local
    transport = "" if flow.transport == "UDP" else f";transport={flow.transport.lower()}"
    return f"<sip:{SERVER.lower()}@{bracketed(host)}:{port}{transport}>;+sip.srs"


def timer_headers(response: Response, timer: Timer | None) -> None:
    if timer is None:
        return
    refresher = "uas" if timer.ours else "uac"
    response.headers.add("Session-Expires", f"{timer.expires_s};refresher={refresher}")
    if not timer.ours:
        response.headers.add("Require", "timer")


def _parameters(address: str) -> dict[str, str]:
    try:
        return parse_address(address).parameters
    except SipError:
        return {}
