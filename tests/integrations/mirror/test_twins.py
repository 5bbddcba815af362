"""Callers who look alike: whose telephone is whose, and how certain that is."""

from __future__ import annotations

import pytest
from tests.integrations.mirror.office import CARRIER, OTHER_PHONE, PBX, PHONE, SIDES, Office, Talk, heard, sdp

from kikimori.integrations.mirror.settings import MirrorTable
from kikimori_core.model.call import Party, Role

ALIKE = ("anonymous", "0901234567")


class Two:
    """Two callers of one look at the same time; each call has a dialog before and one behind the PBX."""

    def __init__(self, caller: str, twins: str = "outside") -> None:
        self.office = Office(MirrorTable.model_validate({"twins": twins}), SIDES)
        self.outer = [self.office.talk(caller, "0312345678", (CARRIER, PBX)) for _ in range(2)]
        self.inner = [
            self.office.talk(caller, "201", (PBX, PHONE)),
            self.office.talk(caller, "202", (PBX, OTHER_PHONE)),
        ]

    def ring(self, outer: tuple[str, str] = ("", ""), inner: tuple[str, str] = ("", "")) -> None:
        for at, talk in enumerate(self.outer):
            talk.invite(sdp(CARRIER, 30000 + at), headers=outer[at])
        for at, talk in enumerate(self.inner):
            talk.invite(sdp(PBX, 16000 + at), headers=inner[at])

    def answer(self, at: int, *, inner: int | None = None) -> None:
        inside = self.inner[at if inner is None else inner]
        inside.respond(200, sdp(inside.hosts[1], 17000 + self.inner.index(inside)))
        self.outer[at].respond(200, sdp(PBX, 15000 + at))

    def talk(self) -> None:
        for at in range(2):
            self.office.speak((CARRIER, 30000 + at), (PBX, 15000 + at), at)
            self.office.speak((PBX, 16000 + at), (self.inner[at].hosts[1], 17000 + at), 50 + at)

    def calls(self) -> dict[str, tuple[str | None, bytes, Party, str | None]]:
        """Operator, the customer's sound, the caller and whether that is certain, by call."""
        found = {}
        for leg in self.office.live:
            call = leg.info.call
            if leg.info.role is Role.OPERATOR:
                customer = next(
                    each
                    for each in self.office.live
                    if each.info.role is Role.CUSTOMER and each.info.call.call_id == call.call_id
                )
                found[call.call_id] = (call.operator.number, bytes(customer.pcm), call.caller, call.identity)
        return found


@pytest.mark.parametrize("caller", ALIKE)
@pytest.mark.parametrize("twins", ["outside", "inside"])
def test_two_who_look_alike_are_two_calls_and_uncertain(caller: str, twins: str) -> None:
    two = Two(caller, twins)
    two.ring()
    two.answer(0)
    two.answer(1)
    two.talk()
    first = 50 if twins == "inside" else 0
    assert two.calls() == {
        "call1": ("201", heard(first), Party(), "uncertain"),
        "call2": ("202", heard(first + 1), Party(), "uncertain"),
    }


@pytest.mark.parametrize(
    "headers",
    [
        lambda at: f"Session-ID: {'ab12'[at] * 32};remote={'0' * 32}\r\n",
        lambda at: f'P-Charging-Vector: icid-value="icid-{at}";icid-generated-at=192.0.2.1\r\n',
        lambda at: f"X-CID: shared-{at}\r\n",
        lambda at: f"Cisco-Guid: 10{at}-20-30-40\r\n",
    ],
    ids=["Session-ID", "icid", "X-CID", "Cisco-Guid"],
)
@pytest.mark.parametrize("twins", ["outside", "inside"])
def test_what_names_the_call_on_both_sides_makes_it_certain(headers: object, twins: str) -> None:
    assert callable(headers)
    two = Two("anonymous", twins)
    # The second caller's telephone rings first.
    two.ring((headers(0), headers(1)), (headers(1), headers(0)))
    two.answer(0, inner=1)
    two.answer(1, inner=0)
    operators = {call_id: (found[0], found[3]) for call_id, found in two.calls().items()}
    assert operators == {"call1": ("202", None), "call2": ("201", None)}


