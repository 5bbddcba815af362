"""Bodies and recording metadata, as good and as bad as SRCs write them."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.src import metadata

from kikimori.integrations.siprec.metadata import (
    MAX_METADATA_BYTES,
    MetadataError,
    RecordingMetadata,
    parse_metadata,
)
from kikimori.integrations.siprec.multipart import SDP, BodyError, parts_of

SCENARIOS = Path(__file__).parent / "scenarios"
XML = "application/rs-metadata+xml"
BODY = (
    b"preamble\r\n--b\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n\r\n"
    b"--b\r\nContent-Type: application/rs-metadata+xml\r\nContent-Disposition: recording-session\r\n\r\n"
    b"<recording/>\r\n--b--\r\nepilogue"
)


def kinds(content_type: str | None, body: bytes) -> list[str]:
    return [part.kind for part in parts_of(content_type, body)]


def test_the_parts_of_a_body() -> None:
    first, second = parts_of('multipart/mixed; boundary="b"', BODY)
    assert (first.kind, first.body) == (SDP, b"v=0\r\n")
    assert (second.kind, second.body) == (XML, b"<recording/>")


def test_a_body_that_is_not_multipart_is_one_part() -> None:
    assert kinds("application/sdp", b"v=0\n") == [SDP]
    assert kinds(None, b"") == []


@pytest.mark.parametrize(
    "content_type",
    [
        "multipart/mixed",
        "multipart/mixed;boundary=other",
        "Multipart/Mixed; Boundary=b",
        "multipart/mixed;boundary=",
    ],
)
def test_a_boundary_that_is_missing_or_wrong_is_read_from_the_body(content_type: str) -> None:
    assert kinds(content_type, BODY) == [SDP, XML]


def test_line_feeds_alone_will_do() -> None:
    assert kinds("multipart/mixed;boundary=b", BODY.replace(b"\r\n", b"\n")) == [SDP, XML]


def test_a_part_whose_label_is_broken_is_known_by_its_content() -> None:
    body = b"--b\r\nContent-Type: ;;;\r\n\r\n<?xml version='1.0'?><x:recording/>\r\n--b\r\n\r\nv=0\r\n--b--"
    assert kinds("multipart/mixed;boundary=b", body) == [XML, SDP]


def test_a_part_of_parts_is_opened() -> None:
    inner = b"--i\r\nContent-Type: application/sdp\r\n\r\nv=0\r\n--i--"
    body = b"--b\r\nContent-Type: multipart/related;boundary=i\r\n\r\n" + inner + b"\r\n--b--"
    assert kinds("multipart/mixed;boundary=b", body) == [SDP]


@pytest.mark.parametrize(
    ("content_type", "body", "reason"),
    [
        ("multipart/mixed", b"no boundary at all", "no_boundary"),
        ("multipart/mixed;boundary=b", b"--b\r\n\r\nx\r\n" * 50, "too_many_parts"),
    ],
)
def test_bodies_that_cannot_be_taken_apart(content_type: str, body: bytes, reason: str) -> None:
    with pytest.raises(BodyError) as refusal:
        parts_of(content_type, body)
    assert refusal.value.reason == reason


# --- metadata


def of_scenario(name: str, which: int = -1) -> RecordingMetadata:
    """Return the metadata of a sipp scenario's documents: the last one's, or that of the one asked for."""
    text = (SCENARIOS / f"{name}.xml").read_text(encoding="utf-8")
    documents = re.findall(r"<\?xml[^>]*\?>\s*<recording.*?</recording>", text, re.DOTALL)
    return parse_metadata(documents[which].encode())


@pytest.mark.parametrize(
    ("name", "customers", "operators"),
    [("cisco_cube", "1", "2"), ("opensips", "1", "2"), ("oracle", "16777227", "16777228")],
)
def test_who_speaks_in_which_stream(name: str, customers: str, operators: str) -> None:
    found = of_scenario(name)
    assert ["0355550142" in who.aor for who in found.speakers(customers)] == [True]
    assert ["204" in who.aor for who in found.speakers(operators)] == [True]


def test_oracle_says_who_called() -> None:
    found = of_scenario("oracle")
    assert [who.called_first for who in found.participants.values()] == [False, True]


def test_an_undeclared_prefix_does_not_cost_the_call() -> None:
    found = parse_metadata(
        b"<tns:recording><tns:datamode>complete</tns:datamode><tns:participant tns:participant_id='p'>"
        b"<tns:nameID aor='204@x'/></tns:participant><tns:stream stream_id='s'><tns:label>1</tns:label></tns:stream>"
        b"<tns:participantstreamassoc participant_id='p'><tns:send>s</tns:send></tns:participantstreamassoc>"
        b"<callData>x</callData></tns:recording>"
    )
    assert [who.aor for who in found.speakers("1")] == ["204@x"]


def test_an_update_changes_what_it_names_and_keeps_the_rest() -> None:
    first = parse_metadata(metadata(("p1", "sip:a@x", "A", "1"), ("p2", "sip:b@x", "B", "2")).encode())
    later = parse_metadata(metadata(("p3", "sip:c@x", "C", "2"), mode="partial", left=("p2",)).encode())
    now = first.updated(later)
    assert [who.id for who in now.present] == ["p1", "p3"]
    assert [who.id for who in now.speakers("2")] == ["p3"]
    back = now.updated(parse_metadata(metadata(("p2", "", "", "2"), mode="partial", left=("p3",)).encode()))
    assert [(who.id, who.aor) for who in back.present] == [("p1", "sip:a@x"), ("p2", "sip:b@x")]


def test_a_complete_document_replaces_what_was_known() -> None:
    first = parse_metadata(metadata(("p1", "sip:a@x", "A", "1")).encode())
    second = parse_metadata(metadata(("p9", "sip:z@x", "Z", "1")).encode())
    assert [who.id for who in first.updated(second).present] == ["p9"]


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "not_xml"),
        (b"<recording>", "not_xml"),
        (b"<other/>", "not_recording"),
        (b"<!DOCTYPE recording [<!ENTITY a 'b'>]><recording>&a;</recording>", "has_doctype"),
        (b"<recording>" + b"<x>" * 100 + b"</x>" * 100 + b"</recording>", "too_deep"),
        (b"<recording>" + b"<x/>" * 6000 + b"</recording>", "too_many_elements"),
        (b"<recording>" + b" " * MAX_METADATA_BYTES + b"</recording>", "metadata_too_long"),
        (
            b"<recording>" + b"".join(b"<participant id='%d'/>" % n for n in range(99)) + b"</recording>",
            "too_many_participants",
        ),
        (
            b"<recording>"
            + b"".join(b"<stream id='%d'><label>1</label></stream>" % n for n in range(99))
            + b"</recording>",
            "too_many_streams",
        ),
        (b"<?xml version='1.0' encoding='x-nothing'?><recording/>", "not_xml"),
    ],
)
def test_what_is_refused_and_why(body: bytes, reason: str) -> None:
    with pytest.raises(MetadataError) as refusal:
        parse_metadata(body)
    assert refusal.value.reason == reason


# --- anything at all

GOOD = metadata(("p1", "sip:a@x", "A", "1"), ("p2", "sip:b@x", "B", "2")).encode()


@settings(deadline=None)
@given(st.binary(max_size=400), st.text(max_size=60))
def test_garbage_is_parts_or_a_reason(body: bytes, content_type: str) -> None:
    for kind in (content_type, "multipart/mixed;boundary=b"):
        with contextlib.suppress(BodyError):
            parts_of(kind, body)


@settings(deadline=None)
@given(st.integers(0, len(BODY)), st.binary(max_size=20), st.integers(0, 40))
def test_a_spoilt_body_is_parts_or_a_reason(at: int, spoil: bytes, cut: int) -> None:
    with contextlib.suppress(BodyError):
        parts_of("multipart/mixed;boundary=b", BODY[:at] + spoil + BODY[at + cut :])


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_garbage_is_metadata_or_a_reason(body: bytes) -> None:
    with contextlib.suppress(MetadataError):
        parse_metadata(body)


@settings(deadline=None)
@given(st.integers(0, len(GOOD)), st.binary(max_size=20), st.integers(0, 60))
def test_a_spoilt_document_is_metadata_or_a_reason(at: int, spoil: bytes, cut: int) -> None:
    first = parse_metadata(GOOD)
    with contextlib.suppress(MetadataError):
        later = first.updated(parse_metadata(GOOD[:at] + spoil + GOOD[at + cut :]))
        later.speakers("1")
