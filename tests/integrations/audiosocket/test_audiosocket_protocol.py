"""The byte format: however the stream is cut, whatever it holds."""

from __future__ import annotations

import struct
from dataclasses import dataclass, field
from itertools import pairwise
from uuid import UUID

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori.integrations.audiosocket.protocol import (
    AUDIO_RATES,
    DTMF_DIGITS,
    MAX_PAYLOAD_BYTES,
    AudioSocketDecoder,
    AudioSocketError,
    encode,
)

NAME = UUID("40325ec2-5efd-4bd3-805f-53576e581d13")
IDENTITY = b"\x01\x00\x10" + NAME.bytes


@dataclass
class Story:
    """Everything a decoder told, in order; audio joined, because pieces of it mean nothing."""

    told: list[tuple[object, ...]] = field(default_factory=list)
    pcm: bytearray = field(default_factory=bytearray)

    def identified(self, uuid: UUID) -> None:
        self.told.append(("identified", uuid))

    def audio(self, rate: int, pcm: memoryview) -> None:
        if not self.told or self.told[-1] != ("audio", rate):
            self.told.append(("audio", rate))
        self.pcm += pcm

    def dtmf(self, digit: str) -> None:
        self.told.append(("dtmf", digit))

    def hung_up(self) -> None:
        self.told.append(("hung_up",))

    def failed(self, code: int) -> None:
        self.told.append(("failed", code))


def message(kind: int, payload: bytes) -> bytes:
    return struct.pack(">BH", kind, len(payload)) + payload


def decode(pieces: list[bytes]) -> tuple[Story, str | None]:
    """Return what was told, and the reason of the end if it ended."""
    story = Story()
    decoder = AudioSocketDecoder(story)
    for piece in pieces:
        try:
            decoder.feed(piece)
        except AudioSocketError as error:
            return story, error.reason
    return story, None


def cut(data: bytes, at: list[int]) -> list[bytes]:
    edges = [0, *sorted(at), len(data)]
    return [data[a:b] for a, b in pairwise(edges)]


samples = st.binary(min_size=1, max_size=400).map(lambda half: half + half)


@st.composite
def streams(draw: st.DrawFn) -> bytes:
    """A well-formed connection: identity, then audio of one kind with keys between, then an end or none."""
    kind = draw(st.sampled_from(sorted(AUDIO_RATES)))
    key = st.sampled_from(sorted(DTMF_DIGITS)).map(lambda digit: message(3, digit.encode()))
    parts = draw(st.lists(st.one_of(samples.map(lambda pcm: message(kind, pcm)), key), max_size=12))
    end = draw(st.sampled_from([b"", message(0, b""), message(0xFF, b"\x01"), message(0xFF, b"")]))
    return IDENTITY + b"".join(parts) + end


@given(streams(), st.data())
def test_cut_anywhere_it_tells_the_same(stream: bytes, data: st.DataObject) -> None:
    whole = decode([stream])
    at = data.draw(st.lists(st.integers(0, len(stream)), max_size=20))
    assert whole[1] is None
    assert decode(cut(stream, at)) == whole
    for size in (1, 20, 137):
        assert decode([stream[start : start + size] for start in range(0, len(stream), size)]) == whole


def test_every_kind_says_what_it_is() -> None:
    """Kinds and rates of Asterisk's res_audiosocket.h."""
    assert AUDIO_RATES == {
        0x10: 8000,
        0x11: 12000,
        0x12: 16000,
        0x13: 24000,
        0x14: 32000,
        0x15: 44100,
        0x16: 48000,
        0x17: 96000,
        0x18: 192000,
    }
    for kind, rate in AUDIO_RATES.items():
        story, fault = decode([IDENTITY + message(kind, b"\1\2\3\4") + message(3, b"9") + message(0, b"")])
        assert fault is None
        assert story.told == [("identified", NAME), ("audio", rate), ("dtmf", "9"), ("hung_up",)]
        assert story.pcm == b"\1\2\3\4"
    assert decode([IDENTITY + message(0xFF, b"\x04")])[0].told[-1] == ("failed", 4)


@pytest.mark.parametrize(
    ("stream", "reason"),
    [
        (message(0x10, b"\0\0"), "no_identifier_first"),
        (b"GET / HTTP/1.1\r\n", "no_identifier_first"),
        (b"\x16\x03\x01\x02\x00", "no_identifier_first"),
        (message(1, NAME.bytes[:15]), "wrong_length"),
        (IDENTITY + b"".join(message(kind, b"x") for kind in range(0x40, 0x46)), "lost_framing"),
    ],
)
def test_what_is_no_audiosocket_is_named(stream: bytes, reason: str) -> None:
    assert decode([stream])[1] == reason
    assert decode([stream[at : at + 1] for at in range(len(stream))])[1] == reason


