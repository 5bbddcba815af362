"""Recordings whose INVITE holds no offer: this side offers, the SRC answers in its ACK (RFC 3261, 13.2.1).

Cisco Unified CM records so by the telephone's built-in bridge: two sessions for each call, one with the voice of the
near end (the telephone's user), one with that of the far end. Parameters of the URI in From say which is which.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from kikimori.integrations.siprec.metadata import Participant, RecordingMetadata
from kikimori.integrations.siprec.offer import MAX_STREAMS, Offer, OfferError
from kikimori.media.rtp.formats import DTMF, G722, PCMA, PCMU, Format
from kikimori.media.sip.message import SipError
from kikimori.media.sip.sdp import Description, Direction, MediaDescription, RtpMap
from kikimori.media.sip.values import parse_address, parse_uri, plain_number
from kikimori_core.model.call import call_id_from

if TYPE_CHECKING:
    from kikimori.media.sip.message import Headers, Request

_OFFERED: tuple[tuple[int, str, Format], ...] = (
    (0, "PCMU", PCMU),
    (8, "PCMA", PCMA),
    (9, "G722", G722),
    (101, "TELEPHONE-EVENT", DTMF),
)
_NEAR, _FAR = "near", "far"


@dataclass(frozen=True, slots=True)
class BuiltInBridge:
    """One of the two sessions of a call."""

    call_id: str
    """Id that both sessions share."""
    near: bool
    """True = it carries the voice of the telephone's user."""
    user: Participant
    other: Participant


def built_in_bridge(headers: Headers) -> BuiltInBridge | None:
    """Return CUCM's data in From; None for all others."""
    try:
        address = parse_address(headers.first("from") or "")
        uri = parse_uri(address.uri)
    except SipError:
        return None
    said = {**address.parameters, **uri.parameters}
    if "x-refci" not in said or not {"x-nearend", "x-farend"} & said.keys():
        return None
    ends = sorted((said["x-refci"], said.get("x-farendrefci", "")))
    where = said.get("x-nearendclusterid", "")
    user = said.get("x-nearendaddr") or uri.user
    return BuiltInBridge(
        call_id=call_id_from(f"cucm-{where}-{'-'.join(ends)}"),
        near="x-nearend" in said,
        user=Participant(_NEAR, plain_number(user), address.display if user == uri.user else ""),
        other=Participant(_FAR, plain_number(said.get("x-farendaddr", ""))),
    )


def own_offer(request: Request, offer: Offer) -> Offer:
    """Return the offer to an SRC without one: a stream for each label of its metadata.

    Raises:
        OfferError: 488 for a call whose metadata describes no streams.
    """
    metadata = offer.metadata
    bridge = built_in_bridge(request.headers)
    if bridge is not None and metadata is None:
        speaker = _NEAR if bridge.near else _FAR
        metadata = RecordingMetadata(
            participants={each.id: each for each in (bridge.other, bridge.user)},
            labels={"1": "1"},
            sends={speaker: frozenset({"1"})},
        )
    elif metadata is None or not metadata.labels:
        raise OfferError(488, "no_offer")
    labels = list(dict.fromkeys(metadata.labels.values()))[:MAX_STREAMS]
    media = tuple(_media(label) for label in labels)
    return replace(offer, description=Description(media), metadata=metadata)


def with_labels(answer: Offer, labels: list[str | None]) -> Offer:
    """Return an answer with the labels of our offer, which it need not repeat."""
    description = answer.description
    if description is None:
        return answer
    media = tuple(
        each
        if each.label is not None or at >= len(labels) or labels[at] is None
        else replace(each, attributes=(*each.attributes, ("label", labels[at] or "")))
        for at, each in enumerate(description.media)
    )
    return replace(answer, description=replace(description, media=media))


def _media(label: str) -> MediaDescription:
    return MediaDescription(
        kind="audio",
        port=9,
        protocol="RTP/AVP",
        formats=tuple(str(number) for number, _, _ in _OFFERED),
        address=None,
        direction=Direction.SENDONLY,
        attributes=(("label", label),),
        codecs=tuple(RtpMap(number, name, form.clock_rate) for number, name, form in _OFFERED),
    )
