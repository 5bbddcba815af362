"""Payload types in SDP."""

from __future__ import annotations

import pytest

from kikimori.media.rtp.formats import (
    COMFORT_NOISE,
    DTMF,
    G722,
    PCMA,
    PCMU,
    Format,
    PayloadKind,
    format_of,
    leg_rate,
)


def formats_from(payload_types: list[int], rtpmap: dict[int, str]) -> dict[int, Format]:
    """Return the readable formats of an m-line, in its order."""
    known = {each: format_of(each, rtpmap.get(each)) for each in payload_types}
    return {each: found for each, found in known.items() if found is not None}


def test_static_types_need_no_rtpmap() -> None:
    assert formats_from([8, 0, 9, 13], {}) == {8: PCMA, 0: PCMU, 9: G722, 13: COMFORT_NOISE}


def test_dynamic_types_are_read_from_rtpmap_in_any_case() -> None:
    rtpmap = {101: "telephone-event/8000", 96: "l16/16000/1", 97: "pcmu/8000", 98: "CN/16000"}
    assert formats_from([96, 97, 98, 101], rtpmap) == {
        96: Format(PayloadKind.L16, 16000, 16000),
        97: PCMU,
        98: Format(PayloadKind.COMFORT_NOISE, 16000, 16000),
        101: DTMF,
    }


def test_rtpmap_wins_over_the_static_type() -> None:
    assert formats_from([0], {0: "PCMA/8000"}) == {0: PCMA}


@pytest.mark.parametrize(
    "rtpmap",
    [
        "G729/8000",
        "opus/48000/2",
        "L16/8000/2",
        "PCMU/16000",
        "L16/999999999",
        "L16/-8",
        "L16/²",
        "",
        "/",
        "PCMU",
    ],
)
def test_what_cannot_be_read_is_left_out(rtpmap: str) -> None:
    assert formats_from([96], {96: rtpmap}) == {}


def test_a_dynamic_type_without_rtpmap_is_left_out() -> None:
    assert formats_from([96, 18, -1, 128, 9999], {}) == {}


def test_g722_counts_8000_ticks_whatever_is_written() -> None:
    assert formats_from([9, 99], {9: "G722/8000", 99: "G722/16000"}) == {9: G722, 99: G722}


def test_a_leg_has_the_rate_of_the_preferred_voice() -> None:
    assert leg_rate(formats_from([101, 9, 0], {101: "telephone-event/8000"})) == 16000
    assert leg_rate(formats_from([0, 9], {})) == 8000
    assert leg_rate(formats_from([11], {})) == 16000
    assert leg_rate(formats_from([13], {})) is None
