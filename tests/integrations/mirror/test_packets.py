"""Frames to datagrams: link layers, IP, fragments; whatever comes, nothing breaks."""

from __future__ import annotations

import random
import struct
from ipaddress import ip_address

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integrations.mirror.frames import ethernet, fragmented, ip, tagged, tcp, udp

from kikimori.integrations.mirror.fragments import MOST_PACKETS, PATIENCE_S, Fragments
from kikimori.integrations.mirror.link import ETHERNET, KNOWN, LINUX_SLL2, NULL, ip_offset
from kikimori.integrations.mirror.packets import BrokenPacketError, Datagram, TcpSegment, read

A, B = ("192.0.2.1", 5060), ("192.0.2.2", 16000)
A6, B6 = ("2001:db8::1", 5060), ("2001:db8::2", 16000)


def taken(
    frame: bytes, fragments: Fragments | None = None, link: int = ETHERNET
) -> Datagram | TcpSegment | None:
    at = ip_offset(link, frame)
    return None if at is None else read(frame, at, Fragments() if fragments is None else fragments, 0.0)


def end(where: tuple[str, int]) -> tuple[bytes, int]:
    return ip_address(where[0]).packed, where[1]


@pytest.mark.parametrize(
    "frame", [udp(A, B, b"hello"), tagged(udp(A, B, b"hello"), 5), tagged(udp(A, B, b"hello"), 5, 6)]
)
def test_a_datagram_is_found_behind_any_tags(frame: bytes) -> None:
    assert taken(frame) == Datagram(end(A), end(B), b"hello")


def test_ipv6_and_its_further_headers() -> None:
    assert taken(udp(A6, B6, b"hello")) == Datagram(end(A6), end(B6), b"hello")
    body = struct.pack("!HHHH", 5060, 16000, 13, 0) + b"hello"
    hop = ip(A6[0], B6[0], 0, b"\x3c\0" + bytes(6) + b"\x11\0" + bytes(6) + body)
    assert taken(ethernet(hop)) == Datagram(end(A6), end(B6), b"hello")


def test_ipv6_fragments() -> None:
    body = struct.pack("!HHHH", 5060, 16000, 8 + 64, 0) + b"x" * 64
    fragments = Fragments()
    parts = [
        ethernet(ip(A6[0], B6[0], 44, struct.pack("!BBHI", 17, 0, at | (at < 40), 7) + body[at : at + 40]))
        for at in (40, 0)
    ]
    assert taken(parts[0], fragments) is None
    assert taken(parts[1], fragments) == Datagram(end(A6), end(B6), b"x" * 64)


def test_tcp_with_options_and_padding_of_the_ethernet() -> None:
    frame = tcp(A, B, 1000, b"", flags=2) + bytes(6)
    assert taken(frame) == TcpSegment(end(A), end(B), 1000, 2, b"")


def test_other_link_layers() -> None:
    packet = udp(A, B, b"hello")[14:]
    expected = Datagram(end(A), end(B), b"hello")
    assert taken(b"\x02\0\0\0" + packet, link=NULL) == expected
    assert taken(b"\x08\0" + bytes(18) + packet, link=LINUX_SLL2) == expected
    pppoe = udp(A, B, b"")[:12] + b"\x88\x64\x11\0\0\1\0\0\0\x21" + packet
    assert taken(pppoe) == expected


def test_what_is_not_ip_is_nothing() -> None:
    assert taken(udp(A, B, b"")[:12] + b"\x08\x06" + bytes(40)) is None  # ARP
    assert taken(ethernet(ip(A[0], B[0], 1, bytes(20)))) is None  # ICMP


@pytest.mark.parametrize("cut", range(15, 46))
def test_what_is_cut_off_is_said(cut: int) -> None:
    with pytest.raises(BrokenPacketError):
        taken(udp(A, B, b"hello")[:cut])


@given(seed=st.integers(0, 1 << 32), size=st.integers(1, 40), length=st.integers(100, 3000))
def test_fragments_in_any_order_and_doubled_are_one_datagram(seed: int, size: int, length: int) -> None:
    rng = random.Random(seed)  # noqa: S311  (not a secret)
    payload = rng.randbytes(length)
    parts = fragmented(udp(A, B, payload), size * 8 if length + 8 <= 64 * size * 8 else 512)
    parts += [each for each in parts[1:-1] if rng.random() < 0.2]
    rng.shuffle(parts)
    fragments = Fragments()
    found = [each for part in parts if (each := taken(part, fragments)) is not None]
    assert found[0] == Datagram(end(A), end(B), payload)


def test_fragments_that_overlap_cost_their_packet() -> None:
    fragments = Fragments()
    key = (b"a", b"b", 17, 1)
    assert fragments.add(key, 0, b"x" * 16, 0.0, more=True) is None
    assert fragments.add(key, 8, b"y" * 16, 0.0, more=False) is None
    assert (len(fragments), fragments.lost) == (0, 1)


def test_fragments_without_their_others_are_forgotten_in_time_and_never_many() -> None:
    fragments = Fragments()
    for n in range(3 * MOST_PACKETS):
        fragments.add((b"a", b"b", 17, n), 0, b"x" * 8, n * 0.001, more=True)
    assert len(fragments) <= MOST_PACKETS
    fragments.add((b"a", b"b", 17, 1), 0, b"x" * 8, PATIENCE_S + 10, more=True)
    assert len(fragments) == 1


@given(link=st.sampled_from(sorted(KNOWN)), data=st.binary(max_size=120))
def test_garbage_is_read_or_refused(link: int, data: bytes) -> None:
    try:
        taken(data, link=link)
    except BrokenPacketError as error:
        assert error.reason in {"broken", "truncated"}  # noqa: PT017  (most garbage raises nothing)


@given(
    data=st.binary(max_size=80),
    kind=st.sampled_from([b"\x08\0\x45", b"\x86\xdd\x60", b"\x81\0\0\1\x08\0\x46"]),
)
def test_garbage_behind_a_good_head_is_read_or_refused(data: bytes, kind: bytes) -> None:
    try:
        taken(bytes(12) + kind + data)
    except BrokenPacketError as error:
        assert error.reason in {"broken", "truncated"}  # noqa: PT017  (as above)
