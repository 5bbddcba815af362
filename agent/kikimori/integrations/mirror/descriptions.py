"""Audio of one side, from the session description that it wrote, as seen on the wire."""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import TYPE_CHECKING

from kikimori.media.rtp.formats import NO_VOICE, STATIC_NAMES, Format, format_of
from kikimori.media.sip.message import Headers
from kikimori.media.sip.sdp import Direction, SdpError, parse_sdp
from kikimori.media.sip.values import parse_parameters

if TYPE_CHECKING:
    from kikimori.integrations.mirror.packets import End
    from kikimori.media.sip.message import Message
    from kikimori.media.sip.sdp import MediaDescription

MOST_PARTS = 8


@dataclass(frozen=True, slots=True)
class Audio:
    """The audio line of one side."""

    end: End | None
    """Address at which this side receives; None when it receives nothing, or names a host instead of an
    address."""
    formats: dict[int, Format]
    """Formats that this side can receive and this program can read, by payload type; preferred first."""
    direction: Direction
    encrypted: bool
    names: dict[int, str] = field(default_factory=dict)
    """Codecs by payload type, also those that cannot be read."""
    preferred: str = ""
    """Name of the voice codec that stands first, which the other side usually takes (RFC 3264, 6.1)."""

    @property
    def may_be_unreadable(self) -> bool:
        """Return whether the first codec cannot be read, though another one can."""
        first = next((number for number, name in self.names.items() if name == self.preferred), None)
        return first is not None and first not in self.formats

    @property
    def holds(self) -> bool:
        """Return whether the side that wrote this has put the other one on hold, if it was offered."""
        return self.direction in (Direction.SENDONLY, Direction.INACTIVE) or self.end is None


def audio_of(message: Message) -> Audio | None:
    """Return the audio of a message's description; None when it has none, or no audio. Raises nothing."""
    body = _sdp_body(message)
    if body is None:
        return None
    try:
        description = parse_sdp(body)
    except SdpError:
        return None
    media = next((each for each in description.media if each.kind == "audio" and each.port), None)
    if media is None:
        return None
    names = _names(media)
    fingerprint = any(name == "fingerprint" for name, _ in (*media.attributes, *description.attributes))
    return Audio(
        end=_end(media),
        formats=_formats(media),
        direction=media.direction,
        # A key beside plain RTP is an offer of either; the answer then has none if it is to be plain.
        encrypted=media.encrypted or fingerprint or bool(media.crypto),
        names=names,
        preferred=next((name for name in names.values() if name not in NO_VOICE), ""),
    )


def _end(media: MediaDescription) -> End | None:
    if media.address is None or (media.on_hold and media.address in ("0.0.0.0", "::")):  # noqa: S104  (a text)
        return None
    try:
        return ip_address(media.address).packed, media.port
    except ValueError:
        return None


def _formats(media: MediaDescription) -> dict[int, Format]:
    found = {}
    for codec in media.codecs:
        text = f"{codec.name}/{codec.clock_rate}/{codec.channels}"
        known = format_of(codec.payload_type, text)
        if known is not None:
            found[codec.payload_type] = known
    return found


def _names(media: MediaDescription) -> dict[int, str]:
    """Return the codecs in the order of the m-line, those without `rtpmap` by their static numbers."""
    described = {codec.payload_type: codec.name for codec in media.codecs}
    numbers = [int(each) for each in media.formats if each.isascii() and each.isdecimal() and len(each) <= 3]
    return {number: described.get(number) or STATIC_NAMES.get(number, str(number)) for number in numbers}


def _sdp_body(message: Message) -> bytes | None:
    """The description, alone or as a part of a multipart body."""
    if not message.body:
        return None
    kind, parameters = parse_parameters(message.headers.first("content-type") or "application/sdp")
    kind = kind.strip().lower()
    if kind == "application/sdp":
        return message.body
    boundary = parameters.get("boundary", "")
    if not kind.startswith("multipart/") or not boundary:
        return None
    for part in message.body.split(b"--" + boundary.encode())[1 : MOST_PARTS + 1]:
        head, _, body = part.lstrip(b"\r\n").partition(b"\r\n\r\n")
        if b"application/sdp" in head.lower():
            return body
    return None


def digit_of(message: Message) -> str | None:
    """Return the key that a SIP INFO tells (`application/dtmf-relay`, `application/dtmf`); None when it tells none."""
    kind = parse_parameters(message.headers.first("content-type") or "")[0].strip().lower()
    text = message.body[:256].decode("ascii", errors="replace")
    if kind == "application/dtmf-relay":
        fields = Headers(
            (name.strip(), value.strip())
            for name, _, value in (line.partition("=") for line in text.splitlines())
            if name.strip()
        )
        text = fields.first("signal") or ""
    elif kind != "application/dtmf":
        return None
    digit = {"10": "*", "11": "#"}.get(text.strip(), text.strip().upper())
    return digit if len(digit) == 1 and digit in "0123456789*#ABCD" else None
