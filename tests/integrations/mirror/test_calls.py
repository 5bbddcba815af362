"""SIP in offices, and the assignment of voices to parties that follows."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integrations.mirror.frames import udp
from tests.integrations.mirror.office import CARRIER, OTHER_PHONE, PBX, PHONE, SIDES, Office, heard, sdp

from kikimori.integrations.mirror.dialogs import RING_S
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

A, B = (PBX, 16000), (PHONE, 17000)


@pytest.mark.parametrize("over_tcp", [False, True], ids=["udp", "tcp"])
def test_a_call_has_two_legs_from_its_answer_to_its_end(over_tcp: bool) -> None:
    office = Office(over_tcp=over_tcp)
    talk = office.talk()
    talk.invite(sdp(*A))
    talk.respond(180)
    assert office.desk.legs == []
    talk.respond(200, sdp(*B))
    talk.request("ACK")
    assert [leg.info.role for leg in office.live] == [Role.CUSTOMER, Role.OPERATOR]
    office.speak(A, B, 1, 2)
    office.speak(B, A, 3, 4)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1, 2)
    assert office.leg(Role.OPERATOR).pcm.endswith(heard(3, 4))
    talk.request("BYE", by=1)
    assert {leg.ended for leg in office.desk.legs} == {EndReason.HUNG_UP}


def test_a_call_that_goes_out_has_its_customer_at_the_other_end() -> None:
    office = Office()
    office.talk("204", "0901234567", (PHONE, PBX)).answered((17000, 16000))
    office.speak(A, B, 1)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1)
    assert office.leg(Role.OPERATOR).info.call.operator.number == "204"


def test_the_callee_may_offer_and_the_caller_answer_in_ack() -> None:
    office = Office()
    talk = office.talk()
    talk.invite()
    talk.respond(200, sdp(*B))
    assert office.desk.legs == []
    talk.request("ACK", sdp(*A))
    office.speak(A, B, 1)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1)


@pytest.mark.parametrize("early_media", [False, True])
def test_what_is_played_before_the_answer_is_heard_if_wanted(early_media: bool) -> None:
    office = Office(MirrorTable(early_media=early_media))
    talk = office.talk("204", "0901234567", (PHONE, PBX))
    talk.invite(sdp(*B))
    talk.respond(183, sdp(*A))
    office.speak(A, B, 1)
    talk.respond(200, sdp(*A))
    office.speak(A, B, 2)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == (heard(1, 2) if early_media else heard(2))
    assert len(office.desk.legs) == 2


@pytest.mark.parametrize("status", [486, 503, 603])
def test_a_call_that_is_refused_is_none(status: int) -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(*A))
    talk.respond(status)
    talk.respond(200, sdp(*B))  # comes late, of another branch
    assert office.desk.legs == []


def test_a_password_that_is_asked_for_is_no_refusal() -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(*A))
    talk.respond(401)
    talk.request("ACK")
    talk.answered()
    assert len(office.live) == 2


def test_a_cancelled_call_is_none() -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(*A))
    talk.request("CANCEL")
    assert len(office.capture.dialogs) == 1
    office.pass_time(60)
    assert len(office.capture.dialogs) == 0
    assert office.desk.legs == []


def test_messages_that_come_twice_change_nothing() -> None:
    office = Office()
    talk = office.talk()
    for _ in range(2):
        talk.invite(sdp(*A))
    for _ in range(3):
        talk.respond(200, sdp(*B))
        talk.request("ACK")
    assert len(office.desk.legs) == 2
    for _ in range(2):
        talk.request("BYE")
        talk.respond(200, method="BYE")
    assert len(office.desk.legs) == 2


def test_the_media_may_move_in_a_call() -> None:
    office = Office()
    talk = office.talk().answered()
    office.speak(A, B, 1, 2)
    moved = (OTHER_PHONE, 18000)
    talk.request("INVITE", sdp(*moved), by=1)
    talk.respond(200, sdp(*A), by=0)
    office.speak(A, moved, 3, 4)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1, 2, 3, 4)
    office.speak(moved, A, 5)
    assert office.leg(Role.OPERATOR).pcm.endswith(heard(5))


def test_a_refused_change_changes_nothing() -> None:
    office = Office()
    talk = office.talk().answered()
    talk.request("INVITE", sdp(OTHER_PHONE, 18000), by=1)
    talk.respond(488, by=0)
    talk.request("UPDATE", sdp(*A))
    talk.respond(200, sdp(*B), method="UPDATE")
    office.speak(A, B, 1)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1)


@pytest.mark.parametrize(("direction", "answer"), [("sendonly", "recvonly"), ("inactive", "inactive")])
def test_hold_by_the_operator_is_told_and_its_end(direction: str, answer: str) -> None:
    office = Office()
    talk = office.talk().answered()
    talk.request("INVITE", sdp(*B, direction=direction), by=1)
    talk.respond(200, sdp(*A, direction=answer), by=0)
    office.pass_time(3)
    talk.request("INVITE", sdp(*B), by=1)
    talk.respond(200, sdp(*A), by=0)
    assert office.desk.holds == [("call1", True), ("call1", False)]
    assert office.leg(Role.CUSTOMER).gap_samples > 2 * 8000
    office.speak(A, B, 1)
    assert office.leg(Role.CUSTOMER).pcm.endswith(heard(1))


def test_old_telephones_hold_with_address_zero() -> None:
    office = Office()
    talk = office.talk().answered()
    talk.request("INVITE", sdp("0.0.0.0", 17000), by=1)
    talk.respond(200, sdp(*A), by=0)
    assert office.desk.holds == [("call1", True)]


def test_a_customer_who_holds_holds_nobody_here() -> None:
    office = Office()
    talk = office.talk().answered()
    talk.request("INVITE", sdp(*A, direction="sendonly"))
    talk.respond(200, sdp(*B, direction="recvonly"))
    assert office.desk.holds == []


def test_behind_a_nat_the_reversed_address_finds_the_voice() -> None:
    """The caller writes its private address; what it really gets comes to another one."""
    office = Office()
    talk = office.talk("0901234567", "204", (CARRIER, PBX))
    talk.invite(sdp("10.9.9.9", 4000))
    talk.respond(200, sdp(PBX, 16000))
    real = (CARRIER, 31000)
    office.speak(real, (PBX, 16000), 1, 2)
    office.speak((PBX, 16000), real, 3, 4)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1, 2)
    assert office.leg(Role.OPERATOR).pcm.endswith(heard(3, 4))


def test_a_port_that_is_used_again_belongs_to_the_later_call() -> None:
    office = Office()
    office.talk().answered()
    office.talk("0907654321", "205").answered()
    office.speak(A, B, 1)
    assert [bytes(leg.pcm) for leg in office.desk.legs if leg.info.role is Role.CUSTOMER] == [b"", heard(1)]


@pytest.mark.parametrize(
    ("protocol", "codecs", "more", "reason"),
    [
        ("RTP/SAVP", "0", "", "encrypted"),
        ("RTP/AVP", "0", "a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n", "encrypted"),
        ("UDP/TLS/RTP/SAVPF", "0", "a=fingerprint:sha-256 00\r\n", "encrypted"),
        ("RTP/AVP", "18", "", "unreadable_codec"),
    ],
)
def test_what_cannot_be_read_is_told_and_opens_no_leg(
    protocol: str, codecs: str, more: str, reason: str
) -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(*A, protocol=protocol, codecs=codecs, more=more))
    talk.respond(200, sdp(*B, protocol=protocol, codecs=codecs, more=more))
    assert office.desk.legs == []
    assert office.capture.calls.unreadable_now() == {reason}
    talk.request("BYE")
    assert office.capture.calls.unreadable_now() == set()


def test_keys_for_encryption_that_are_not_taken_leave_the_call_readable() -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(*A, more="a=crypto:1 AES_CM_128_HMAC_SHA1_80 inline:x\r\n"))
    talk.respond(200, sdp(*B))
    assert len(office.live) == 2


def test_internal_calls_and_those_not_selected_are_not_heard() -> None:
    office = Office(sides=SIDES.model_copy(update={"never_operators": ("209",)}))
    office.talk("205", "204").answered()
    office.talk("0901234567", "209").answered()
    assert office.desk.legs == []
    assert office.capture.counters()["calls_not_heard"] == 2


def test_keys_come_from_info_once_each() -> None:
    office = Office()
    talk = office.talk().answered()
    relay = "Content-Type: application/dtmf-relay\r\n"
    for body, headers in (
        ("Signal=*\r\nDuration=160\r\n", relay),
        ("signal= 9 \r\n", relay),
        ("10", "Content-Type: application/dtmf\r\n"),
        ("Signal=flash\r\n", relay),
        ("hello", "Content-Type: text/plain\r\n"),
    ):
        talk.request("INFO", body, by=1, headers=headers)
        talk.request("INFO", body, by=1, headers=headers, new=False)
    assert office.leg(Role.OPERATOR).digits == "*9*"
    assert office.leg(Role.CUSTOMER).digits == ""


class TestTwins:
    """One call before the PBX (carrier to PBX) and behind it (PBX to telephone)."""

    OUTER = (("203.0.113.1", 30000), ("192.0.2.10", 15000))
    INNER = (("192.0.2.10", 16000), ("192.0.2.21", 17000))

    def begin(self, twins: str, sides: SidesTable = SIDES) -> Office:
        office = Office(MirrorTable.model_validate({"twins": twins}), sides)
        self.outer = office.talk("0901234567", "0312345678", (CARRIER, PBX)).answered((30000, 15000))
        self.inner = office.talk("0901234567", "204", (PBX, PHONE))
        return office

    def test_outside_is_heard_and_the_operator_is_known_from_inside(self) -> None:
        office = self.begin("outside")
        office.speak(*self.OUTER, 1)
        self.inner.answered()
        office.speak(*self.OUTER, 2)
        office.speak(*self.INNER, 99)
        assert {leg.info.call.call_id for leg in office.desk.legs} == {"call1"}
        assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1, 2)
        assert [leg.info.call.operator.number for leg in office.live] == ["0312345678", "204"]
        assert office.live[1].info.role is Role.OPERATOR

    def test_a_transfer_by_the_pbx_changes_the_operator_of_the_same_call(self) -> None:
        office = self.begin("outside")
        self.inner.answered()
        self.inner.request("BYE")
        office.talk("0901234567", "205", (PBX, OTHER_PHONE)).answered((16002, 17002))
        office.speak(*self.OUTER, 1)
        assert {leg.info.call.call_id for leg in office.desk.legs} == {"call1"}
        assert len([leg for leg in office.desk.legs if leg.info.role is Role.CUSTOMER]) == 1
        assert office.leg(Role.OPERATOR).info.call.operator.number == "205"
        assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1)

    def test_when_the_outside_ends_the_call_ends(self) -> None:
        office = self.begin("outside")
        self.inner.answered()
        self.outer.request("BYE")
        assert office.live == []
        legs = len(office.desk.legs)
        office.speak(*self.INNER, 99)
        self.inner.request("BYE")
        assert len(office.desk.legs) == legs

    def test_an_encrypted_outside_is_heard_inside(self) -> None:
        office = Office(sides=SIDES)
        outer = office.talk("0901234567", "0312345678", (CARRIER, PBX))
        outer.invite(sdp(CARRIER, 30000, protocol="RTP/SAVP"))
        outer.respond(200, sdp(PBX, 15000, protocol="RTP/SAVP"))
        assert office.capture.calls.unreadable_now() == {"encrypted"}
        office.talk("0901234567", "204", (PBX, PHONE)).answered()
        office.speak(*self.INNER, 1)
        assert office.leg(Role.CUSTOMER).pcm.endswith(heard(1))
        assert office.capture.calls.unreadable_now() == set()

    def test_inside_takes_over_when_the_telephone_answers_and_the_call_goes_on(self) -> None:
        office = self.begin("inside")
        office.speak(*self.OUTER, 1)
        self.inner.answered()
        office.speak(*self.OUTER, 98)
        office.speak(*self.INNER, 2)
        assert {leg.info.call.call_id for leg in office.desk.legs} == {"call1"}
        assert bytes(office.leg(Role.CUSTOMER, 0).pcm) == heard(1)
        assert office.leg(Role.CUSTOMER).pcm.endswith(heard(2))
        assert len(office.live) == 2

    def test_both_are_two_calls(self) -> None:
        office = self.begin("both")
        self.inner.answered()
        assert {leg.info.call.call_id for leg in office.live} == {"call1", "call2"}

    def test_other_customers_calls_stay_their_own(self) -> None:
        office = self.begin("outside")
        office.talk("0907777777", "0312345678", (CARRIER, PBX)).answered((30010, 15010))
        office.talk("0907777777", "205", (PBX, OTHER_PHONE)).answered((16010, 17010))
        self.inner.answered()
        operators = {leg.info.call.call_id: leg.info.call.operator.number for leg in office.live}
        assert operators == {"call1": "204", "call3": "205"}

    def test_whom_not_to_hear_is_known_when_the_telephone_answers(self) -> None:
        office = self.begin("outside", SIDES.model_copy(update={"never_operators": ("204",)}))
        assert len(office.live) == 2
        self.inner.answered()
        assert office.live == []


def test_a_blind_transfer_by_a_telephone_is_the_same_call() -> None:
    """204 tells the customer's side to call 205 (REFER); its INVITE is another dialog."""
    office = Office()
    talk = office.talk().answered()
    office.speak(A, B, 1)
    talk.request("REFER", by=1, headers="Refer-To: <sip:205@192.0.2.22>\r\n")
    after = office.talk("0901234567", "205", (PBX, OTHER_PHONE))
    after.invite(sdp(PBX, 16050), headers="Referred-By: <sip:204@192.0.2.21>\r\n")
    after.respond(200, sdp(OTHER_PHONE, 17050))
    talk.request("BYE", by=1)
    office.speak((PBX, 16050), (OTHER_PHONE, 17050), 2)
    assert {leg.info.call.call_id for leg in office.desk.legs} == {"call1"}
    assert office.leg(Role.CUSTOMER).pcm.endswith(heard(2))
    assert office.leg(Role.OPERATOR).info.call.operator.number == "205"
    after.request("BYE")
    assert office.live == []


