"""Frames made by hand and made over: what a switch, a VLAN or a small MTU does to a packet."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

    from kikimori.integrations.mirror.pcapfile import Frame

MACS = bytes.fromhex("020000000001020000000002")
_identities = count(1)

End = tuple[str, int]


def udp(source: End, target: End, payload: bytes) -> bytes:
    """An Ethernet frame with a UDP datagram, IPv4 or IPv6."""
    body = struct.pack("!HHHH", source[1], target[1], 8 + len(payload), 0) + payload
    return ethernet(ip(source[0], target[0], 17, body))


def tcp(source: End, target: End, sequence: int, payload: bytes, flags: int = 0x18) -> bytes:
    head = struct.pack("!HHIIBBHHH", source[1], target[1], sequence & 0xFFFFFFFF, 0, 0x50, flags, 65535, 0, 0)
    return ethernet(ip(source[0], target[0], 6, head + payload))


def ip(
    source: str, target: str, protocol: int, body: bytes, *, cut: int = 0, identity: int | None = None
) -> bytes:
    a, b = ip_address(source).packed, ip_address(target).packed
    if len(a) == 16:
        return struct.pack("!IHBB", 6 << 28, len(body), protocol, 64) + a + b + body
    identity = next(_identities) & 0xFFFF if identity is None else identity
    return struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(body), identity, cut, 64, protocol, 0) + a + b + body


def ethernet(packet: bytes) -> bytes:
    return MACS + (b"\x08\x00" if packet[0] >> 4 == 4 else b"\x86\xdd") + packet


def tagged(frame: bytes, *tags: int) -> bytes:
    """The frame as a trunk port carries it: 802.1Q, or QinQ with two tags."""
    kinds = [0x8100] if len(tags) == 1 else [0x88A8, *[0x8100] * (len(tags) - 1)]
    words = b"".join(struct.pack("!HH", kind, tag) for kind, tag in zip(kinds, tags, strict=True))
    return frame[:12] + words + frame[12:]


def fragmented(frame: bytes, size: int) -> list[bytes]:
    """An IPv4 frame as a network of a small MTU carries it: parts of `size` bytes, a multiple of 8."""
    packet = frame[14:]
    body = packet[20:]
    if len(body) <= size:
        return [frame]
    a, b = (str(ip_address(packet[at : at + 4])) for at in (12, 16))
    identity = next(_identities) & 0xFFFF
    return [
        ethernet(
            ip(
                a,
                b,
                packet[9],
                body[at : at + size],
                cut=at // 8 | (0x2000 if at + size < len(body) else 0),
                identity=identity,
            )
        )
        for at in range(0, len(body), size)
    ]


def made_over(
    frames: Iterable[Frame], *, tags: tuple[int, ...] = (), size: int = 0
) -> Iterator[tuple[float, bytes]]:
    for _, time, data in frames:
        for part in fragmented(data, size) if size else [data]:
            yield time, tagged(part, *tags) if tags else part


def write(path: Path, frames: Iterable[tuple[float, bytes]], link_type: int = 1) -> Path:
    """A classic pcap, little endian, microseconds."""
    out = bytearray(struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 262144, link_type))
    for time, data in frames:
        seconds, micro = divmod(round(time * 1_000_000), 1_000_000)
        out += struct.pack("<IIII", seconds, micro, len(data), len(data)) + data
    path.write_bytes(out)
    return path
