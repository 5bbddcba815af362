"""Telephones that ring, from the events of a real Asterisk; see `test_calls.py` for where they come from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from tests.integrations.asterisk.tap.test_calls import NOTHING_WRITTEN, SIDES, Json, recorded, tracker

from kikimori.integrations.asterisk.tap.calls import AsteriskCallTracker
from kikimori.taps.sides import SidesTable


def told(tracked: AsteriskCallTracker, events: list[Json]) -> list[str]:
    """Return the rings as short lines: `201 202` ring, `=202` has answered, `-` nothing rings, `over`."""
    lines = []
    for event in events:
        tracked.apply(event)
        for each in tracked.rings.take():
            phones = " ".join(each.phones) or "-"
            lines.append("over" if each.over else f"={phones}" if each.answered else phones)
    return [each for at, each in enumerate(lines) if at == 0 or lines[at - 1] != each]


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        ("basic", ["201", "=201", "over"]),
        ("queue", ["201", "=201", "over"]),
        ("queue_local", ["201", "=201", "over"]),
        ("local", ["201", "=201", "over"]),
        ("blind_transfer", ["201", "=201", "202", "=202", "over"]),
        # The superior is rung by the first operator: no call from outside.
        ("attended_transfer", ["201", "=201", "over"]),
        ("outgoing", []),
        ("internal", []),
        ("conference", []),
    ],
)
def test_a_real_call_rings_where_it_rang(name: str, lines: list[str]) -> None:
    tracked = tracker()
    assert told(tracked, recorded(name)) == lines
    assert not tracked.rings.known()


@pytest.mark.parametrize("name", ["basic", "queue", "queue_local", "local"])
def test_the_ring_has_the_name_and_the_caller_of_the_call_that_follows(name: str) -> None:
    tracked = tracker()
    rung, heard = [], []
    for event in recorded(name):
        for customer in tracked.apply(event):
            heard += [voice.call for voice in tracked.voices(customer)]
        rung += [each.call for each in tracked.rings.take()]
    assert {each.call_id for each in rung} == {each.call_id for each in heard}
    assert {each.caller for each in rung} == {each.caller for each in heard}
    assert {each.channel for each in rung} == {each.channel for each in heard}
    assert {each.queue for each in rung} <= {each.queue for each in heard} | {None}


def test_who_must_not_be_listened_to_does_not_ring() -> None:
    sides = SidesTable(**(SIDES.model_dump() | {"never_operators": ("201",)}))
    assert told(tracker(sides), recorded("basic")) == []
    assert told(tracker(NOTHING_WRITTEN), recorded("basic")) == ["201", "=201", "over"]


def test_a_caller_who_hangs_up_while_it_rings_is_over() -> None:
    events = recorded("basic")
    answered = next(at for at, each in enumerate(events) if each.get("dialstatus") == "ANSWER")
    gone = [each for each in events if each["type"] == "ChannelDestroyed"]
    tracked = tracker()
    lines = told(tracked, [*events[: answered - 1], *gone])
    assert lines[0] == "201"
    assert lines[-1] == "over"
    assert not tracked.rings.known()


def test_after_a_new_connection_what_still_rings_is_told_again() -> None:
    events = recorded("basic")
    rings = next(at for at, each in enumerate(events) if each.get("dialstatus") == "RINGING")
    tracked = tracker()
    assert told(tracked, events[: rings + 1]) == ["201"]
    caller, phone = events[rings]["caller"], events[rings]["peer"]
    tracked.load([caller, phone], [])
    assert [each.phones for each in tracked.rings.take()] == [("201",)]
    tracked.load([caller], [])
    assert [each.phones for each in tracked.rings.take()] == [()]
    tracked.load([], [])
    assert [each.over for each in tracked.rings.take()] == [True]


@given(st.lists(st.sampled_from(recorded("queue_local") + recorded("blind_transfer")), max_size=60))
def test_events_in_any_order_leave_nothing_behind(events: list[Json]) -> None:
    tracked = tracker()
    told(tracked, events)
    tracked.load([], [])
    tracked.rings.take()
    assert not tracked.rings.known()
    assert not tracked._ringing._dialled_by
    assert not tracked.rings._rung_for


@pytest.mark.parametrize("part", ["caller", "peer", "dialstatus"])
def test_garbage_is_no_ring(part: str) -> None:
    tracked = tracker()
    events = [each | {part: 7} if each["type"] == "Dial" else each for each in recorded("basic")]
    assert told(tracked, events) == []