def test_an_attended_transfer_by_a_telephone_is_the_same_call() -> None:
    office = Office()
    talk = office.talk().answered()
    asking = office.talk("204", "205", (PHONE, OTHER_PHONE)).answered((17100, 17200))
    replaces = f"{asking.call_id}%3Bto-tag%3Db{asking.call_id}%3Bfrom-tag%3Da{asking.call_id}"
    talk.request("REFER", by=1, headers=f"Refer-To: <sip:205@192.0.2.22?Replaces={replaces}>\r\n")
    after = office.talk("0901234567", "205", (PBX, OTHER_PHONE))
    after.invite(sdp(PBX, 16050), headers=f"Replaces: {asking.call_id};to-tag=b;from-tag=a\r\n")
    after.respond(200, sdp(OTHER_PHONE, 17050))
    asking.request("BYE")
    talk.request("BYE", by=1)
    assert {leg.info.call.call_id for leg in office.desk.legs} == {"call1"}
    assert office.leg(Role.OPERATOR).info.call.operator.number == "205"
    assert len(office.live) == 2


def test_a_call_whose_end_was_not_seen_ends_in_time_and_on_hold_later() -> None:
    office = Office(MirrorTable(idle_s=30))
    office.talk().answered()
    held = office.talk("0907654321", "205").answered((16100, 17100))
    held.request("INVITE", sdp(PHONE, 17100, direction="sendonly"), by=1)
    office.speak(A, B, *range(100))
    office.pass_time(40)
    assert {leg.info.call.call_id for leg in office.live} == {"call2"}
    office.pass_time(12 * 30)
    assert office.live == []


