"""Conditions that a request must meet for this server to deal with it. Pure: no sockets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori.integrations.siprec.offer import Offer, OfferError
from kikimori.media.sip.message import Request, SipError
from kikimori.media.sip.sdp import Direction
from kikimori.media.sip.values import parse_address, parse_cseq

if TYPE_CHECKING:
    from kikimori.integrations.siprec.dialog import DialogId

KNOWN_METHODS = frozenset({"REGISTER", "PRACK", "INFO", "MESSAGE", "REFER", "SUBSCRIBE", "NOTIFY", "PUBLISH"})
"""Methods of SIP that a recording server has no use for: 405. Others are unknown: 501."""
UNDERSTOOD = frozenset({"siprec", "timer", "100rel"})
"""Options accepted in Require. Only `100 Trying` comes before our final answer, without need of 100rel."""


def check(request: Request) -> None:
    """Check that a request has its required fields (RFC 3261, 8.1.1).

    Raises:
        SipError: something is missing or cannot be read.
    """
    headers = request.headers
    for name in ("from", "to"):
        parse_address(headers.first(name) or "")
    if not headers.first("call-id"):
        raise SipError("no_call_id")
    if parse_cseq(headers.first("cseq") or "")[1] != request.method:
        raise SipError("bad_cseq")


def sequence_of(request: Request) -> int:
    return parse_cseq(request.headers.first("cseq") or "")[0]


def dialog_id_of(request: Request) -> DialogId:
    """Return the dialog that a request of the SRC names."""
    headers = request.headers
    to_tag = parse_address(headers.first("to") or "").tag
    from_tag = parse_address(headers.first("from") or "").tag
    return headers.first("call-id") or "", to_tag, from_tag


def worth_recording(request: Request, offer: Offer) -> None:
    """Check that an INVITE asks for a recording.

    Raises:
        OfferError: 488 without an offer, 421 for a call that wants to be answered by somebody.
    """
    headers = request.headers
    description = offer.description
    if description is None:
        raise OfferError(488, "no_offer")
    says_so = (
        "siprec" in headers.tokens("require")
        or offer.metadata is not None
        or offer.metadata_fault is not None
        or any("+sip.src" in parse_address(each).parameters for each in headers.values("contact"))
    )
    # Some SRCs say nothing; but who only wants to be heard offers to send only.
    one_way = all(each.direction in {Direction.SENDONLY, Direction.INACTIVE} for each in description.media)
    if not says_so and not one_way:
        raise OfferError(421, "not_a_recording")
