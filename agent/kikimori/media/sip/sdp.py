"""Session descriptions, read and answered. Source: RFC 8866 (SDP), RFC 3264 (offer and answer), RFC 4574 (labels)."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

MAX_SDP_BYTES = 64 * 1024
MAX_LINES = 1000
MAX_MEDIA = 32
_MAX_FORMATS = 64


class SdpError(Exception):
    """Not a session description. `reason` is a stable word for logs."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Direction(StrEnum):
    """Direction as seen by the writer of the description."""

    SENDRECV = "sendrecv"
    SENDONLY = "sendonly"
    RECVONLY = "recvonly"
    INACTIVE = "inactive"

    @property
    def sends(self) -> bool:
        return self in {Direction.SENDRECV, Direction.SENDONLY}


_DIRECTIONS = {str(each): each for each in Direction}

STATIC_CODECS = {0: ("PCMU", 8000, 1), 8: ("PCMA", 8000, 1), 9: ("G722", 8000, 1), 13: ("CN", 8000, 1)}
"""Payload types that need no rtpmap (RFC 3551): name, clock rate, channels."""


@dataclass(frozen=True, slots=True)
class RtpMap:
    """Meaning of a payload type."""

    payload_type: int
    name: str
    """Name in capitals: PCMU, PCMA, G722, TELEPHONE-EVENT, …"""
    clock_rate: int
    """Clock rate of the timestamps in hertz; G.722 says 8000 although it carries 16 000 samples a second."""
    channels: int = 1
    parameters: str = ""
    """Text of its fmtp line."""


@dataclass(frozen=True, slots=True)
class MediaDescription:
    """One m-line with what belongs to it."""

    kind: str
    """`audio`, `video`, …"""
    port: int
    """0 = refused or removed."""
    protocol: str
    """`RTP/AVP`, `RTP/SAVP`, … in capitals."""
    formats: tuple[str, ...]
    """Formats as they stand in the m-line: payload types for RTP."""
    address: str | None
    """Address at which this side receives: its own c-line's, else the session's."""
    direction: Direction
    attributes: tuple[tuple[str, str], ...] = ()
    codecs: tuple[RtpMap, ...] = ()
    """Codecs in the order of `formats`; a payload type without explanation is left out."""
    crypto: tuple[str, ...] = field(default=(), repr=False)
    """Values of its `a=crypto` lines, for `kikimori.media.sip.crypto`. They hold keys, so `attributes` has them not."""

    def attribute(self, name: str) -> str | None:
        """Value of the first `a=name:value`; empty for `a=name`; None when there is none."""
        return next((value for each, value in self.attributes if each == name), None)

    @property
    def label(self) -> str | None:
        return self.attribute("label")

    @property
    def encrypted(self) -> bool:
        """Return whether the audio is SRTP, which only a holder of its keys can hear."""
        return "SAVP" in self.protocol

    @property
    def on_hold(self) -> bool:
        """Return whether this side asks for no audio: `inactive`, or 0.0.0.0 as RFC 2543 had it."""
        return self.direction is Direction.INACTIVE or self.address in {"0.0.0.0", "::"}  # noqa: S104  (a text, no bind)


@dataclass(frozen=True, slots=True)
class Description:
    media: tuple[MediaDescription, ...]
    origin: str = ""
    """Text of the o-line: it changes whenever the description does."""
    attributes: tuple[tuple[str, str], ...] = ()
    """Attributes of the session."""


@dataclass(frozen=True, slots=True)
class MediaAnswer:
    """Answer to one offered m-line."""

    offered: MediaDescription
    port: int = 0
    """0 = refused."""
    direction: Direction = Direction.RECVONLY
    codecs: tuple[RtpMap, ...] = ()
    """The accepted ones; ignored when refused."""
    crypto: str | None = field(default=None, repr=False)
    """Value of the `a=crypto` line, with a key of ours; None = plain RTP."""


def parse_sdp(body: bytes) -> Description:
    """Read a description.

    Raises:
        SdpError: `sdp_too_long`, `not_sdp`, `bad_media_line`, `too_many_media`.
    """
    if len(body) > MAX_SDP_BYTES:
        raise SdpError("sdp_too_long")
    lines = body.decode("utf-8", errors="replace").splitlines()
    if len(lines) > MAX_LINES:
        raise SdpError("sdp_too_long")
    sections = [_Section()]
    origin = ""
    begun = False
    for line in lines:
        kind, equals, value = line.strip().partition("=")
        if not kind and not equals:
            continue
        if not equals or len(kind) != 1:
            raise SdpError("not_sdp")
        if not begun and (kind, value.strip()) != ("v", "0"):
            raise SdpError("not_sdp")
        begun = True
        value = value.strip()
        match kind:
            case "o":
                origin = value
            case "m":
                if len(sections) > MAX_MEDIA:
                    raise SdpError("too_many_media")
                sections.append(_Section(value))
            case "c":
                sections[-1].address = sections[-1].address or _address(value)
            case "a":
                name, _, text = value.partition(":")
                sections[-1].attributes.append((name.strip().lower(), text.strip()))
    if not begun:
        raise SdpError("not_sdp")
    session, *media = sections
    attributes = tuple(each for each in session.attributes if each[0] != "crypto")
    return Description(tuple(_media(each, session) for each in media), origin, attributes)