def test_what_else_uses_the_port_keeps_no_call_alive_whose_end_was_not_seen() -> None:
    office = Office(MirrorTable(idle_s=30))
    office.talk().answered()
    office.speak(A, B, *range(10))
    for _ in range(40):
        office.frame(udp((OTHER_PHONE, 9999), B, b"\x12\x34 nothing of ours"))
        office.frame(udp(A, B, b"\x12\x34 the port has another use now"))
        office.pass_time(1)
    assert office.live == []


def test_rtcp_is_a_sign_of_life_of_a_call_that_is_silent() -> None:
    office = Office(MirrorTable(idle_s=30))
    office.talk().answered()
    office.speak(A, B, *range(10))
    for _ in range(40):
        office.frame(udp(A, B, bytes([0x80, 200, 0, 6]) + bytes(24)))
        office.pass_time(1)
    assert len(office.live) == 2


def test_a_call_that_only_rings_is_forgotten() -> None:
    office = Office()
    office.talk().invite(sdp(*A))
    office.pass_time(RING_S + 60)
    assert len(office.capture.dialogs) == 0


def test_a_flood_of_invites_costs_no_call_that_was_answered() -> None:
    office = Office(MirrorTable(max_calls=5))
    office.talk().answered()
    for n in range(200):
        office.talk(f"09{n:08}", "204", (CARRIER, PHONE)).invite(sdp(*A))
    assert len(office.capture.dialogs) <= 20
    assert office.capture.counters()["calls_shed"] > 100
    office.speak(A, B, 1)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1)


