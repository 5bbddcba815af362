"""One key, however many of its packets come."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from kikimori.media.rtp.dtmf import DIGITS, KeyEvents


def event(digit: str, duration: int, *, end: bool = False) -> bytes:
    return bytes((DIGITS.index(digit), 0x80 if end else 0x0A, duration >> 8, duration & 0xFF))


def key(digit: str, timestamp: int) -> list[tuple[bytes, int, bool]]:
    """As a telephone sends it: five packets, the last three times, all with one timestamp."""
    going = [(event(digit, 160 * n), timestamp, n == 1) for n in range(1, 5)]
    return going + [(event(digit, 800, end=True), timestamp, False)] * 3


def told(packets: list[tuple[bytes, int, bool]]) -> str:
    keys = KeyEvents()
    return "".join(keys.feed(payload, at, marker=marker) or "" for payload, at, marker in packets)


def test_a_key_is_told_once() -> None:
    assert told(key("*", 1000) + key("9", 3000)) == "*9"


def test_the_same_key_twice_is_two_keys() -> None:
    assert told(key("9", 1000) + key("9", 3000)) == "99"


@given(st.data())
def test_lost_packets_lose_no_key_while_one_is_left(data: st.DataObject) -> None:
    kept = []
    for n, digit in enumerate("*9#0"):
        packets = key(digit, 1000 + 4000 * n)
        which = data.draw(st.sets(st.integers(0, 6), min_size=1))
        kept += [packet for i, packet in enumerate(packets) if i in which]
    assert told(kept) == "*9#0"


def test_a_key_held_for_long_is_one_key() -> None:
    long = [(event("5", 0xFFFF), 1000, True), (event("5", 160), 1000 + 0xFFFF, False)]
    assert told(long) == "5"


def test_a_telephone_that_counts_on_within_a_key_tells_one_key() -> None:
    packets = [(event("5", 160 * n), 1000 + 160 * (n - 1), n == 1) for n in range(1, 6)]
    assert told(packets) == "5"


def test_packets_of_an_earlier_key_that_come_late_are_not_a_key() -> None:
    first, second = key("1", 1000), key("2", 3000)
    assert told([*first[:3], *second, *first[3:]]) == "12"


def test_timestamps_that_wrap_are_in_order() -> None:
    assert told(key("1", 0xFFFFFF00) + key("2", 0x0700)) == "12"


def test_flash_and_fragments_are_no_key() -> None:
    assert told([(bytes((16, 0, 0, 160)), 0, True), (b"\x01\x00", 500, True), (b"", 700, True)]) == ""


@given(st.lists(st.tuples(st.binary(max_size=8), st.integers(0, 0xFFFFFFFF), st.booleans()), max_size=40))
def test_anything_may_come(packets: list[tuple[bytes, int, bool]]) -> None:
    assert set(told(packets)) <= set(DIGITS)


def test_digits_are_those_of_a_telephone() -> None:
    assert all(a != b for a, b in pairwise(sorted(DIGITS)))
    assert len(DIGITS) == 16