@pytest.mark.parametrize(
    "odd",
    [
        message(2, b""),
        message(2, b"\0" * 2),
        message(0x42, b"something new"),
        message(0x19, bytes(700)) * 50,
        message(0x10, b"\0\0\0"),
        message(3, b"99"),
        message(3, b""),
        message(3, b"f"),
        message(3, b"\xff"),
        IDENTITY,
        message(1, b"short"),
    ],
)
def test_what_is_not_understood_is_passed_over(odd: bytes) -> None:
    stream = (
        IDENTITY + message(0x10, b"\1\2") + odd + message(0x10, b"\3\4") + message(3, b"9") + message(0, b"")
    )
    for pieces in ([stream], [stream[at : at + 1] for at in range(len(stream))]):
        story, fault = decode(pieces)
        assert fault is None
        assert story.pcm == b"\1\2\3\4"
        assert story.told[-2:] == [("dtmf", "9"), ("hung_up",)]


def test_a_hang_up_is_one_whatever_comes_with_it() -> None:
    assert decode([IDENTITY + message(0, bytes(17))])[0].told[-1] == ("hung_up",)


def test_the_format_may_change() -> None:
    story, fault = decode([IDENTITY + message(0x10, b"\0\0") + message(0x12, b"\0\0")])
    assert fault is None
    assert story.told[1:] == [("audio", 8000), ("audio", 16000)]


@given(st.lists(st.binary(max_size=300), max_size=20))
@settings(max_examples=300)
def test_garbage_is_refused_and_never_breaks(pieces: list[bytes]) -> None:
    """Only ProtocolError, and afterwards the decoder takes nothing more."""
    decode(pieces)


@given(streams(), st.data())
@settings(max_examples=300)
def test_a_broken_stream_tells_no_lies_about_its_beginning(stream: bytes, data: st.DataObject) -> None:
    """One byte changed: what was told before it is as in the good stream."""
    at = data.draw(st.integers(0, len(stream) - 1))
    broken = bytearray(stream)
    broken[at] ^= data.draw(st.integers(1, 255))
    before, _ = decode([stream[:at]])
    after, _ = decode([bytes(broken)])
    assert after.told[: len(before.told)] == before.told
    assert after.pcm[: len(before.pcm)] == before.pcm


@given(streams(), st.data())
def test_a_truncated_stream_is_seen_as_such(stream: bytes, data: st.DataObject) -> None:
    at = data.draw(st.integers(0, len(stream)))
    story = Story()
    decoder = AudioSocketDecoder(story)
    decoder.feed(stream[:at])
    boundaries, position = {0}, 0
    while position < len(stream):
        position += 3 + int.from_bytes(stream[position + 1 : position + 3], "big")
        boundaries.add(position)
    assert decoder.mid_message is (at not in boundaries)


def test_a_spent_decoder_takes_nothing() -> None:
    story = Story()
    decoder = AudioSocketDecoder(story)
    with pytest.raises(AudioSocketError):
        decoder.feed(b"GET /")
    decoder.feed(IDENTITY)
    assert story.told == []
    assert not decoder.mid_message


def test_the_longest_message() -> None:
    """65 534 bytes of audio in one message, byte by byte; nothing more is ever held."""
    pcm = bytes(range(256)) * 255 + bytes(254)
    stream = IDENTITY + message(0x10, pcm)
    story, fault = decode([stream[at : at + 1] for at in range(len(stream))])
    assert fault is None
    assert story.pcm == pcm


def test_encode_is_the_format() -> None:
    assert encode(0x10, b"\1\2") == b"\x10\x00\x02\1\2"
    assert encode(0) == b"\0\0\0"
    with pytest.raises(ValueError, match="does not fit"):
        encode(0x10, bytes(MAX_PAYLOAD_BYTES + 1))


def test_a_long_message_of_an_unknown_kind_is_lost_framing() -> None:
    """`GET /` on a leg that is open reads as a kind 0x47 of 17,748 bytes, which would be waited for without an end."""
    decoder = AudioSocketDecoder(Story())
    decoder.feed(IDENTITY + message(0x47, bytes(4096)))
    assert decoder.passed_over == ["unknown_kind_47"]
    with pytest.raises(AudioSocketError, match="lost_framing"):
        decoder.feed(b"GET / HTTP/1.1\r\n\r\n")