def test_a_fault_in_one_call_ends_that_call_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    office = Office()
    office.talk().answered()
    office.talk("0907654321", "205").answered((16100, 17100))
    # Whatever goes wrong in there.
    monkeypatch.setattr(office.leg(Role.CUSTOMER, 0), "audio", None)
    office.speak(A, B, 1)
    office.speak((PBX, 16100), (PHONE, 17100), 2)
    assert [leg.ended for leg in office.desk.legs] == [EndReason.PROTOCOL_ERROR] * 2 + [None] * 2
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(2)


def test_more_calls_than_allowed_are_shed_and_counted() -> None:
    office = Office(MirrorTable(max_calls=2))
    for n in range(4):
        office.talk(f"09{n:08}", "204").answered((16000 + 2 * n, 17000 + 2 * n))
    assert len(office.live) == 4
    assert office.capture.counters()["calls_shed"] == 2


def test_only_sip_of_the_networks_is_looked_at() -> None:
    office = Office(MirrorTable(networks=("192.0.2.0/24",), ignore_networks=("192.0.2.22/32",)))
    office.talk("0901234567", "204", (CARRIER, "198.51.100.1")).answered()
    office.talk("0901234568", "205", (PBX, OTHER_PHONE)).answered()
    assert office.desk.legs == []
    office.talk().answered()
    assert len(office.live) == 2


