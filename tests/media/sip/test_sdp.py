"""Session descriptions: offers as SRCs and telephones write them, and the answer."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori.media.sip.sdp import (
    MAX_MEDIA,
    MAX_SDP_BYTES,
    Direction,
    MediaAnswer,
    RtpMap,
    SdpError,
    parse_sdp,
    write_answer,
)

OFFER = b"""v=0\r
o=sbc 5 6 IN IP4 192.0.2.10\r
s=-\r
c=IN IP4 192.0.2.10\r
t=0 0\r
a=sendonly\r
m=audio 20000 RTP/AVP 0 9 101\r
a=rtpmap:101 telephone-event/8000\r
a=fmtp:101 0-16\r
a=label:1\r
m=audio 20002 RTP/AVP 8 111\r
c=IN IP4 192.0.2.11\r
a=rtpmap:111 opus/48000/2\r
a=inactive\r
a=label:16777227\r
m=audio 20004 RTP/SAVP 0\r
a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r
"""


def test_an_offer_is_read() -> None:
    first, second, third = parse_sdp(OFFER).media
    assert (first.port, first.address, first.label, first.direction) == (
        20000,
        "192.0.2.10",
        "1",
        Direction.SENDONLY,
    )
    assert [(each.payload_type, each.name, each.clock_rate) for each in first.codecs] == [
        (0, "PCMU", 8000),
        (9, "G722", 8000),
        (101, "TELEPHONE-EVENT", 8000),
    ]
    assert first.codecs[2].parameters == "0-16"
    assert (second.address, second.label, second.direction) == ("192.0.2.11", "16777227", Direction.INACTIVE)
    assert second.codecs[1] == RtpMap(111, "OPUS", 48000, 2)
    assert (third.encrypted, first.encrypted) == (True, False)


def test_without_a_direction_it_is_both_ways() -> None:
    (media,) = parse_sdp(b"v=0\nm=audio 4000 RTP/AVP 0\n").media
    assert media.direction is Direction.SENDRECV
    assert media.address is None


def test_the_old_way_to_hold_is_a_hold() -> None:
    (media,) = parse_sdp(b"v=0\nc=IN IP4 0.0.0.0\nm=audio 4000 RTP/AVP 0\n").media
    assert media.on_hold


def test_a_payload_type_that_nothing_explains_is_left_out() -> None:
    (media,) = parse_sdp(b"v=0\nm=audio 4000 RTP/AVP 0 97 0 300 x\na=rtpmap:97 broken\n").media
    assert [each.payload_type for each in media.codecs] == [0]


def test_the_answer_has_one_line_per_offered_one_in_order() -> None:
    offer = parse_sdp(OFFER)
    first, second, third = offer.media
    body = write_answer(
        "192.0.2.20",
        1,
        2,
        [
            MediaAnswer(first, 30000, Direction.RECVONLY, (first.codecs[0], first.codecs[2])),
            MediaAnswer(second, 30002, Direction.INACTIVE, second.codecs[:1]),
            MediaAnswer(third),
        ],
    )
    again = parse_sdp(body)
    assert [each.port for each in again.media] == [30000, 30002, 0]
    assert [each.label for each in again.media] == ["1", "16777227", None]
    assert [each.direction for each in again.media[:2]] == [Direction.RECVONLY, Direction.INACTIVE]
    assert again.media[0].formats == ("0", "101")
    assert b"a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16\r\n" in body
    assert body.endswith(b"m=audio 0 RTP/SAVP 0\r\n")


def test_an_answer_over_ipv6() -> None:
    assert b"c=IN IP6 2001:db8::1\r\n" in write_answer("2001:db8::1", 1, 1, [])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_sdp"),
        (b"<recording/>", "not_sdp"),
        (b"m=audio 1 RTP/AVP 0\n", "not_sdp"),
        (b"v=0\nm=audio x RTP/AVP 0\n", "bad_media_line"),
        (b"v=0\nm=audio 70000 RTP/AVP 0\n", "bad_media_line"),
        (b"v=0\nm=audio\n", "bad_media_line"),
        (b"v=0\n" + b"m=audio 1 RTP/AVP 0\n" * (MAX_MEDIA + 1), "too_many_media"),
        (b"v=0\n" + b"a=x\n" * MAX_SDP_BYTES, "sdp_too_long"),
        (b"v=0\n" + b"a=x\n" * 2000, "sdp_too_long"),
    ],
)
def test_what_is_refused_and_why(body: bytes, reason: str) -> None:
    with pytest.raises(SdpError) as refusal:
        parse_sdp(body)
    assert refusal.value.reason == reason


@settings(deadline=None)
@given(st.binary(max_size=400))
def test_garbage_is_a_description_or_a_reason(body: bytes) -> None:
    with contextlib.suppress(SdpError):
        parse_sdp(b"v=0\n" + body)
    with contextlib.suppress(SdpError):
        parse_sdp(body)


@settings(deadline=None)
@given(st.integers(0, len(OFFER)), st.binary(max_size=20), st.integers(0, 40))
def test_a_spoilt_offer_can_be_answered_or_has_a_reason(at: int, spoil: bytes, cut: int) -> None:
    try:
        offer = parse_sdp(OFFER[:at] + spoil + OFFER[at + cut :])
    except SdpError:
        return
    answers = [MediaAnswer(media, 4000 if media.codecs else 0, codecs=media.codecs) for media in offer.media]
    again = parse_sdp(write_answer("192.0.2.20", 1, 1, answers))
    assert len(again.media) == len(offer.media)
