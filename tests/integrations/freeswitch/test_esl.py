"""The event socket's bytes, pure: as captured, cut anywhere, and as nobody should send them."""

from __future__ import annotations

import gzip
import json
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kikimori.integrations.freeswitch.esl import (
    MAX_BODY_BYTES,
    MAX_HEADER_BYTES,
    EslDecoder,
    EslError,
    EslMessage,
    Event,
    command,
    event_from,
)

CAPTURE = Path(__file__).parent / "data" / "one-call.esl.gz"
"""All that FreeSWITCH 1.11.3-dev sent while a call was answered, held at the telephone, given two keys and ended."""


def captured() -> bytes:
    return gzip.decompress(CAPTURE.read_bytes())


def all_of(data: bytes, size: int) -> list[EslMessage]:
    decoder = EslDecoder()
    return [each for at in range(0, len(data), size) for each in decoder.feed(data[at : at + size])]


def test_a_captured_connection_is_read() -> None:
    messages = all_of(captured(), 65536)
    assert [each.kind for each in messages[:3]] == ["auth/request", "command/reply", "command/reply"]
    assert messages[1].reply == "+OK accepted"
    assert messages[-1].kind == "text/disconnect-notice"
    status = next(each for each in messages if each.kind == "api/response")
    assert status.text.startswith("UP 0 years")
    events = [event for each in messages if (event := event_from(each))]
    assert [each.name for each in events] == [
        "CHANNEL_CREATE", "CHANNEL_CREATE", "CHANNEL_ANSWER", "CHANNEL_ANSWER", "CHANNEL_BRIDGE", "CHANNEL_HOLD",
        "PLAYBACK_START", "PLAYBACK_STOP", "CHANNEL_UNHOLD", "DTMF", "DTMF", "CHANNEL_HANGUP_COMPLETE",
        "CHANNEL_UNBRIDGE", "CHANNEL_HANGUP_COMPLETE",
    ]  # fmt: skip


@pytest.mark.parametrize("size", [1, 7, 1000])
def test_it_makes_no_difference_how_bytes_are_cut(size: int) -> None:
    data = captured()[:20_000]
    assert all_of(data, size) == all_of(data, len(data))


def test_plain_events_say_the_same_as_json_ones() -> None:
    inner = "Event-Name: DTMF\nUnique-ID: a-b\nDTMF-Digit: %23\nCaller-Caller-ID-Name: %E5%B1%B1%E7%94%B0\n\n"
    plain = EslMessage({"Content-Type": "text/event-plain"}, inner.encode())
    told = {"Event-Name": "DTMF", "Unique-ID": "a-b", "DTMF-Digit": "#", "Caller-Caller-ID-Name": "山田"}
    as_json = EslMessage({"Content-Type": "text/event-json"}, json.dumps(told).encode())
    assert event_from(plain) == event_from(as_json) == Event(told)


def test_an_event_may_have_a_body_of_its_own() -> None:
    inner = "Event-Name: BACKGROUND_JOB\nContent-Length: 4\n\n+OK\n"
    event = event_from(EslMessage({"Content-Type": "text/event-plain"}, inner.encode()))
    assert event is not None
    assert event.body == "+OK\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"x" * (MAX_HEADER_BYTES + 2), "header_too_long"),
        (b"GET / HTTP/1.1\n\n", "bad_header"),
        (b"Content-Length: -1\n\n", "bad_length"),
        (b"Content-Length: 99999999999\n\n", "bad_length"),
        (b"Content-Length: %d\n\n" % (MAX_BODY_BYTES + 1), "body_too_long"),
    ],
)
def test_nonsense_has_a_reason(data: bytes, reason: str) -> None:
    with pytest.raises(EslError) as caught:
        EslDecoder().feed(data)
    assert caught.value.reason == reason


@pytest.mark.parametrize("body", [b"{", b"[]", b"null", b"[" * 100_000])
def test_an_event_that_is_no_object_is_refused(body: bytes) -> None:
    with pytest.raises(EslError, match="bad_json"):
        event_from(EslMessage({"Content-Type": "text/event-json"}, body))


@pytest.mark.parametrize("line", ["", "api status\n\nauth x", "api a\rb", "api \0", "x" * 9000])
def test_an_order_is_one_line(line: str) -> None:
    """Nothing that came from outside can become a second command."""
    with pytest.raises(ValueError):
        command(line)
    with pytest.raises(ValueError):
        command("bgapi status", Job_UUID=f"x{line or chr(10)}")


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_garbage_is_refused_or_ignored(pieces: list[bytes]) -> None:
    decoder = EslDecoder()
    with suppress(EslError):
        for piece in pieces:
            for message in decoder.feed(piece):
                event_from(message)


@given(st.data())
def test_damaged_captures_harm_nothing(data: st.DataObject) -> None:
    whole = bytearray(captured()[:8000])
    for _ in range(data.draw(st.integers(1, 5))):
        whole[data.draw(st.integers(0, len(whole) - 1))] = data.draw(st.integers(0, 255))
    with suppress(EslError):
        for message in EslDecoder().feed(bytes(whole)):
            event_from(message)