def test_the_number_of_an_anonymous_caller_is_the_asserted_one() -> None:
    office = Office()
    talk = office.talk("anonymous")
    talk.invite(sdp(*A), headers='P-Asserted-Identity: "Sato" <sip:0901111111@carrier.example>\r\n')
    talk.respond(200, sdp(*B))
    assert office.leg(Role.CUSTOMER).info.call.caller.number == "0901111111"


@settings(deadline=None, max_examples=150)
@given(
    steps=st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "INVITE",
                    "UPDATE",
                    "ACK",
                    "PRACK",
                    "BYE",
                    "CANCEL",
                    "INFO",
                    "REFER",
                    100,
                    183,
                    200,
                    302,
                    401,
                    488,
                ]
            ),
            st.integers(0, 1),
            st.sampled_from(["", "plain", "hold", "zero", "secret", "broken", "host"]),
            st.integers(0, 2),
        ),
        max_size=30,
    )
)
def test_any_order_of_messages_leaves_every_leg_closed_once(
    steps: list[tuple[str | int, int, str, int]],
) -> None:
    office = Office()
    talks = [office.talk(f"090000000{n}", f"20{n}") for n in range(3)]
    bodies = {
        "": "",
        "plain": sdp(*A),
        "hold": sdp(*B, direction="inactive"),
        "zero": sdp("0.0.0.0", 1),
        "secret": sdp(*A, protocol="RTP/SAVP"),
        "broken": "v=0\r\nm=audio x\r\n",
        "host": sdp("phone.example", 4000),
    }
    for what, by, body, which in steps:
        talk = talks[which]
        if isinstance(what, int):
            talk.respond(what, bodies[body], by=by)
        elif what == "INVITE" and not by:
            talk.invite(bodies[body])
        else:
            talk.request(what, bodies[body], by=by, headers="Refer-To: <sip:209@x?Replaces=call2>\r\n")
        office.speak(A, B, 1)
    office.capture.close(EndReason.SHUTDOWN)
    assert all(leg.ended is not None for leg in office.desk.legs)


@given(
    st.binary(max_size=300),
    st.sampled_from([b"", b"INVITE sip:a@b SIP/2.0\r\nCall-ID: x\r\n", b"SIP/2.0 200 OK\r\n"]),
)
def test_garbage_on_the_sip_port_is_counted(data: bytes, head: bytes) -> None:
    office = Office()
    office.sip(PBX, PHONE, head + data)
    assert office.desk.legs == []
