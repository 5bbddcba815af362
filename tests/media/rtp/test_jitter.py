"""Order: by sequence, whatever the order of arrival."""

from __future__ import annotations

import random

from hypothesis import given
from hypothesis import strategies as st

from kikimori.media.rtp.jitter import MOST_WAITING, PATIENCE_S, JitterBuffer
from kikimori.media.rtp.packet import Packet


def packet(sequence: int) -> Packet:
    return Packet(0, False, sequence & 0xFFFF, 0, 1, b"")


def run(sequences: list[int], buffer: JitterBuffer | None = None, step_s: float = 0.02) -> list[int]:
    buffer = buffer or JitterBuffer()
    out = []
    for n, sequence in enumerate(sequences):
        out += [each.sequence for each in buffer.put(packet(sequence), n * step_s)]
    return out + [each.sequence for each in buffer.drain()]


def test_what_is_in_order_does_not_wait() -> None:
    buffer = JitterBuffer()
    assert [len(buffer.put(packet(65530 + n), n * 0.02)) for n in range(20)] == [1] * 20


@given(st.integers(0, 0xFFFF), st.integers(0, 10_000))
def test_neighbours_that_changed_places_are_put_back_and_doubles_dropped(first: int, seed: int) -> None:
    rng = random.Random(seed)  # noqa: S311  (not a secret)
    order = [first + n for n in range(60)]
    for at in range(1, 58, 3):
        if rng.random() < 0.5:
            order[at], order[at + 1] = order[at + 1], order[at]
    doubled = [each for each in order for _ in range(rng.choice((1, 1, 2)))]
    buffer = JitterBuffer()
    assert run(doubled, buffer) == [(first + n) & 0xFFFF for n in range(60)]
    assert buffer.duplicates == len(doubled) - 60
    assert buffer.late == 0


def test_a_missing_packet_is_waited_for_and_given_up() -> None:
    buffer = JitterBuffer()
    buffer.put(packet(1), 0.0)
    assert not buffer.put(packet(3), 0.02)
    assert not buffer.release(0.02 + PATIENCE_S - 0.001)
    assert [each.sequence for each in buffer.release(0.021 + PATIENCE_S)] == [3]
    assert not buffer.put(packet(2), 0.2)
    assert buffer.late == 1


def test_a_burst_of_loss_is_given_up_when_too_much_waits() -> None:
    assert run([1, *range(3, 3 + MOST_WAITING + 1)], step_s=0.0) == [1, *range(3, 3 + MOST_WAITING + 1)]


def test_a_sequence_that_jumps_is_followed_at_its_second_packet() -> None:
    assert run([10, 11, 40000, 40001, 40002]) == [10, 11, 40000, 40001, 40002]


def test_one_stray_packet_is_not_followed() -> None:
    assert run([10, 11, 40000, 12, 13]) == [10, 11, 12, 13]


@given(st.lists(st.integers(0, 0xFFFF), max_size=200))
def test_anything_may_come_and_little_is_kept(sequences: list[int]) -> None:
    buffer = JitterBuffer()
    out = run(sequences, buffer, step_s=0.001)
    assert len(out) <= len(sequences)
    assert not buffer.drain()
