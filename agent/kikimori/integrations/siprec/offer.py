"""Offer of an SRC, read from the body of a request, and the accepted part of it. Pure: no sockets."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori.integrations.siprec.keys import KeysRefusedError, SelectedCrypto, choose_keys
from kikimori.integrations.siprec.metadata import MetadataError, RecordingMetadata, parse_metadata
from kikimori.integrations.siprec.multipart import METADATA, SDP, BodyError, parts_of
from kikimori.media.rtp.formats import Format, PayloadKind, format_of
from kikimori.media.sip.sdp import Description, Direction, MediaDescription, RtpMap, SdpError, parse_sdp

if TYPE_CHECKING:
    from kikimori.media.sip.message import Headers

MAX_STREAMS = 8
"""Most streams of one session that are heard; further ones of a conference are refused."""

_PROFILES = frozenset({"RTP/AVP", "RTP/AVPF", "RTP/SAVP", "RTP/SAVPF"})
_SPOKEN = frozenset(
    {
        PayloadKind.PCMU,
        PayloadKind.PCMA,
        PayloadKind.G722,
        PayloadKind.L16,
        PayloadKind.COMFORT_NOISE,
        PayloadKind.DTMF,
    }
)


class OfferError(Exception):
    """A body that is answered with `status`; `reason` is a stable word for logs."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status = status
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Offer:
    """The body of a request; either part may be missing."""

    description: Description | None
    metadata: RecordingMetadata | None
    metadata_fault: str | None = None
    """Reason for which the metadata could not be read. The call is heard all the same, as if none had
    come."""
    keys_refused: bool = False
    """True = SRTP keys are not accepted from it: it came where others can read it, and that is not
    allowed."""

    @property
    def choices(self) -> tuple[MediaDecision, ...]:
        """Return the choice for each offered m-line; empty without a description."""
        description = self.description
        return () if description is None else choose(description, keys_refused=self.keys_refused)


@dataclass(frozen=True, slots=True)
class MediaDecision:
    """Decision on one offered m-line: accepted codecs, or a refusal."""

    media: MediaDescription
    codecs: tuple[RtpMap, ...] = ()
    """The accepted ones, in the order of the offer; empty = refused."""
    formats: tuple[tuple[int, Format], ...] = ()
    refusal: str | None = None
    """Reason of a refusal, a stable word; None = accepted, or taken away by the SRC itself."""
    secured: SelectedCrypto | None = None
    """None = plain RTP."""

    @property
    def accepted(self) -> bool:
        return bool(self.codecs)

    @property
    def paused(self) -> bool:
        """Return whether the SRC sends nothing in it for now."""
        return not self.media.direction.sends or self.media.on_hold

    @property
    def answer_direction(self) -> Direction:
        return Direction.INACTIVE if self.paused else Direction.RECVONLY


def read_offer(headers: Headers, body: bytes, *, keys_refused: bool = False) -> Offer:
    """Read a body; one that is empty is an offer of nothing. `keys_refused` as in `Offer`.

    Raises:
        OfferError: 415 for a body of another kind, 400 for one that is broken.
    """
    if not body:
        return Offer(None, None)
    if (headers.first("content-encoding") or "identity").strip().lower() not in {"identity", ""}:
        raise OfferError(415, "content_encoded")
    try:
        parts = parts_of(headers.first("content-type"), body)
    except BodyError as error:
        raise OfferError(400, error.reason) from error
    description: Description | None = None
    metadata: RecordingMetadata | None = None
    fault: str | None = None
    for part in parts:
        if part.kind == SDP and description is None:
            try:
                description = parse_sdp(part.body)
            except SdpError as error:
                raise OfferError(400, error.reason) from error
        elif part.kind in METADATA and metadata is None:
            try:
                metadata = parse_metadata(part.body)
            except MetadataError as error:
                fault = error.reason
    # Other parts (application/gtd of Cisco, vendors' own) are none of our business.
    if description is None and metadata is None and fault is None:
        raise OfferError(415, "no_known_body")
    return Offer(description, metadata, fault, keys_refused)


def choose(description: Description, *, keys_refused: bool = False) -> tuple[MediaDecision, ...]:
    """Decide for each offered m-line. All codecs that can be read are accepted: the SRC may change among them."""
    chosen: list[MediaDecision] = []
    for media in description.media:
        choice = _choose(media, keys_refused=keys_refused)
        if choice.accepted:
            accepted = [each for each in chosen if each.accepted]
            if len(accepted) >= MAX_STREAMS:
                choice = MediaDecision(media, refusal="too_many_streams")
            elif any(_same_voice(media, each.media) for each in accepted):
                choice = MediaDecision(media, refusal="offered_twice")
        chosen.append(choice)
    return tuple(chosen)


def refusal_of(choices: tuple[MediaDecision, ...]) -> str | None:
    """Return the reason for which a whole offer is refused; None when part of it is accepted."""
    if any(each.accepted for each in choices):
        return None
    refusals = [each.refusal for each in choices if each.refusal]
    # The reason a person can do something about comes first.
    return min(refusals, key=lambda each: "srtp" not in each, default="no_audio_offered")


def _same_voice(one: MediaDescription, other: MediaDescription) -> bool:
    """Return whether one stream is offered twice, as SRTP and as plain RTP, for us to choose."""
    return one.label is not None and one.label == other.label and one.encrypted != other.encrypted


def _choose(media: MediaDescription, *, keys_refused: bool) -> MediaDecision:
    if media.port == 0:
        return MediaDecision(media)
    if media.kind != "audio":
        return MediaDecision(media, refusal="not_audio")
    # By DTLS is refused too, but for a reason of its own.
    if media.protocol not in _PROFILES and not media.protocol.startswith("UDP/TLS/RTP/"):
        return MediaDecision(media, refusal="not_rtp")
    secured = None
    if media.encrypted:
        try:
            secured = choose_keys(media)
        except KeysRefusedError as error:
            return MediaDecision(media, refusal=error.reason)
        if keys_refused:
            return MediaDecision(media, refusal="srtp_key_in_clear")
    codecs = []
    formats = []
    for codec in media.codecs:
        known = format_of(codec.payload_type, f"{codec.name}/{codec.clock_rate}/{codec.channels}")
        if known is not None and known.kind in _SPOKEN:
            codecs.append(codec)
            formats.append((codec.payload_type, known))
    if not any(known.carries_voice for _, known in formats):
        return MediaDecision(media, refusal="no_known_codec")
    return MediaDecision(media, tuple(codecs), tuple(formats), secured=secured)
