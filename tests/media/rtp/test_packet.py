"""RTP's bytes: what is read, what is told apart, what is refused."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kikimori.media.rtp.packet import MOST_PAYLOAD_BYTES, NotRtpError, Packet, build, parse

PLAIN = Packet(0, False, 7, 160, 0xABCD, b"sound")


def refusal(data: bytes) -> str:
    with pytest.raises(NotRtpError) as caught:
        parse(data)
    return caught.value.reason


@given(
    packet=st.builds(
        Packet,
        st.sampled_from([*range(64), *range(96, 128)]),
        st.booleans(),
        st.integers(0, 0xFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.integers(0, 0xFFFFFFFF),
        st.binary(max_size=400),
    )
)
def test_what_is_written_is_read(packet: Packet) -> None:
    assert parse(build(packet)) == packet


def test_contributing_sources_extension_and_padding_are_no_sound() -> None:
    data = bytearray(build(PLAIN))
    data[0] |= 0x32  # padding, extension, two sources
    data[12:12] = bytes(8) + b"\xbe\xde\x00\x02" + bytes(8)
    data += b"\0\0\x03"
    assert parse(bytes(data)) == PLAIN


@pytest.mark.parametrize(
    ("reason", "data"),
    [
        ("too_short", b""),
        ("too_short", b"\x80\x00\x00"),
        ("wrong_version", b"\x40" + bytes(20)),
        ("stun", b"\x00\x01\x00\x00\x21\x12\xa4\x42" + bytes(12)),
        ("dtls", b"\x16\xfe\xfd" + bytes(20)),
        ("rtcp", b"\x80\xc8\x00\x06" + bytes(24)),
        ("rtcp", b"\x80\xcb\x00\x00"),
        ("broken_header", b"\x8f" + build(PLAIN)[1:]),
        ("broken_header", b"\x90" + build(PLAIN)[1:12] + b"\xbe\xde\x00\x09" + bytes(8)),
        ("broken_header", b"\x90" + build(PLAIN)[1:12]),
        ("broken_padding", b"\xa0" + build(PLAIN)[1:] + b"\xff"),
        ("broken_padding", b"\xa0" + build(PLAIN)[1:] + b"\x00"),
        ("too_long", build(PLAIN) + bytes(MOST_PAYLOAD_BYTES)),
    ],
)
def test_what_is_no_rtp_is_named(reason: str, data: bytes) -> None:
    assert refusal(data) == reason


@given(data=st.binary(max_size=64))
def test_garbage_is_read_or_refused(data: bytes) -> None:
    try:
        packet = parse(data)
    except NotRtpError:
        return
    assert len(packet.payload) <= len(data) - 12
