"""IPv4 and IPv6 packets, and the UDP and TCP in them, also in tunnels (RFC 791, 8200, 768, 9293). Without sockets."""

from __future__ import annotations

from struct import Struct
from typing import TYPE_CHECKING, NamedTuple

from kikimori.integrations.mirror import tunnels

if TYPE_CHECKING:
    from collections import Counter

    from kikimori.integrations.mirror.fragments import Fragments

TCP = 6
UDP = 17

FIN, SYN, RST = 0x01, 0x02, 0x04

End = tuple[bytes, int]
"""Address as 4 or 16 bytes, and port."""

_V4 = Struct("!BBHHHBBH4s4s")
_V6 = Struct("!IHBB16s16s")
_UDP = Struct("!HHHH")
_TCP = Struct("!HHIIBB")
_V6_FRAGMENT = Struct("!BBHI")
_V6_SKIPPED = frozenset({0, 43, 60})
_V6_MOST_HEADERS = 8
_CARRIED = frozenset({UDP, TCP}) | tunnels.PROTOCOLS
UNREAD = "unread"
"""Counter of packets of a tunnel that is not understood."""


class Datagram(NamedTuple):
    """UDP datagram."""

    source: End
    target: End
    payload: bytes


class TcpSegment(NamedTuple):
    """TCP segment."""

    source: End
    target: End
    sequence: int
    flags: int
    payload: bytes


class BrokenPacketError(Exception):
    """Not IP, or cut off. `reason` is a stable word for counters."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


def read(
    frame: bytes, at: int, fragments: Fragments, now: float, opened: Counter[str] | None = None
) -> Datagram | TcpSegment | None:
    """Read the IP packet that begins at `at`, and those in it where it is a tunnel.

    Args:
        frame: What was captured.
        at: Where the packet begins.
        fragments: Of all packets that were cut up.
        now: When it was captured.
        opened: Counts by name the tunnels that were looked into, and as `UNREAD` those that could not be.

    Returns:
        None for another protocol, or a fragment whose others are still missing.

    Raises:
        BrokenPacketError: `broken` or `truncated`.
    """
    for _ in range(tunnels.MOST_TUNNELS + 1):
        if at >= len(frame):
            raise BrokenPacketError("truncated")
        version = frame[at] >> 4
        if version == 4:
            carried = _read_v4(frame, at, fragments, now)
        elif version == 6:
            carried = _read_v6(frame, at, fragments, now)
        else:
            raise BrokenPacketError("broken")
        if carried is None:
            return None
        protocol, source, target, data, start, end = carried
        if protocol == TCP:
            return _segment(source, target, data, start, end)
        if protocol == UDP:
            source_port, target_port, start, end = _ports(data, start, end)
            inner = None
            if (
                target_port in tunnels.PORTS
                or source_port in tunnels.PORTS
                or data[start : start + 1] == b"\x08"
            ):
                inner = tunnels.of_udp(source_port, target_port, data, start, end)
            if inner is None:
                return Datagram((source, source_port), (target, target_port), data[start:end])
        else:
            inner = tunnels.of_protocol(protocol, data, start, end)
        if opened is not None:
            opened[UNREAD if inner is None else inner[0]] += 1
        if inner is None:
            return None
        frame, at = data[:end] if end < len(data) else data, inner[1]
    raise BrokenPacketError("broken")


_Carried = tuple[int, bytes, bytes, bytes, int, int]
"""Protocol, source, target, and the bytes in which the payload is, from where to where."""


def _read_v4(frame: bytes, at: int, fragments: Fragments, now: float) -> _Carried | None:
    if len(frame) < at + 20:
        raise BrokenPacketError("truncated")
    first, _, total, identity, cut, _, protocol, _, source, target = _V4.unpack_from(frame, at)
    if protocol not in _CARRIED:
        return None
    header = (first & 0x0F) * 4
    # 0: the network card cut the packet up for the kernel (segmentation offload) and left the length to it.
    end = at + total if total else len(frame)
    if header < 20 or end < at + header:
        raise BrokenPacketError("broken")
    if end > len(frame):
        raise BrokenPacketError("truncated")
    start = at + header
    if cut & 0x3FFF:
        key = (source, target, protocol, identity)
        whole = fragments.add(key, (cut & 0x1FFF) * 8, frame[start:end], now, more=bool(cut & 0x2000))
        return None if whole is None else (protocol, source, target, whole, 0, len(whole))
    return protocol, source, target, frame, start, end


def _read_v6(frame: bytes, at: int, fragments: Fragments, now: float) -> _Carried | None:
    if len(frame) < at + 40:
        raise BrokenPacketError("truncated")
    _, length, protocol, _, source, target = _V6.unpack_from(frame, at)
    start = at + 40
    end = start + length if length else len(frame)
    if end > len(frame):
        raise BrokenPacketError("truncated")
    for _ in range(_V6_MOST_HEADERS):
        if protocol in _CARRIED:
            return protocol, source, target, frame, start, end
        if start + 8 > end:
            return None
        if protocol == 44:
            inner, _, cut, identity = _V6_FRAGMENT.unpack_from(frame, start)
            if inner not in _CARRIED:
                return None
            key = (source, target, inner, identity)
            part = frame[start + 8 : end]
            whole = fragments.add(key, cut & 0xFFF8, part, now, more=bool(cut & 1))
            return None if whole is None else (inner, source, target, whole, 0, len(whole))
        if protocol not in _V6_SKIPPED:
            return None
        protocol, start = frame[start], start + 8 + frame[start + 1] * 8
    return None


def _ports(data: bytes, start: int, end: int) -> tuple[int, int, int, int]:
    """Read the header of UDP: its ports, and where the payload begins and ends."""
    if end - start < 8:
        raise BrokenPacketError("broken")
    source, target, length, _ = _UDP.unpack_from(data, start)
    if not 8 <= length <= end - start:
        raise BrokenPacketError("broken")
    return source, target, start + 8, start + length


def _segment(source: bytes, target: bytes, data: bytes, start: int, end: int) -> TcpSegment:
    if end - start < 20:
        raise BrokenPacketError("broken")
    source_port, target_port, sequence, _, offset, flags = _TCP.unpack_from(data, start)
    header = (offset >> 4) * 4
    if not 20 <= header <= end - start:
        raise BrokenPacketError("broken")
    return TcpSegment(
        (source, source_port), (target, target_port), sequence, flags, data[start + header : end]
    )
