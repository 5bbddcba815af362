"""Events of Asterisk in real calls, told again: who is heard, when, and as one call.

The files under `data/` are the events of a real Asterisk 22 with SIP telephones (`test_real_asterisk.py` makes such
calls), as they came but for the host's name.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from structlog.testing import capture_logs

from kikimori.integrations.asterisk.tap.calls import AsteriskCallTracker
from kikimori.integrations.asterisk.tap.world import World
from kikimori.taps.changes import DigitPressed, HoldChanged
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Party, Role

Json = dict[str, Any]

DATA = Path(__file__).parent / "data"
OWN = "kikimori-tap-"
SIDES = SidesTable(customer_endpoints=("PJSIP/trunk*",), operator_endpoints=("PJSIP/2??",))
NOTHING_WRITTEN = SidesTable()


def recorded(name: str) -> list[Json]:
    lines = (DATA / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def tracker(sides: SidesTable = SIDES) -> AsteriskCallTracker:
    return AsteriskCallTracker(sides, OWN)


class Story:
    """Output of a tracker as short lines: `trunk+201` is who is heard, in the order of the customer first."""

    def __init__(self, tracked: AsteriskCallTracker) -> None:
        self.tracker = tracked
        self.lines: list[str] = []
        self.call_ids: set[str] = set()

    def tell(self, event: Json) -> None:
        for customer in self.tracker.apply(event):
            voices = self.tracker.voices(customer)
            self.call_ids |= {voice.call.call_id for voice in voices}
            assert [voice.role for voice in voices[:1]] in ([], [Role.CUSTOMER])
            names = [
                self.tracker.world.channels[voice.channel].endpoint.removeprefix("PJSIP/") for voice in voices
            ]
            line = "+".join(names) or "over"
            if self.lines[-1:] != [line]:
                self.lines.append(line)
        for news in self.tracker.take_news():
            match news:
                case HoldChanged(_, on_hold):
                    self.lines.append("held" if on_hold else "back")
                case DigitPressed(_, role, digit):
                    self.lines.append(f"{role} {digit}")


def story(name: str, sides: SidesTable = SIDES) -> Story:
    told = Story(tracker(sides))
    for event in recorded(name):
        told.tell(event)
    assert not told.tracker.customers
    assert not told.tracker.world.channels
    return told


@pytest.mark.parametrize(
    ("name", "lines"),
    [
        (
            "basic",
            ["trunk+201", "held", "back", "operator *", "operator 9", "customer 5", "trunk", "over"],
        ),
        ("blind_transfer", ["trunk+201", "trunk", "trunk+202", "trunk", "over"]),
        ("attended_transfer", ["trunk+201", "held", "back", "trunk", "trunk+202", "trunk", "over"]),
        ("queue", ["trunk+201", "trunk", "over"]),
        ("queue_local", ["trunk+201", "trunk", "over"]),
        # A Local pair that Asterisk takes out of the way parts the two for a moment.
        ("local", ["trunk+201", "trunk", "trunk+201", "trunk", "over"]),
        ("outgoing", ["trunk+201", "trunk", "over"]),
        ("internal", []),
        ("conference", []),
        # Control puts the customer on hold and hands the call to 202: no bridge in between.
        ("control_hold", ["trunk+201", "trunk", "trunk+202", "trunk", "over"]),
    ],
)
def test_a_real_call_is_one_call(name: str, lines: list[str]) -> None:
    told = story(name)
    assert told.lines == lines
    assert len(told.call_ids) == bool(lines)


@pytest.mark.parametrize(
    "name", ["basic", "blind_transfer", "queue", "queue_local", "local", "control_hold", "attended_transfer"]
)
def test_who_called_is_the_customer_where_nothing_is_written(name: str) -> None:
    told = story(name, NOTHING_WRITTEN)
    assert told.lines[0] == "trunk+201"


def test_parties_are_named() -> None:
    told = Story(tracker())
    for event in recorded("queue_local"):
        told.tell(event)
        if told.lines:
            break
    [customer, operator] = told.tracker.voices(next(iter(told.call_ids)))
    assert customer.call == operator.call
    call = customer.call
    assert call.tap == "asterisk"
    assert call.caller == Party(number="trunk", name="trunk")
    assert call.operator == Party(number="201", name="201")
    assert call.queue == "support"
    assert (call.channel or "").startswith("PJSIP/trunk-")
    assert (call.operator_channel or "").startswith("PJSIP/201-")


def test_whom_the_operator_dialled_is_the_customer() -> None:
    told = Story(tracker())
    for event in recorded("outgoing"):
        told.tell(event)
        if told.lines:
            break
    voices = told.tracker.voices(next(iter(told.call_ids)))
    assert voices[0].call.caller == Party(number="0312345678")


@pytest.mark.parametrize(
    "name", ["basic", "blind_transfer", "attended_transfer", "queue_local", "local", "outgoing", "internal"]
)
def test_a_start_in_the_middle_sees_what_was_there(name: str) -> None:
    """At every event of a call: lists of that moment tell as much as all the events before."""
    events = recorded(name)
    whole = tracker()
    channels: dict[str, Json] = {}
    bridges: dict[str, Json] = {}
    for event in events:
        whole.apply(event)
        remember(event, channels, bridges)
        late = tracker()
        changed = late.load(list(channels.values()), list(bridges.values()))
        for customer in changed:
            assert late.voices(customer) == whole.voices(customer)
        # Where a customer is alone just now (between two operators) a late start does not know it for a call.
        assert late.customers <= whole.customers


def remember(event: Json, channels: dict[str, Json], bridges: dict[str, Json]) -> None:
    """Keep what `GET /channels` and `GET /bridges` would answer after this event."""
    channel, bridge = event.get("channel"), event.get("bridge")
    for each in (channel, event.get("caller"), event.get("peer")):
        if each and (each["id"] in channels or event["type"] == "ChannelCreated"):
            channels[each["id"]] = each
    if event["type"] == "ChannelDestroyed" and channel:
        channels.pop(channel["id"], None)
    if event["type"] == "BridgeDestroyed" and bridge:
        bridges.pop(bridge["id"], None)
    elif bridge:
        bridges[bridge["id"]] = bridge


def test_events_that_come_twice_change_nothing() -> None:
    """As after a reconnection, when the lists are newer than the first events."""
    told = Story(tracker())
    channels: dict[str, Json] = {}
    bridges: dict[str, Json] = {}
    events = recorded("attended_transfer")
    half = next(at for at, event in enumerate(events) if event["type"] == "ChannelHold")
    for event in events[:half]:
        told.tell(event)
        remember(event, channels, bridges)
    told.tracker.load(list(channels.values()), list(bridges.values()))
    for event in events[half - 5 :]:
        told.tell(event)
    assert told.lines == ["trunk+201", "held", "back", "trunk", "trunk+202", "trunk", "over"]


def test_a_call_that_ended_while_nobody_looked() -> None:
    told = Story(tracker())
    for event in recorded("basic"):
        told.tell(event)
        if told.lines:
            break
    [call_id] = told.call_ids
    assert told.tracker.load([], []) == {call_id}
    assert told.tracker.voices(call_id) == []
    assert not told.tracker.customers


# --- who is listened to


def test_selection_by_queue() -> None:
    assert story("queue", SIDES.model_copy(update={"only_queues": ("claims",)})).lines
    assert not story("queue", SIDES.model_copy(update={"only_queues": ("support",)})).lines
    assert not story("basic", SIDES.model_copy(update={"only_queues": ("claims",)})).lines


def test_nobody_is_heard_while_an_operator_who_is_not_to_be_heard_has_the_call() -> None:
    sides = SIDES.model_copy(update={"never_operators": ("202",)})
    assert story("blind_transfer", sides).lines == ["trunk+201", "trunk", "over"]
    sides = SIDES.model_copy(update={"never_operators": ("201",)})
    assert story("blind_transfer", sides).lines == ["trunk+202", "trunk", "over"]


def test_what_is_not_heard_is_logged_once_without_numbers() -> None:
    with capture_logs() as logs:
        internal = story("internal").tracker
        conference = story("conference").tracker
    said = [(each["event"], each["reason"]) for each in logs]
    assert said.count(("call_not_heard", "internal_call")) == 2
    assert said.count(("call_not_heard", "conference")) == 2
    assert (internal.not_heard, conference.not_heard) == ({"internal_call": 1}, {"conference": 2})
    assert set(said) == {("call_not_heard", "internal_call"), ("call_not_heard", "conference")}


# --- made up, because it takes more telephones


def channel(at: int, name: str, *, app: str = "Dial", data: str = "", display: str = "") -> Json:
    return {
        "id": f"c{at}",
        "name": f"{name}-0000000{at}",
        "caller": {"number": "", "name": display},
        "connected": {"number": "", "name": ""},
        "dialplan": {"app_name": app, "app_data": data, "exten": ""},
        "creationtime": f"2026-11-25T00:00:0{at}.000+0000",
    }


def bridge(*channels: Json, kind: str = "mixing", creator: str = "") -> Json:
    return {"id": "b", "bridge_type": kind, "creator": creator, "channels": [each["id"] for each in channels]}


def heard(channels: list[Json], bridges: list[Json], sides: SidesTable = SIDES) -> list[tuple[str, str]]:
    made = tracker(sides)
    return [
        (voice.role.value, voice.channel)
        for customer in made.load(channels, bridges)
        for voice in made.voices(customer)
    ]


def test_a_superior_beside_the_operator_is_heard_too() -> None:
    three = [channel(1, "PJSIP/trunk"), channel(2, "PJSIP/201", app="AppDial"), channel(3, "PJSIP/202")]
    assert heard(three, [bridge(*three)]) == [("customer", "c1"), ("operator", "c2"), ("operator", "c3")]


def test_a_round_is_heard_by_its_first_operators() -> None:
    many = [channel(1, "PJSIP/trunk"), *(channel(at, f"PJSIP/20{at}") for at in range(2, 9))]
    assert len(heard(many, [bridge(*many)])) == 4


@pytest.mark.parametrize("technology", ["Snoop", "AudioSocket", "UnicastRTP", "WebSocket", "Recorder"])
def test_plumbing_is_nobody(technology: str) -> None:
    two = [channel(1, "PJSIP/trunk"), channel(2, f"{technology}/x")]
    assert heard(two, [bridge(*two)]) == []


def test_waiting_and_parking_are_no_conversation() -> None:
    two = [channel(1, "PJSIP/trunk"), channel(2, "PJSIP/201")]
    assert heard(two, [bridge(*two, kind="holding")]) == []
    assert heard(two, [bridge(*two, creator="ConfBridge")]) == []


def test_a_zombie_is_nobody() -> None:
    two = [channel(1, "PJSIP/trunk"), {**channel(2, "PJSIP/201"), "name": "PJSIP/201-00000002<ZOMBIE>"}]
    assert heard(two, [bridge(*two)]) == []


def test_our_own_are_not_seen() -> None:
    two = [channel(1, "PJSIP/trunk"), channel(2, "PJSIP/201")]
    assert heard(two, [{**bridge(*two), "id": f"{OWN}x"}]) == []


def test_a_queue_member_without_a_name_is_called_by_its_endpoint() -> None:
    """Asterisk gives such an endpoint the number that the customer dialled."""
    customer = channel(1, "PJSIP/trunk", app="Queue", data="claims,t,,,60")
    member = channel(2, "PJSIP/sato", app="AppQueue") | {"caller": {"number": "700", "name": ""}}
    made = tracker(NOTHING_WRITTEN)
    [call] = made.load([customer, member], [bridge(customer, member)])
    assert made.voices(call)[0].call.operator == Party(number="sato")
    assert made.voices(call)[0].call.queue == "claims"


# --- whatever comes

json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=8) | st.sampled_from(["c1", "c2", "b"]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "channels", "caller", "dialplan", "bridge_type", "number"]), inner
        )
    ),
    max_leaves=12,
)
kinds = st.sampled_from(
    ["ChannelCreated", "ChannelDestroyed", "ChannelEnteredBridge", "ChannelLeftBridge", "BridgeDestroyed",
     "BridgeMerged", "ChannelHold", "ChannelUnhold", "ChannelDtmfReceived", "Dial", "", 7, None]
)  # fmt: skip
garbage = st.dictionaries(
    st.sampled_from(["channel", "bridge", "bridge_from", "caller", "peer", "digit"]), json_values
).flatmap(lambda event: kinds.map(lambda kind: {**event, "type": kind}))


@given(st.lists(garbage, max_size=12), json_values, json_values)
def test_garbage_harms_nobody(events: list[Json], channels: object, bridges: object) -> None:
    made = tracker(NOTHING_WRITTEN)
    for customer in made.load(channels, bridges):
        made.voices(customer)
    for event in events:
        for customer in made.apply(event):
            made.voices(customer)
        made.take_news()


@given(st.randoms(use_true_random=False))
def test_real_events_in_any_order_end_in_nothing(order: Any) -> None:
    events = recorded("attended_transfer")
    order.shuffle(events)
    made = tracker()
    for event in events:
        for customer in made.apply(event):
            made.voices(customer)
    made.load([], [])
    assert not made.customers
    assert isinstance(made.world, World)
    assert not made.world.channels
    assert not made.world.bridges
