"""SIP messages as text: what vendors send is read, what is too much is refused, what is written is read again."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kikimori.media.sip.message import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    MAX_HEADERS,
    Headers,
    Message,
    Request,
    Response,
    SipError,
    parse_datagram,
    serialise,
    split_list,
)
from kikimori.media.sip.values import parse_address, parse_cseq, parse_parameters, parse_uri, parse_via

INVITE = (
    b"INVITE sip:srs@192.0.2.20:5060 SIP/2.0\r\n"
    b"Via: SIP/2.0/UDP 192.0.2.10:5060;branch=z9hG4bK776;rport\r\n"
    b"From: <sip:sbc@192.0.2.10>;tag=1\r\n"
    b"To: <sip:srs@192.0.2.20>\r\n"
    b"Call-ID: a84b4c76e66710\r\n"
    b"CSeq: 314159 INVITE\r\n"
    b"Require: siprec\r\n"
    b"Content-Length: 4\r\n"
    b"\r\n"
    b"v=0\n"
)


def parsed(data: bytes) -> Message:
    return parse_datagram(data)


def request(*lines: str, body: bytes = b"") -> Request:
    message = parsed("\r\n".join(["OPTIONS sip:x@y SIP/2.0", *lines, "", ""]).encode() + body)
    assert isinstance(message, Request)
    return message


def test_a_request_is_read() -> None:
    message = parsed(INVITE)
    assert isinstance(message, Request)
    assert (message.method, message.uri, message.body) == ("INVITE", "sip:srs@192.0.2.20:5060", b"v=0\n")
    assert message.headers.first("CALL-ID") == "a84b4c76e66710"


def test_a_response_is_read() -> None:
    message = parsed(b"SIP/2.0 180 Ringing\r\nVia: SIP/2.0/TCP a\r\n\r\n")
    assert isinstance(message, Response)
    assert (message.status, message.reason) == (180, "Ringing")


def test_compact_names_are_the_long_ones() -> None:
    headers = request("v: SIP/2.0/UDP a", "i: 1", "l: 0", "c: application/sdp", "k: timer").headers
    assert headers.first("Via") == "SIP/2.0/UDP a"
    assert headers.first("call-id") == "1"
    assert headers.first("Content-Type") == "application/sdp"
    assert headers.tokens("supported") == {"timer"}


def test_a_folded_line_continues_the_one_before() -> None:
    assert request("Subject: one", "   two", "\tthree").headers.first("subject") == "one two three"


def test_space_before_the_colon_and_bare_line_feeds_are_read() -> None:
    message = parsed(b"OPTIONS sip:x SIP/2.0\nSubject  : hello\n\nbody")
    assert isinstance(message, Request)
    assert message.headers.first("subject") == "hello"
    assert message.body == b"body"


def test_values_come_from_all_fields_of_a_name_and_are_split_at_commas() -> None:
    headers = request('Contact: <sip:a@x,y>, "b, c" <sip:b@x>', "Contact: sip:c@x").headers
    assert headers.values("contact") == ["<sip:a@x,y>", '"b, c" <sip:b@x>', "sip:c@x"]


def test_a_name_in_another_encoding_does_not_cost_the_message() -> None:
    message = parsed(b"OPTIONS sip:x SIP/2.0\r\nFrom: \x8e\x52 <sip:a@b>;tag=1\r\nCall-ID: 7\r\n\r\n")
    assert message.headers.first("call-id") == "7"


def test_bytes_beyond_the_content_length_are_dropped() -> None:
    assert parsed(INVITE + b"rubbish").body == b"v=0\n"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (INVITE[:-1], "truncated"),
        (INVITE[:80], "no_end_of_head"),
        (b"GET / HTTP/1.1\r\nHost: x\r\n\r\n", "not_sip"),
        (b"INVITE sip:x SIP/3.0\r\n\r\n", "not_sip"),
        (b"OPTIONS sip:x SIP/2.0\r\nno colon here\r\n\r\n", "bad_header"),
        (b"OPTIONS sip:x SIP/2.0\r\n folded first\r\n\r\n", "bad_header"),
        (b"OPTIONS sip:x SIP/2.0\r\nb\x00d: x\r\n\r\n", "not_text"),
        (b"OPTIONS sip:x SIP/2.0\r\nContent-Length: -1\r\n\r\n", "bad_content_length"),
        (b"OPTIONS sip:x SIP/2.0\r\nContent-Length: 1\r\nl: 2\r\n\r\nab", "bad_content_length"),
        (b"OPTIONS sip:x SIP/2.0\r\n" + b"X: y\r\n" * (MAX_HEADERS + 1) + b"\r\n", "too_many_headers"),
        (b"OPTIONS sip:x SIP/2.0\r\nX: " + b"y" * MAX_HEAD_BYTES + b"\r\n\r\n", "head_too_long"),
        (b"OPTIONS sip:x SIP/2.0\r\nX: " + b"y" * MAX_HEAD_BYTES, "head_too_long"),
        (
            b"OPTIONS sip:x SIP/2.0\r\n\r\n" + b"y" * (MAX_BODY_BYTES + 1),
            "body_too_long",
        ),
    ],
)
def test_what_is_refused_and_why(data: bytes, reason: str) -> None:
    with pytest.raises(SipError) as refusal:
        parse_datagram(data)
    assert refusal.value.reason == reason


def test_a_message_that_was_written_is_read_again() -> None:
    headers = Headers([("Via", "SIP/2.0/UDP a;branch=z9hG4bK1"), ("CSeq", "1 BYE"), ("Min-SE", "90")])
    for message in (Request("BYE", "sip:a@b", headers, b"x" * 9), Response(200, "OK", headers, b"")):
        written = serialise(message)
        again = parse_datagram(written)
        assert again.body == message.body
        assert again.headers.first("content-length") == str(len(message.body))
        assert again.headers.first("cseq") == "1 BYE"
        assert b"\r\nCSeq: 1 BYE\r\nMin-SE: 90\r\n" in written


def test_a_value_from_outside_cannot_add_a_header() -> None:
    written = serialise(Response(200, "OK", Headers([("To", "x\r\nContact: <sip:evil@x>")])))
    again = parse_datagram(written)
    assert again.headers.first("contact") is None


def test_replacing_keeps_the_place_and_drops_the_rest() -> None:
    headers = Headers([("a1", "1"), ("b1", "2"), ("a1", "3")])
    headers.replace("A1", "9")
    assert list(headers) == [("a1", "9"), ("b1", "2")]


def test_a_representation_tells_no_values() -> None:
    assert "0312345678" not in repr(
        parsed(b"OPTIONS sip:x SIP/2.0\r\nFrom: <sip:0312345678@a>\r\n\r\n").headers
    )


# --- structured values


def test_addresses() -> None:
    address = parse_address('"Tanaka \\"T\\" <x>" <sip:204@10.0.0.5:5070;transport=tcp>;tag=a;+sip.src')
    assert (address.display, address.tag) == ('Tanaka "T" <x>', "a")
    assert "+sip.src" in address.parameters
    uri = parse_uri(address.uri)
    assert (uri.user, uri.host, uri.port, uri.parameters) == ("204", "10.0.0.5", 5070, {"transport": "tcp"})


def test_without_brackets_parameters_are_the_headers() -> None:
    address = parse_address("sip:204@10.0.0.5;tag=7")
    assert (address.uri, address.tag) == ("sip:204@10.0.0.5", "7")


@pytest.mark.parametrize(
    ("text", "user", "host"),
    [
        ("sip:+81300000000;phone-context=x@[2001:db8::1]:5060", "+81300000000", "2001:db8::1"),
        ("tel:+81-3-0000-0000;ext=1", "+81-3-0000-0000", ""),
        ("204@pbx.example", "204", "pbx.example"),
        ("sip:pbx.example", "", "pbx.example"),
        ("sips:a%20b@h", "a b", "h"),
    ],
)
def test_uris(text: str, user: str, host: str) -> None:
    uri = parse_uri(text)
    assert (uri.user, uri.host) == (user, host)


def test_via_is_read_and_written() -> None:
    via = parse_via("SIP / 2.0 / udp 192.0.2.1 : 5070 ;rport ;branch=z9hG4bK1;received=192.0.2.7")
    assert (via.transport, via.host, via.port, via.branch) == ("UDP", "192.0.2.1", 5070, "z9hG4bK1")
    assert via.text() == "SIP/2.0/UDP 192.0.2.1:5070;rport;branch=z9hG4bK1;received=192.0.2.7"
    assert parse_via("SIP/2.0/TLS [2001:db8::1]").text() == "SIP/2.0/TLS [2001:db8::1]"


def test_cseq_and_parameters() -> None:
    assert parse_cseq("42   invite") == (42, "INVITE")
    assert parse_parameters('multipart/mixed; boundary="a;b"; x') == (
        "multipart/mixed",
        {"boundary": "a;b", "x": ""},
    )


@pytest.mark.parametrize("text", ["", "x INVITE", "99999999999 BYE", "4294967295 BYE", "1"])
def test_a_bad_cseq_is_refused(text: str) -> None:
    with pytest.raises(SipError):
        parse_cseq(text)


# --- anything at all


@settings(deadline=None)
@given(st.binary(max_size=600))
def test_garbage_is_a_message_or_a_reason(data: bytes) -> None:
    with contextlib.suppress(SipError):
        parse_datagram(data)


@settings(deadline=None)
@given(st.integers(0, len(INVITE)), st.binary(max_size=30), st.integers(0, 30))
def test_a_spoilt_message_is_a_message_or_a_reason(at: int, spoil: bytes, cut: int) -> None:
    with contextlib.suppress(SipError):
        message = parse_datagram(INVITE[:at] + spoil + INVITE[at + cut :])
        parse_datagram(serialise(message))


@settings(deadline=None)
@given(st.text(max_size=200))
def test_any_text_is_a_value_or_a_reason(text: str) -> None:
    for read in (parse_address, parse_uri, parse_via, parse_cseq):
        with contextlib.suppress(SipError):
            read(text)
    parse_parameters(text)
    assert all(split_list(text))
