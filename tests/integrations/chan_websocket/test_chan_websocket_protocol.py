"""Meaning of chan_websocket's messages, checked against what a real Asterisk sent."""

from __future__ import annotations

import json
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.support.websocket_channel import CAPTURED

from kikimori.integrations.chan_websocket.protocol import (
    SLIN_RATES,
    ChanWebSocketError,
    DigitMessage,
    MediaStart,
    OtherEvent,
    decoding,
    read_event,
)
from kikimori.media.g711 import encode_alaw, encode_ulaw
from kikimori.media.g722 import G722Encoder


@pytest.mark.parametrize("spelling", ["words", "json"])
def test_the_start_names_the_channel_and_its_format(spelling: str) -> None:
    assert read_event(CAPTURED[spelling]["MEDIA_START"]) == MediaStart("1763000000.4", "slin16")


@pytest.mark.parametrize("spelling", ["words", "json"])
@pytest.mark.parametrize("digit", "0123456789*#ABCD")
def test_keys(spelling: str, digit: str) -> None:
    assert read_event(CAPTURED[spelling]["DTMF_END"].replace("DIGIT", digit)) == DigitMessage(digit)


@pytest.mark.parametrize(
    "text",
    [
        "MEDIA_XON",
        "MEDIA_XOFF",
        "QUEUE_DRAINED",
        "MEDIA_BUFFERING_COMPLETED some id",
        "STATUS channel_id:1.1 queue_length:0 xon_level:800 xoff_level:900 queue_full:false bulk_media:false",
        "ERROR channel_id:1.1 error_text:Command 'X' not recognized",
        '{"event":"MEDIA_XON","channel_id":"1.1"}',
        "SOMETHING_OF_A_LATER_RELEASE with:what",
    ],
)
def test_other_events_are_passed_over(text: str) -> None:
    assert isinstance(read_event(text), OtherEvent)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "not_an_event"),
        ("hello", "not_an_event"),
        ("GET / HTTP/1.1", None),
        ("{", "not_json"),
        ("{" * 60_000, "not_json"),
        ('{"event":1}', "not_an_event"),
        ("{}", "not_an_event"),
        ("MEDIA_START", "no_channel_id"),
        ("MEDIA_START channel_id:1.1", "no_format"),
        ('{"event":"MEDIA_START","channel_id":["x"],"format":"slin"}', "no_channel_id"),
        (f"MEDIA_START channel_id:{'1' * 150} format:slin", "no_channel_id"),
        ("DTMF_END digit:x", "not_a_dtmf_digit"),
        ("DTMF_END", "not_a_dtmf_digit"),
    ],
)
def test_what_is_no_event_has_a_reason(text: str, reason: str | None) -> None:
    if reason is None:
        assert isinstance(read_event(text), OtherEvent)
        return
    with pytest.raises(ChanWebSocketError) as caught:
        read_event(text)
    assert caught.value.reason == reason


@given(st.one_of(st.text(), st.text().map(lambda rest: "{" + rest), st.text().map("MEDIA_START ".__add__)))
def test_no_text_breaks_the_reader(text: str) -> None:
    with suppress(ChanWebSocketError):
        read_event(text)


@given(
    st.dictionaries(
        st.sampled_from(["event", "channel_id", "format", "digit"]),
        st.recursive(
            st.none() | st.integers() | st.text() | st.just("MEDIA_START") | st.just("DTMF_END"), st.lists
        ),
    )
)
def test_no_object_breaks_the_reader(fields: dict[str, object]) -> None:
    with suppress(ChanWebSocketError):
        read_event(json.dumps(fields))


@pytest.mark.parametrize(("name", "rate"), SLIN_RATES.items())
def test_signed_linear_is_taken_as_it_is(name: str, rate: int) -> None:
    found = decoding(name)
    assert found.rate == rate
    assert found.decode(b"\1\2\3\4") == b"\1\2\3\4"
    with pytest.raises(ChanWebSocketError, match="odd_audio_length"):
        found.decode(b"\1\2\3")


def test_companded_formats_are_decoded() -> None:
    pcm = b"\x00\x10" * 160
    for name, payload, rate in (
        ("ulaw", encode_ulaw(pcm), 8000),
        ("alaw", encode_alaw(pcm), 8000),
        ("g722", G722Encoder().encode(pcm), 16000),
    ):
        found = decoding(name)
        assert found.rate == rate
        assert len(found.decode(payload)) == len(pcm)


@pytest.mark.parametrize("name", ["opus", "gsm", "", "slin17", "SLIN"])
def test_a_format_that_is_not_known(name: str) -> None:
    with pytest.raises(ChanWebSocketError, match="format_not_known"):
        decoding(name)
