"""SIP over TCP: however the network cuts it, the same messages come out, and a bad peer is told from a slow one."""

from __future__ import annotations

import contextlib
import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori.media.sip.message import MAX_HEAD_BYTES, Request, SipError
from kikimori.media.sip.stream import StreamDecoder

ONE = b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\nContent-Length: 5\r\n\r\nhello"
TWO = b"BYE sip:a SIP/2.0\r\nCall-ID: 2\r\nl: 0\r\n\r\n"


def methods(decoder: StreamDecoder, pieces: list[bytes]) -> list[tuple[str, bytes]]:
    found = [message for piece in pieces for message in decoder.feed(piece)]
    return [(message.method, message.body) for message in found if isinstance(message, Request)]


@settings(deadline=None)
@given(st.lists(st.integers(0, 200), max_size=8))
def test_any_cut_gives_the_same_messages(cuts: list[int]) -> None:
    stream = ONE + TWO + b"\r\n\r\n" + ONE
    places = sorted({min(cut, len(stream)) for cut in cuts} | {0, len(stream)})
    pieces = [stream[a:b] for a, b in itertools.pairwise(places)]
    decoder = StreamDecoder()
    assert methods(decoder, pieces) == [("OPTIONS", b"hello"), ("BYE", b""), ("OPTIONS", b"hello")]
    assert not decoder.mid_message


def test_byte_by_byte() -> None:
    stream = ONE + TWO
    assert len(methods(StreamDecoder(), [stream[at : at + 1] for at in range(len(stream))])) == 2


def test_a_ping_waits_for_its_pong() -> None:
    decoder = StreamDecoder()
    decoder.feed(b"\r\n")
    assert decoder.pings == 0
    decoder.feed(b"\r\n")
    assert decoder.pings == 1
    decoder.feed(b"\r\n\r\n\r\n\r\n" + ONE)
    assert decoder.pings == 3


def test_half_a_message_is_known_as_such() -> None:
    decoder = StreamDecoder()
    decoder.feed(ONE[:-1])
    assert decoder.mid_message
    assert len(decoder.feed(ONE[-1:])) == 1


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"OPTIONS sip:a SIP/2.0\r\nCall-ID: 1\r\n\r\n", "no_content_length"),
        (b"OPTIONS sip:a SIP/2.0\r\nContent-Length: 9999999\r\n\r\n", "body_too_long"),
        (b"GET / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "not_sip"),
        (b"x" * (MAX_HEAD_BYTES + 10), "head_too_long"),
        (b"\x16\x03\x01\x02\x00\x01" * 10_000, "head_too_long"),
    ],
)
def test_what_ends_a_connection(data: bytes, reason: str) -> None:
    with pytest.raises(SipError) as refusal:
        StreamDecoder().feed(data)
    assert refusal.value.reason == reason


@settings(deadline=None)
@given(st.binary(max_size=300), st.integers(1, 40))
def test_garbage_is_messages_or_a_reason(data: bytes, size: int) -> None:
    decoder = StreamDecoder()
    with contextlib.suppress(SipError):
        for at in range(0, len(data), size):
            decoder.feed(data[at : at + size])
