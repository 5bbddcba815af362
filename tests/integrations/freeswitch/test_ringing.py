"""Telephones that FreeSWITCH rings: from what the real one sent, and from what may happen besides."""

from __future__ import annotations

import pytest
from tests.integrations.freeswitch.test_esl import all_of, captured
from tests.integrations.freeswitch.test_tracking import OFFICE, bridge, created, event
from tests.support.recorder import Recorder

from kikimori.integrations.freeswitch.esl import event_from
from kikimori.integrations.freeswitch.tap.tracking import CallBegan, FreeSwitchCallTracker
from kikimori.taps.sides import SidesTable


def called(operator: str = "o", number: str = "204", customer: str = "c") -> dict[str, str]:
    return created(operator, number, outbound=True) | {
        "Other-Leg-Unique-ID": customer,
        "Other-Type": "originator",
    }


COMES = created("c", "0355550142", outbound=False)


def told(tracker: FreeSwitchCallTracker, *events: dict[str, str]) -> list[str]:
    """Return the rings as short lines: `201 202` ring, `=202` has answered, `-` nothing rings, `over`."""
    lines = []
    for each in events:
        tracker.take(each)
        for ring in tracker.rings.take():
            phones = " ".join(ring.phones) or "-"
            lines.append("over" if ring.over else f"={phones}" if ring.answered else phones)
    return lines


def test_a_captured_call_rings_until_it_is_answered() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    lines, rung, begun = [], [], []
    for message in all_of(captured(), 65536):
        found = event_from(message)
        if not found:
            continue
        begun += [each.call for each in tracker.take(found.headers) if isinstance(each, CallBegan)]
        for ring in tracker.rings.take():
            rung.append(ring.call)
            lines.append("over" if ring.over else f"{'=' * ring.answered}{' '.join(ring.phones)}")
    assert lines[:2] == ["204", "=204"]
    assert lines[-1] == "over"
    assert {each.call_id for each in rung} == {each.call_id for each in begun}
    assert {each.caller for each in rung} == {each.caller for each in begun}


def test_several_telephones_one_of_which_answers() -> None:
    events = [COMES, called("a", "201"), called("b", "202"), event("CHANNEL_ANSWER", "b")]
    lines = told(
        FreeSwitchCallTracker(OFFICE), *events, event("CHANNEL_HANGUP_COMPLETE", "a"), bridge("c", "b")
    )
    assert lines == ["201", "201 202", "=202", "=202"]


def test_a_call_that_nobody_answers_leaves_nothing() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    gone = [event("CHANNEL_HANGUP_COMPLETE", each) for each in ("o", "c")]
    assert told(tracker, COMES, called(), *gone) == ["204", "-", "over"]
    assert not tracker.rings.channels()
    assert tracker.calls == {}


@pytest.mark.parametrize(
    ("events", "sides"),
    [
        ([created("c", "201", outbound=False), called()], OFFICE),
        ([COMES, called()], SidesTable(operator_numbers=("2??",), never_operators=("204",))),
        ([COMES, created("o", "204", outbound=True)], OFFICE),
        ([created("c", "201", outbound=False), called("o", "0355550142")], OFFICE),
    ],
    ids=["inside", "never", "no originator", "outgoing"],
)
def test_what_is_no_customers_call_does_not_ring(events: list[dict[str, str]], sides: SidesTable) -> None:
    assert told(FreeSwitchCallTracker(sides), *events) == []


def test_after_a_new_connection_what_is_gone_is_over_and_the_rest_told_again() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    told(tracker, COMES, called(), created("d", "0355550143", outbound=False), called("p", "205", "d"))
    desk = Recorder()
    tracker.rings.hush(desk)
    assert [(call.call_id, phones) for call, phones, _ in desk.rings] == [("c", ()), ("d", ())]
    tracker.adopt([{"uuid": "c"}, {"uuid": "o"}], [])
    tracker.rings.tell(desk)
    assert desk.rung_out == ["d"]
    assert [(call.call_id, phones) for call, phones, _ in desk.rings[2:]] == [("c", ("204",))]


def test_garbage_rings_for_nobody() -> None:
    tracker = FreeSwitchCallTracker(OFFICE)
    bare = {"Event-Name": "CHANNEL_CREATE", "Unique-ID": "x", "Other-Type": "originator"}
    assert told(tracker, bare, event("CHANNEL_UUID", "x"), event("CHANNEL_ANSWER", "nobody")) == []
