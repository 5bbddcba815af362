"""The kernel's own filter, asked by sending frames through a socket that has it attached; needs no permission."""

from __future__ import annotations

import socket
import struct
from ctypes import addressof, create_string_buffer
from typing import TYPE_CHECKING

import pytest
from tests.integrations.mirror.frames import ethernet, fragmented, ip, tagged, tcp, udp

from kikimori.integrations.mirror.bpf import encoded, sip_and_udp
from kikimori.integrations.mirror.live import SO_ATTACH_FILTER

if TYPE_CHECKING:
    from collections.abc import Iterator

A, SIP, WEB = ("192.0.2.1", 40000), ("192.0.2.2", 5060), ("192.0.2.2", 443)
A6, SIP6, WEB6 = ("2001:db8::1", 40000), ("2001:db8::2", 5061), ("2001:db8::2", 443)
LARGE = bytes(2000)


@pytest.fixture
def passed() -> Iterator[tuple[socket.socket, socket.socket]]:
    one, other = socket.socketpair(socket.AF_UNIX, socket.SOCK_DGRAM)
    program = encoded(sip_and_udp([5060, 5061]))
    held = create_string_buffer(program)
    other.setsockopt(
        socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", len(program) // 8, addressof(held))
    )
    other.setblocking(False)
    with one, other:
        yield one, other


def comes_through(ends: tuple[socket.socket, socket.socket], frame: bytes) -> bool:
    ends[0].send(frame)
    try:
        return ends[1].recv(65536) == frame
    except BlockingIOError:
        return False


@pytest.mark.parametrize("tags", [(), (10,), (100, 10)], ids=["untagged", "vlan", "qinq"])
@pytest.mark.parametrize(
    ("frame", "comes"),
    [
        (udp(A, ("192.0.2.2", 16000), b"rtp"), True),
        (udp(A6, ("2001:db8::2", 16000), b"rtp"), True),
        (tcp(A, SIP, 1, b"SIP"), True),
        (tcp(SIP, A, 1, b"SIP"), True),
        (tcp(A6, SIP6, 1, b"TLS"), True),
        (tcp(A, WEB, 1, b"web"), False),
        (tcp(A6, WEB6, 1, b"web"), False),
        (tcp(A, WEB, 1, b""), False),
        (tcp(A, WEB, 1, b"INVITE sip:204@pbx SIP/2.0\r\n"), True),
        (tcp(WEB6, A6, 1, b"SIP/2.0 200 OK\r\n"), True),
        (ethernet(ip("192.0.2.1", "192.0.2.2", 1, bytes(20))), False),
        (ethernet(ip("2001:db8::1", "2001:db8::2", 58, bytes(20))), False),
        (udp(A, SIP, b"")[:12] + b"\x08\x06" + bytes(46), False),
        *((part, True) for part in fragmented(udp(A, SIP, LARGE), 800)),
        *((part, True) for part in fragmented(tcp(A, SIP, 1, LARGE), 800)),
    ],
)
def test_udp_and_sip_come_through_and_nothing_else(
    passed: tuple[socket.socket, socket.socket], frame: bytes, comes: bool, tags: tuple[int, ...]
) -> None:
    assert comes_through(passed, tagged(frame, *tags) if tags else frame) is comes


def test_many_ports_fit_into_the_jumps_of_a_program(passed: tuple[socket.socket, socket.socket]) -> None:
    del passed
    program = sip_and_udp(range(5060, 5092))
    assert len(program) < 4096
    assert all(0 <= yes < 256 and 0 <= no < 256 for _, yes, no, _ in program)
