"""A customer followed by events, also where Asterisk mixes up the order between kinds of them."""

from __future__ import annotations

import pytest

from kikimori.integrations.asterisk.ami_codec import Block
from kikimori.integrations.asterisk.control.customer import AsteriskCustomer
from kikimori_core.wire.messages import CallStatus

CHANNEL = "PJSIP/trunk-00000001"


def event(name: str, **fields: str) -> Block:
    return Block((("Event", name), ("Channel", CHANNEL), *fields.items()))


def step(name: str, **fields: str) -> Block:
    return event("UserEvent", UserEvent="Kikimori", Step=name, **fields)


def ringing(told: list[CallStatus]) -> AsteriskCustomer:
    """On hold, and the superior's telephone rings."""
    customer = AsteriskCustomer(
        "c1", CHANNEL, "1.1", operator="PJSIP/204-00000002", bridge="first", changed=told.append
    )
    customer.expect()
    for each in (event("BridgeLeave", BridgeUniqueid="first"), step("ring"), event("MusicOnHoldStart")):
        customer.note(each, 0.0)
    assert told == [CallStatus.ON_HOLD]
    return customer


STEPS = (step("rung", Status="NOANSWER"), step("back"))
"""These come one after the other, whatever else comes between."""


@pytest.mark.parametrize("at", range(3))
def test_nobody_answered_and_the_way_back_is_told_late(at: int) -> None:
    told: list[CallStatus] = []
    customer = ringing(told)
    customer.note(event("DialEnd", DialStatus="NOANSWER"), 1.0)
    order: list[Block] = list(STEPS)
    order.insert(at, event("BridgeEnter", BridgeUniqueid="second"))
    for each in order:
        customer.note(each, 1.0)
    assert told == [CallStatus.ON_HOLD, CallStatus.TALKING]


ANSWERED = event("DialEnd", DialStatus="ANSWER"), event("BridgeEnter", BridgeUniqueid="second")


@pytest.mark.parametrize("order", [ANSWERED, ANSWERED[::-1]])
def test_who_answered_is_the_superior_in_either_order(order: tuple[Block, ...]) -> None:
    told: list[CallStatus] = []
    customer = ringing(told)
    for each in order:
        customer.note(each, 1.0)
    assert told == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED]


def test_a_bridge_that_was_left_long_ago_does_not_end_the_new_one() -> None:
    told: list[CallStatus] = []
    customer = ringing(told)
    customer.note(event("DialEnd", DialStatus="NOANSWER"), 1.0)
    late = event("BridgeLeave", BridgeUniqueid="first")
    for each in (*STEPS, event("BridgeEnter", BridgeUniqueid="second"), late):
        customer.note(each, 1.0)
    assert (customer.bridge, told) == ("second", [CallStatus.ON_HOLD, CallStatus.TALKING])


def test_the_bridge_that_was_left_is_not_taken_for_a_new_one() -> None:
    told: list[CallStatus] = []
    customer = AsteriskCustomer(
        "c1", CHANNEL, "1.1", status=CallStatus.TRANSFERRED, bridge="superior", changed=told.append
    )
    customer.expect()
    customer.note(step("back"), 1.0)
    assert told == []
    customer.note(event("BridgeLeave", BridgeUniqueid="superior"), 1.0)
    customer.note(event("BridgeEnter", BridgeUniqueid="operator"), 1.0)
    assert told == [CallStatus.TALKING]


def test_a_local_channel_that_takes_itself_out_is_not_the_superior_who_leaves() -> None:
    """Seen on 22.99: `Local/200@office` leaves while three are in the bridge, and two are told to be left."""
    told: list[CallStatus] = []
    customer = ringing(told)
    for each in ANSWERED:
        customer.note(each, 1.0)

    def of(channel: str, name: str, left: str) -> Block:
        return Block(
            (("Event", name), ("Channel", channel), ("BridgeUniqueid", "second"), ("BridgeNumChannels", left))
        )

    customer.note(of("PJSIP/204-00000002", "BridgeEnter", "3"), 2.0)
    doubts = [customer.doubt]
    customer.note(of("Local/200@office-00000001;1", "BridgeLeave", "2"), 2.0)
    doubts.append(customer.doubt)
    assert doubts == [False, True]
    assert told == [CallStatus.ON_HOLD, CallStatus.TRANSFERRED]
