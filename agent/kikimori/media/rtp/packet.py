"""RTP byte format (RFC 3550), and its distinction from others on its port (RFC 5761, RFC 7983). Pure."""

from __future__ import annotations

from struct import Struct
from typing import NamedTuple

HEADER_BYTES = 12
MOST_PAYLOAD_BYTES = 4096
"""Largest payload in bytes: a quarter of a second of L16 at 8 kHz; no telephone sends more at a time."""

_HEADER = Struct("!BBHII")
_EXTENSION = Struct("!HH")


class NotRtpError(Exception):
    """These bytes are no RTP packet. `reason` is a stable word for logs and counters."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Packet(NamedTuple):
    """One RTP packet."""

    payload_type: int
    marker: bool
    sequence: int
    """16 bits."""
    timestamp: int
    """32 bits, in ticks of the payload's clock."""
    ssrc: int
    payload: bytes


def parse(data: bytes) -> Packet:
    """Read one datagram.

    Raises:
        NotRtpError: `too_short`, `rtcp`, `stun`, `dtls`, `wrong_version`, `broken_header`, `broken_padding`,
            `too_long`.
    """
    size = len(data)
    if size < HEADER_BYTES:
        raise NotRtpError(_shared_port(data) or "too_short")
    first, second, sequence, timestamp, ssrc = _HEADER.unpack_from(data)
    if first & 0xC0 != 0x80:
        raise NotRtpError(_shared_port(data) or "wrong_version")
    if 192 <= second <= 223:
        raise NotRtpError("rtcp")
    start = HEADER_BYTES
    if first & 0x3F:
        start, size = _bounds(data, first)
    if size - start > MOST_PAYLOAD_BYTES:
        raise NotRtpError("too_long")
    return Packet(second & 0x7F, second > 0x7F, sequence, timestamp, ssrc, data[start:size])


def build(packet: Packet) -> bytes:
    """Write one datagram, without padding or extension."""
    second = packet.payload_type | (0x80 if packet.marker else 0)
    return _HEADER.pack(0x80, second, packet.sequence, packet.timestamp, packet.ssrc) + packet.payload


def _bounds(data: bytes, first: int) -> tuple[int, int]:
    """Return the bounds of the payload, when there are contributing sources, an extension or padding."""
    size = len(data)
    start = HEADER_BYTES + 4 * (first & 0x0F)
    if first & 0x10:
        if start + 4 > size:
            raise NotRtpError("broken_header")
        start += 4 + 4 * _EXTENSION.unpack_from(data, start)[1]
    if start > size:
        raise NotRtpError("broken_header")
    if first & 0x20:
        padding = data[-1]
        if not 0 < padding <= size - start:
            raise NotRtpError("broken_padding")
        size -= padding
    return start, size


def _shared_port(data: bytes) -> str | None:
    # RFC 7983: the first byte tells the protocols apart.
    if not data:
        return None
    if data[0] < 4:
        return "stun"
    if 20 <= data[0] <= 63:
        return "dtls"
    return "rtcp" if data[0] & 0xC0 == 0x80 and len(data) >= 2 and 192 <= data[1] <= 223 else None