def write_answer(
    address: str, session_id: int, version: int, answers: Iterable[MediaAnswer], *, name: str = "kikimori"
) -> bytes:
    """Write the description that answers, one m-line per offered one in the same order.

    `address` is where audio is received, an IP address; `version` must grow whenever the description changes.
    """
    family = "IP6" if ":" in address else "IP4"
    lines = [
        "v=0",
        f"o={name} {session_id} {version} IN {family} {address}",
        f"s={name}",
        f"c=IN {family} {address}",
        "t=0 0",
    ]
    for answer in answers:
        lines += _answer_lines(answer)
    return ("\r\n".join(lines) + "\r\n").encode()


@dataclass(slots=True)
class _Section:
    head: str = ""
    address: str | None = None
    attributes: list[tuple[str, str]] = field(default_factory=list)


def _media(section: _Section, session: _Section) -> MediaDescription:
    parts = section.head.split()
    if len(parts) < 3:
        raise SdpError("bad_media_line")
    kind, port_text, protocol, *formats = parts
    port = port_text.partition("/")[0]
    if not re.fullmatch("[0-9]{1,5}", port) or int(port) > 65535 or len(formats) > _MAX_FORMATS:
        raise SdpError("bad_media_line")
    direction = _direction(section.attributes) or _direction(session.attributes) or Direction.SENDRECV
    return MediaDescription(
        kind=kind.lower(),
        port=int(port),
        protocol=protocol.upper(),
        formats=tuple(formats),
        address=section.address or session.address,
        direction=direction,
        attributes=tuple(each for each in section.attributes if each[0] != "crypto"),
        codecs=tuple(_codecs(formats, section.attributes)),
        crypto=tuple(value for name, value in section.attributes if name == "crypto"),
    )


def _direction(attributes: Sequence[tuple[str, str]]) -> Direction | None:
    return next((_DIRECTIONS[name] for name, _ in attributes if name in _DIRECTIONS), None)


def _address(text: str) -> str | None:
    """`IN IP4 10.0.0.1/127` → `10.0.0.1`."""
    parts = text.split()
    return parts[2].partition("/")[0] if len(parts) >= 3 else None


def _codecs(formats: list[str], attributes: list[tuple[str, str]]) -> Iterable[RtpMap]:
    maps = {}
    parameters = {}
    for name, value in attributes:
        key, _, text = value.partition(" ")
        if name == "rtpmap":
            maps[key] = text.strip()
        elif name == "fmtp":
            parameters[key] = text.strip()
    seen = set()
    for each in formats:
        if not re.fullmatch("[0-9]{1,3}", each) or int(each) > 127 or each in seen:
            continue
        seen.add(each)
        named = _named(maps[each]) if each in maps else STATIC_CODECS.get(int(each))
        if named is not None:
            yield RtpMap(int(each), *named, parameters.get(each, ""))


def _named(text: str) -> tuple[str, int, int] | None:
    """`PCMU/8000/1` → name in capitals, clock rate, channels; None for a broken one."""
    found = re.fullmatch(r"\s*([^\s/]{1,64})\s*/\s*([0-9]{1,6})\s*(?:/\s*([0-9]{1,2})\s*)?", text)
    return (found[1].upper(), int(found[2]), int(found[3] or 1)) if found else None


def _answer_lines(answer: MediaAnswer) -> list[str]:
    offered = answer.offered
    if not answer.port:
        # A refused m-line still names a format (RFC 3264, 6).
        return [f"m={offered.kind} 0 {offered.protocol} {' '.join(offered.formats[:1]) or '0'}"]
    types = " ".join(str(codec.payload_type) for codec in answer.codecs)
    lines = [f"m={offered.kind} {answer.port} {offered.protocol} {types}"]
    for codec in answer.codecs:
        channels = f"/{codec.channels}" if codec.channels > 1 else ""
        name = codec.name.lower() if codec.name == "TELEPHONE-EVENT" else codec.name
        lines.append(f"a=rtpmap:{codec.payload_type} {name}/{codec.clock_rate}{channels}")
        if codec.parameters:
            lines.append(f"a=fmtp:{codec.payload_type} {codec.parameters}")
    if answer.crypto is not None:
        lines.append(f"a=crypto:{answer.crypto}")
    if offered.label is not None:
        lines.append(f"a=label:{offered.label}")
    lines.append(f"a={answer.direction}")
    return lines
