"""The captures in `cases/`, each with its right value."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from tests.support.recorder import Recorder

from kikimori.integrations.mirror.call_capture import CallCapture
from kikimori.integrations.mirror.replay import replay_capture
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.media.sip.message import parse_datagram
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Role

CASES = Path(__file__).parent / "cases"
SIDES = SidesTable(operator_numbers=("2??",))


async def played(name: str, twins: Literal["outside", "inside"] = "outside") -> tuple[Recorder, CallCapture]:
    desk = Recorder()
    return desk, await replay_capture(CASES / name, desk, MirrorTable(twins=twins), SIDES)


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("01-fork-one-branch-busy.pcap", 1.0),
        ("02-no-answer-next-phone.pcap", 1.0),
        ("03-erspan-type2.pcap", 0.5),
        ("04-vxlan.pcap", 0.5),
        ("04b-mpls.pcap", 0.5),
        ("08-sip-on-5160.pcap", 0.5),
    ],
)
async def test_the_call_is_heard(name: str, seconds: float) -> None:
    desk, wire = await played(name)
    assert wire.counters()["calls"] == 1
    assert [(leg.info.role, len(leg.pcm)) for leg in desk.legs] == [
        (Role.CUSTOMER, seconds * 16000),
        (Role.OPERATOR, seconds * 16000),
    ]
    call = desk.legs[0].info.call
    assert (call.caller.number, call.operator.number) == ("0901234567", "204")


@pytest.mark.parametrize(
    ("name", "twins"),
    [
        ("05-two-anonymous-callers.pcap", "outside"),
        ("05b-two-anonymous-one-answers-first.pcap", "inside"),
    ],
)
async def test_two_anonymous_callers_keep_their_operators(
    name: str, twins: Literal["outside", "inside"]
) -> None:
    desk, wire = await played(name, twins)
    assert wire.counters()["calls"] == 2
    last = {leg.info.call.call_id: leg.info.call for leg in desk.legs}
    assert {call_id: call.operator.number for call_id, call in last.items()} == {
        "call1": "201",
        "call2": "202",
    }
    assert {call.caller.number for call in last.values()} == {None}


async def test_a_withheld_number_is_not_shown() -> None:
    desk, _ = await played("06-withheld-number-privacy-id.pcap")
    assert {leg.info.call.caller.number for leg in desk.legs} == {None}
    assert {leg.info.call.caller.withheld for leg in desk.legs} == {"anonymous"}


@pytest.mark.parametrize(
    ("name", "counter"),
    [
        ("07-g729-preferred-over-pcmu.pcap", "calls_unreadable_codec"),
        ("09-zrtp-under-rtp-avp.pcap", "calls_encrypted"),
    ],
)
async def test_what_cannot_be_decoded_is_counted_and_not_heard(name: str, counter: str) -> None:
    desk, wire = await played(name)
    assert wire.counters()[counter] == 1
    assert wire.counters()["calls"] == 0
    assert sum(len(leg.pcm) for leg in desk.legs) == 0


def test_a_long_message_is_read() -> None:
    assert parse_datagram((CASES / "13-rfc4475-longreq.dat").read_bytes())
