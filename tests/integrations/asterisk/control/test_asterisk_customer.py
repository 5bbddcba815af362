"""A customer followed by events, also where Asterisk mixes up the order between kinds of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.asterisk.controlled import control_settings

from kikimori.control.pbx_control import HoldTimes
from kikimori.integrations.asterisk.ami_codec import Block
from kikimori.integrations.asterisk.control.customer import AsteriskCustomer
from kikimori.integrations.asterisk.control.dialplan import CONTEXT
from kikimori.integrations.asterisk.control.finding import Place
from kikimori_core.wire.messages import CallStatus

if TYPE_CHECKING:
    from pathlib import Path

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


def test_what_is_left_of_a_wait_is_the_dialplans(tmp_path: Path) -> None:
    settings = control_settings(tmp_path, longest_hold_s=100, ring_s=20)
    customer = ringing([])
    assert settings.hold_times(customer, 5.0) == HoldTimes(15.0, 15.0)
    customer.expect()
    customer.targets = ["200", "201"]
    customer.note(step("ring"), 10.0)
    assert settings.hold_times(customer, 12.0) == HoldTimes(98.0, 18.0)
    customer.note(step("ring"), 30.0)  # the last of them: whoever does not answer sends the customer back
    assert settings.hold_times(customer, 31.0) == HoldTimes(19.0, 19.0)
    for each in (step("rung", Status="NOANSWER"), step("hold"), event("MusicOnHoldStart")):
        customer.note(each, 50.0)
    assert settings.hold_times(customer, 60.0) == HoldTimes(90.0)
    customer.note(event("BridgeEnter", BridgeUniqueid="second"), 70.0)
    assert settings.hold_times(customer, 70.0) is None


def test_of_a_wait_that_was_found_begun_the_end_is_not_known(tmp_path: Path) -> None:
    customer = AsteriskCustomer("c1", CHANNEL, "1.1")
    customer.found(Place(CHANNEL, "1.1", CONTEXT, "hold", ""), (), 5.0)
    assert customer.held_by_us
    assert control_settings(tmp_path).hold_times(customer, 6.0) is None
