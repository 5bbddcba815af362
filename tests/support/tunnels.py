"""Puts around Ethernet frames what mirrors that cross a network put there; for captures of every kind."""

from __future__ import annotations

import struct
from ipaddress import ip_address
from itertools import count
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_MACS = bytes.fromhex("020000000011020000000012")
_FROM, _TO = "198.51.100.1", "198.51.100.2"
_FROM_6, _TO_6 = "2001:db8:9::1", "2001:db8:9::2"
_numbers = count(1)


def packet_of(frame: bytes) -> bytes:
    """The IP packet of an Ethernet frame without tags."""
    return frame[14:]


def ethernet(kind: int, payload: bytes) -> bytes:
    return _MACS + struct.pack("!H", kind) + payload


def over_ip(protocol: int, payload: bytes) -> bytes:
    a, b = ip_address(_FROM).packed, ip_address(_TO).packed
    number = next(_numbers) & 0xFFFF
    head = struct.pack("!BBHHHBBH", 0x45, 0, 20 + len(payload), number, 0, 64, protocol, 0)
    return ethernet(0x0800, head + a + b + payload)


def over_ipv6(protocol: int, payload: bytes) -> bytes:
    a, b = ip_address(_FROM_6).packed, ip_address(_TO_6).packed
    return ethernet(0x86DD, struct.pack("!IHBB", 6 << 28, len(payload), protocol, 64) + a + b + payload)


def over_udp(port: int, payload: bytes) -> bytes:
    return over_ip(17, struct.pack("!HHHH", 50000, port, 8 + len(payload), 0) + payload)


def gre(kind: int, payload: bytes, *, flags: int = 0) -> bytes:
    """`flags` with the bits of checksum, key and sequence gets their fields."""
    fields = bytes(4) * sum(bool(flags & bit) for bit in (0x8000, 0x2000, 0x1000))
    return over_ip(47, struct.pack("!HH", flags, kind) + fields + payload)


def vxlan(frame: bytes, port: int = 4789) -> bytes:
    return over_udp(port, bytes.fromhex("0800000000007b00") + frame)


def geneve(kind: int, payload: bytes, options: bytes = b"") -> bytes:
    return over_udp(6081, struct.pack("!BBHI", len(options) // 4, 0, kind, 0x7B00) + options + payload)


def erspan_3(frame: bytes, *, more: bool = False) -> bytes:
    head = struct.pack("!HHIHH", 0x2001, 0x0801, 0x1234, 0, int(more)) + (bytes(8) if more else b"")
    return gre(0x22EB, head + frame, flags=0x1000)


def tagged(frame: bytes, kind: int, tag: bytes) -> bytes:
    return frame[:12] + struct.pack("!H", kind) + tag + frame[12:]


def mpls(packet: bytes, *labels: int) -> bytes:
    """Label entries, the last one with the bottom-of-stack bit."""
    entries = b"".join(
        struct.pack("!I", label << 12 | (at == len(labels) - 1) << 8 | 64) for at, label in enumerate(labels)
    )
    return entries + packet


WRAPS: dict[str, Callable[[bytes], bytes]] = {
    "erspan i": lambda frame: gre(0x88BE, frame),
    "erspan ii": lambda frame: gre(0x88BE, struct.pack("!HHI", 0x100A, 0x0801, 0) + frame, flags=0x1000),
    "erspan ii with a key": lambda frame: gre(
        0x88BE, struct.pack("!HHI", 0x100A, 0x0801, 0) + frame, flags=0x3000
    ),
    "erspan iii": erspan_3,
    "erspan iii with a subheader": lambda frame: erspan_3(frame, more=True),
    "vxlan": vxlan,
    "vxlan on a port of its own": lambda frame: vxlan(frame, 48879),
    "vxlan-gpe": lambda frame: over_udp(4790, bytes.fromhex("0c00000100007b00") + packet_of(frame)),
    "geneve": lambda frame: geneve(0x6558, frame),
    "geneve with options": lambda frame: geneve(0x6558, frame, bytes.fromhex("0103800200000000aabbccdd")),
    "geneve of ip": lambda frame: geneve(0x0800, packet_of(frame)),
    "gre of ip": lambda frame: gre(0x0800, packet_of(frame)),
    "gre with checksum, key and number": lambda frame: gre(0x0800, packet_of(frame), flags=0xB000),
    "gre of ethernet": lambda frame: gre(0x6558, frame, flags=0x2000),
    "gre of a vlan": lambda frame: gre(0x8100, struct.pack("!HH", 20, 0x0800) + packet_of(frame)),
    "gre over ipv6": lambda frame: over_ipv6(47, struct.pack("!HH", 0, 0x6558) + frame),
    "pptp": lambda frame: over_ip(
        47, bytes.fromhex("3081880b00640001000000010000000500") + b"\x21" + packet_of(frame)
    ),
    "gre in udp": lambda frame: over_udp(4754, struct.pack("!HH", 0, 0x0800) + packet_of(frame)),
    "ip in ip": lambda frame: over_ip(4, packet_of(frame)),
    "ip in ipv6": lambda frame: over_ipv6(4, packet_of(frame)),
    "etherip": lambda frame: over_ip(97, b"\x30\x00" + frame),
    "mpls": lambda frame: ethernet(0x8847, mpls(packet_of(frame), 100)),
    "mpls of three labels": lambda frame: ethernet(0x8847, mpls(packet_of(frame), 16, 100, 3000)),
    "mpls of ethernet": lambda frame: ethernet(0x8847, mpls(frame, 100)),
    "mpls of ethernet with control word": lambda frame: ethernet(0x8847, mpls(bytes(4) + frame, 100)),
    "mpls in ip": lambda frame: over_ip(137, mpls(packet_of(frame), 100)),
    "mpls in gre": lambda frame: gre(0x8847, mpls(packet_of(frame), 100)),
    "mpls in udp": lambda frame: over_udp(6635, mpls(packet_of(frame), 100)),
    "vn-tag": lambda frame: tagged(frame, 0x8926, bytes.fromhex("00120003")),
    "vn-tag and vlan": lambda frame: tagged(
        tagged(frame, 0x8100, b"\x00\x14"), 0x8926, bytes.fromhex("00120003")
    ),
    "e-tag": lambda frame: tagged(frame, 0x893F, bytes(6)),
    "tzsp": lambda frame: over_udp(37008, bytes.fromhex("0100000101") + frame),
    "tzsp with fields": lambda frame: over_udp(
        37008, bytes.fromhex("01000001000a010b280400000001") + b"\x01" + frame
    ),
    "qinq": lambda frame: tagged(tagged(frame, 0x8100, b"\x00\x14"), 0x88A8, b"\x00\x64"),
    "five tags": lambda frame: frame[:12] + bytes.fromhex("81000001") * 5 + frame[12:],
    "pppoe": lambda frame: ethernet(
        0x8864, struct.pack("!BBHHH", 0x11, 0, 1, len(frame) - 12, 0x21) + packet_of(frame)
    ),
}
"""By name, from a plain Ethernet frame with IPv4."""
