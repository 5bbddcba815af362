"""Telephones that ring, seen at a mirror port: INVITE and 180, before the answer and without one."""

from __future__ import annotations

import pytest
from tests.integrations.mirror.office import CARRIER, OTHER_PHONE, PBX, PHONE, SIDES, Office, sdp
from tests.integrations.mirror.test_captures import DATA, heard
from tests.integrations.mirror.test_twins import Two

from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Party


def told(office: Office) -> list[tuple[str, tuple[str, ...], bool]]:
    return [(call.call_id, phones, answered) for call, phones, answered in office.desk.rings]


def test_a_telephone_rings_and_the_call_that_is_answered_has_its_name() -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(PBX, 16000))
    assert told(office) == []
    talk.respond(180)
    talk.respond(180)
    ((call, phones, answered),) = office.desk.rings
    assert (call.call_id, call.caller.number, phones, answered) == ("call1", "0901234567", ("204",), False)
    assert office.desk.legs == []
    talk.respond(200, sdp(PHONE, 17000))
    assert told(office)[1:] == [("call1", ("204",), True)]
    assert {leg.info.call.call_id for leg in office.desk.legs} == {"call1"}
    talk.request("BYE")
    assert office.desk.rung_out == ["call1"]


@pytest.mark.parametrize("ends", ["cancel", "busy", "forgotten"])
def test_a_call_that_nobody_answers_is_over(ends: str) -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(PBX, 16000))
    talk.respond(180)
    match ends:
        case "cancel":
            talk.request("CANCEL")
            talk.respond(487)
        case "busy":
            talk.respond(486)
        case _:
            office.pass_time(320)
    assert told(office) == [("call1", ("204",), False)]
    assert office.desk.rung_out == ["call1"]
    assert office.desk.legs == []


def test_behind_a_pbx_the_telephones_ring_and_not_the_dialled_number() -> None:
    office = Office()
    outer = office.talk("0901234567", "0312345678", (CARRIER, PBX))
    inner = [
        office.talk("0901234567", "201", (PBX, PHONE)),
        office.talk("0901234567", "202", (PBX, OTHER_PHONE)),
    ]
    outer.invite(sdp(CARRIER, 30000))
    for at, talk in enumerate(inner):
        talk.invite(sdp(PBX, 16000 + at))
        talk.respond(180)
    outer.respond(180)
    assert told(office) == [("call1", ("201",), False), ("call1", ("201", "202"), False)]
    inner[0].respond(486)
    assert told(office)[-1] == ("call1", ("202",), False)
    inner[1].respond(200, sdp(OTHER_PHONE, 17000))
    assert told(office)[-1] == ("call1", ("202",), True)
    outer.respond(200, sdp(PBX, 15000))
    assert {leg.info.call.call_id for leg in office.desk.legs} == {"call1"}


def test_who_may_be_another_is_not_told() -> None:
    two = Two("anonymous")
    two.ring()
    for talk in two.inner:
        talk.respond(180)
    assert told(two.office) == []


@pytest.mark.parametrize(
    ("caller", "callee", "sides"),
    [
        ("205", "204", SIDES),
        ("204", "0901234567", SIDES),
        ("0901234567", "204", SidesTable(operator_numbers=("2??",), never_operators=("204",))),
    ],
    ids=["inside", "outgoing", "never"],
)
def test_what_is_no_customers_call_does_not_ring(caller: str, callee: str, sides: SidesTable) -> None:
    office = Office(sides=sides)
    office.talk(caller, callee).answered()
    assert told(office) == []


def test_a_withheld_number_rings_without_one() -> None:
    office = Office()
    talk = office.talk("anonymous")
    talk.invite(sdp(PBX, 16000))
    talk.respond(180)
    ((call, phones, _),) = office.desk.rings
    assert phones == ("204",)
    assert call.caller == Party(withheld="anonymous")


@pytest.mark.parametrize("name", ["sipp-udp.pcap", "baresip-g722.pcap"])
async def test_a_captured_call_rings_where_its_telephone_said_so(name: str) -> None:
    desk, _ = await heard(DATA / name)
    rang = b" 180 " in (DATA / name).read_bytes()
    assert bool(desk.rings) is rang
    for call, phones, _ in desk.rings:
        assert {leg.info.call.call_id for leg in desk.legs} == {call.call_id}
        assert phones == (desk.legs[0].info.call.operator.number,)
    assert desk.rung_out == ([desk.legs[0].info.call.call_id] if rang else [])
