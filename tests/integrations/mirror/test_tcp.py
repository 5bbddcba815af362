"""SIP over TCP seen from the side: any cut, order and repetition of segments gives the same messages."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori.integrations.mirror.packets import FIN, RST, SYN, TcpSegment
from kikimori.integrations.mirror.tcp import MOST_STREAMS, MOST_WAITING, TcpStreams
from kikimori.media.sip.message import Request

A, B = (b"\x0a\0\0\1", 40000), (b"\x0a\0\0\2", 5060)


def message(n: int) -> bytes:
    body = bytes(64 + n % 26 for _ in range(n * 7 % 300))
    return (
        f"OPTIONS sip:{n}@192.0.2.1 SIP/2.0\r\nCall-ID: {n}\r\nCSeq: 1 OPTIONS\r\nContent-Length: {len(body)}\r\n\r\n"
    ).encode() + body


def segment(sequence: int, payload: bytes, flags: int = 0x18) -> TcpSegment:
    return TcpSegment(A, B, sequence & 0xFFFFFFFF, flags, payload)


def names(streams: TcpStreams, segments: list[TcpSegment]) -> list[str]:
    found = []
    for each in segments:
        for one in streams.feed(each):
            assert isinstance(one, Request)
            found.append(one.uri.removeprefix("sip:").partition("@")[0])
    return found


@settings(deadline=None)
@given(
    start=st.integers(0, 0xFFFFFFFF),
    sizes=st.lists(st.integers(1, 400), min_size=1, max_size=30),
    seed=st.integers(0, 1 << 30),
)
def test_cut_order_and_repetition_do_not_matter(start: int, sizes: list[int], seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  (not a secret)
    stream = b"".join(message(n) for n in range(8))
    segments, at = [segment(start - 1, b"", SYN)], 0
    while at < len(stream):
        size = sizes[len(segments) % len(sizes)] + 40
        segments.append(segment(start + at, stream[at : at + size]))
        at += size
    doubled = [each for each in segments for _ in range(1 + (rng.random() < 0.2))]
    for n in range(1, len(doubled) - 1):
        if rng.random() < 0.3:
            doubled[n], doubled[n + 1] = doubled[n + 1], doubled[n]
    doubled.sort(key=lambda each: not each.flags & SYN)
    assert names(TcpStreams(), doubled) == [str(n) for n in range(8)]


def test_a_connection_that_was_there_before_is_followed_from_the_next_message() -> None:
    stream = message(1) + message(2)
    half = len(message(1)) // 2
    segments = [segment(half, stream[half : len(message(1))]), segment(len(message(1)), message(2))]
    assert names(TcpStreams(), segments) == ["2"]


def test_a_hole_costs_a_message_and_not_the_connection() -> None:
    streams = TcpStreams()
    at, segments = 0, [segment(-1, b"", SYN)]
    for n in range(MOST_WAITING + 5):
        if n != 2:
            segments.append(segment(at, message(n)))
        at += len(message(n))
    assert names(streams, segments) == [str(n) for n in range(MOST_WAITING + 5) if n != 2]
    assert streams.lost == 1


def test_a_retransmission_with_more_at_its_end_gives_the_more() -> None:
    first = message(1)
    segments = [segment(-1, b"", SYN), segment(0, first[:30]), segment(0, first)]
    assert names(TcpStreams(), segments) == ["1"]


def test_garbage_ends_only_the_stream_and_a_new_one_begins() -> None:
    streams = TcpStreams()
    segments = [
        segment(-1, b"", SYN),
        segment(0, b"\x16\x03\x01" + b"\r\n\r\n" * 20),
        segment(500, message(3)),
    ]
    assert names(streams, segments) == ["3"]


def test_ended_streams_are_forgotten_and_there_are_never_many() -> None:
    streams = TcpStreams()
    streams.feed(segment(0, message(1)))
    streams.feed(segment(len(message(1)), b"", FIN))
    assert len(streams) == 0
    streams.feed(segment(0, message(1)))
    streams.feed(segment(0, b"", RST))
    assert len(streams) == 0
    for n in range(MOST_STREAMS + 50):
        streams.feed(TcpSegment((b"\x0a\0\0\1", n), B, 0, 0x18, message(1)))
    assert len(streams) == MOST_STREAMS


@given(st.lists(st.tuples(st.integers(0, 300), st.binary(max_size=60), st.integers(0, 255)), max_size=60))
def test_anything_may_come(segments: list[tuple[int, bytes, int]]) -> None:
    streams = TcpStreams()
    for sequence, payload, flags in segments:
        streams.feed(segment(sequence, payload, flags))
    assert len(streams) <= 1