def test_the_call_id_of_the_other_side_names_the_call() -> None:
    two = Two("anonymous")
    two.ring(inner=("X-CID: call2\r\n", "X-CID: call1\r\n"))
    two.answer(0, inner=1)
    two.answer(1, inner=0)
    operators = {call_id: (found[0], found[3]) for call_id, found in two.calls().items()}
    assert operators == {"call1": ("202", None), "call2": ("201", None)}


def test_one_after_the_other_is_certain() -> None:
    two = Two("anonymous")
    for at in range(2):
        two.outer[at].invite(sdp(CARRIER, 30000 + at))
        two.inner[at].invite(sdp(PBX, 16000 + at))
        two.answer(at)
    two.talk()
    assert {call_id: (found[0], found[1], found[3]) for call_id, found in two.calls().items()} == {
        "call1": ("201", heard(0), None),
        "call2": ("202", heard(1), None),
    }


def test_a_telephone_that_answers_late_does_not_bring_another_ones_voice_into_a_call() -> None:
    """The PBX has answered both (a queue): what began to be heard is heard to its end."""
    two = Two("anonymous", "inside")
    two.ring()
    for at, talk in enumerate(two.outer):
        talk.respond(200, sdp(PBX, 15000 + at))
    two.talk()
    two.inner[1].respond(200, sdp(OTHER_PHONE, 17001))
    two.inner[0].respond(200, sdp(PHONE, 17000))
    two.talk()
    for at in range(2):
        pcm = two.calls()[f"call{at + 1}"][1]
        assert heard(at) in pcm
        assert heard(50 + 1 - at) not in pcm


def test_one_caller_whose_number_is_hidden_inside_is_one_certain_call() -> None:
    office = Office()
    outer = office.talk("anonymous", "0312345678", (CARRIER, PBX))
    outer.invite(
        sdp(CARRIER, 30000), headers="P-Asserted-Identity: <sip:0901234567@carrier>\r\nPrivacy: id\r\n"
    )
    inner = office.talk("anonymous", "204", (PBX, PHONE))
    inner.invite(sdp(PBX, 16000))
    inner.respond(200, sdp(PHONE, 17000))
    outer.respond(200, sdp(PBX, 15000))
    assert {leg.info.call.call_id for leg in office.live} == {"call1"}
    assert office.leg(Role.OPERATOR).info.call.operator.number == "204"
    assert office.leg(Role.OPERATOR).info.call.identity is None


def test_words_are_no_number() -> None:
    """Two telephones with names, not numbers: no more in common than that."""
    office = Office()
    office.talk("reception", "0312345678", (CARRIER, PBX)).answered((30000, 15000))
    office.talk("reception", "204", (PBX, PHONE)).answered()
    assert {leg.info.call.call_id for leg in office.live} == {"call1", "call2"}


def test_a_group_of_telephones_rings_for_one_caller() -> None:
    office = Office()
    outer = office.talk("0901234567", "0312345678", (CARRIER, PBX))
    outer.invite(sdp(CARRIER, 30000))
    group = [
        Talk(office, "0901234567", number, (PBX, host), f"inner{number}")
        for number, host in (("201", PHONE), ("202", OTHER_PHONE))
    ]
    for at, talk in enumerate(group):
        talk.invite(sdp(PBX, 16000 + at))
    group[0].request("CANCEL")
    group[1].respond(200, sdp(OTHER_PHONE, 17001))
    outer.respond(200, sdp(PBX, 15000))
    assert {leg.info.call.operator.number for leg in office.live} == {"202"}
    assert {(leg.info.call.call_id, leg.info.call.identity) for leg in office.live} == {("call1", None)}
