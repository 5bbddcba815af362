"""One Call-ID, several attempts: whoever answers is heard, whatever failed before or beside it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integrations.mirror.office import CARRIER, OTHER_PHONE, PBX, PHONE, Office, Talk, heard, sdp

from kikimori_core.model.call import EndReason, Role

CALLER, FIRST, SECOND = (PBX, 16000), (PHONE, 17000), (OTHER_PHONE, 17000)
STATUSES = (
    300,
    302,
    380,
    400,
    401,
    403,
    404,
    407,
    408,
    415,
    420,
    422,
    480,
    484,
    486,
    487,
    488,
    491,
    500,
    503,
    504,
    600,
    603,
)


def branch(talk: Talk, name: str, to: str = PHONE) -> Talk:
    talk.branch, talk.fork, talk.hosts = f"z9hG4bK{name}", name, (talk.hosts[0], to)
    return talk


def assert_heard(office: Office, phone: tuple[str, int]) -> None:
    office.speak(CALLER, phone, 1, 2)
    office.speak(phone, CALLER, 3)
    assert len(office.live) == 2
    assert bytes(office.leg(Role.CUSTOMER).pcm).endswith(heard(1, 2))
    assert office.leg(Role.OPERATOR).pcm.endswith(heard(3))


@pytest.mark.parametrize("status", [486, 480, 408, 503, 603])
@pytest.mark.parametrize("refused_first", [False, True])
def test_one_branch_refuses_and_the_other_answers(status: int, refused_first: bool) -> None:
    office = Office()
    talk = office.talk()
    branch(talk, "one").invite(sdp(*CALLER))
    branch(talk, "two", OTHER_PHONE).invite(sdp(*CALLER))
    branch(talk, "two", OTHER_PHONE).respond(180)
    if refused_first:
        branch(talk, "one").respond(status)
    branch(talk, "two", OTHER_PHONE).respond(200, sdp(*SECOND))
    if not refused_first:
        branch(talk, "one").respond(status)
    assert_heard(office, SECOND)
    talk.request("BYE")
    assert office.live == []


@pytest.mark.parametrize("new_number", [False, True], ids=["same CSeq", "next CSeq"])
def test_nobody_answers_and_the_next_telephone_does(new_number: bool) -> None:
    office = Office()
    talk = office.talk()
    branch(talk, "one").invite(sdp(*CALLER))
    talk.respond(180)
    talk.request("CANCEL")
    talk.respond(200, method="CANCEL")
    talk.respond(487)
    talk.request("ACK")
    talk.sequence += new_number
    branch(talk, "two", OTHER_PHONE).invite(sdp(*CALLER))
    talk.respond(180)
    talk.respond(200, sdp(*SECOND))
    assert_heard(office, SECOND)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("new_number", [False, True], ids=["same CSeq", "next CSeq"])
def test_a_call_that_is_tried_again_is_heard(status: int, new_number: bool) -> None:
    office = Office()
    talk = office.talk()
    branch(talk, "one").invite(sdp(*CALLER))
    talk.respond(status)
    talk.request("ACK")
    talk.sequence += new_number
    branch(talk, "two", OTHER_PHONE).invite(sdp(*CALLER))
    talk.respond(200, sdp(*SECOND))
    assert_heard(office, SECOND)


def test_the_same_invite_after_its_refusal_was_acknowledged_is_another_try() -> None:
    office = Office()
    talk = office.talk()
    talk.invite(sdp(*CALLER))
    talk.respond(503)
    talk.request("ACK")
    talk.answered()
    assert len(office.live) == 2


def test_a_call_id_that_is_used_again_is_another_call() -> None:
    office = Office()
    talk = office.talk().answered()
    talk.request("BYE")
    office.pass_time(2)
    talk.answered((16000, 17000))
    assert_heard(office, FIRST)
    assert len(office.desk.legs) == 4


def test_a_call_whose_end_was_not_seen_ends_where_its_call_id_is_used_again() -> None:
    office = Office()
    talk = office.talk().answered()
    talk.sequence += 1
    branch(talk, "two").answered((16000, 17000))
    assert [leg.ended for leg in office.desk.legs[:2]] == [EndReason.HUNG_UP] * 2
    assert_heard(office, FIRST)


def test_copies_that_come_late_begin_nothing() -> None:
    office = Office()
    talk = office.talk().answered()
    talk.request("BYE")
    talk.sequence -= 1
    talk.invite(sdp(*CALLER))
    talk.respond(200, sdp(*FIRST))
    assert len(office.desk.legs) == 2


def test_of_two_who_answer_the_one_that_is_kept_is_heard() -> None:
    office = Office()
    talk = office.talk()
    branch(talk, "one").invite(sdp(*CALLER))
    branch(talk, "two", OTHER_PHONE).invite(sdp(*CALLER))
    branch(talk, "one").respond(200, sdp(*FIRST))
    branch(talk, "two", OTHER_PHONE).respond(200, sdp(*SECOND))
    branch(talk, "one").request("BYE")
    branch(talk, "two", OTHER_PHONE)
    assert_heard(office, SECOND)
    talk.request("BYE")
    assert office.live == []
    assert len({leg.info.call.call_id for leg in office.desk.legs}) == 1


def test_an_answer_that_crosses_the_cancel_counts_once_it_is_acknowledged() -> None:
    office = Office()
    talk = office.talk()
    branch(talk, "one").invite(sdp(*CALLER))
    talk.request("CANCEL")
    talk.respond(200, sdp(*FIRST))
    assert office.desk.legs == []
    talk.branch = "z9hG4bKack"
    talk.request("ACK")
    assert_heard(office, FIRST)


def test_a_proxy_between_is_seen_on_both_its_sides() -> None:
    """Carrier to proxy, proxy to two telephones: one Call-ID and one pair of tags on every hop."""
    office = Office()
    outer = office.talk(hosts=(CARRIER, PBX))
    outer.branch = "z9hG4bKouter"
    inner = Talk(office, outer.caller, outer.callee, (PBX, PHONE), outer.call_id)
    outer.invite(sdp(CARRIER, 30000))
    branch(inner, "one").invite(sdp(CARRIER, 30000))
    branch(inner, "two", OTHER_PHONE).invite(sdp(CARRIER, 30000))
    branch(inner, "one").respond(486)
    branch(inner, "two", OTHER_PHONE).respond(200, sdp(*SECOND))
    outer.fork = "two"
    outer.respond(200, sdp(*SECOND))
    office.speak((CARRIER, 30000), SECOND, 1)
    assert len(office.desk.legs) == 2
    assert office.leg(Role.CUSTOMER).pcm.endswith(heard(1))


def test_a_hop_whose_invite_was_not_seen_answers_all_the_same() -> None:
    office = Office()
    talk = office.talk()
    branch(talk, "one").invite(sdp(*CALLER))
    talk.branch = "z9hG4bKelsewhere"
    talk.respond(486)
    talk.respond(180)
    talk.respond(200, sdp(*FIRST))
    assert_heard(office, FIRST)


def test_early_media_of_one_fork_is_not_taken_for_the_answer_of_another() -> None:
    office = Office()
    talk = office.talk()
    branch(talk, "one").invite(sdp(*CALLER))
    branch(talk, "two", OTHER_PHONE).invite(sdp(*CALLER))
    branch(talk, "two", OTHER_PHONE).respond(183, sdp(*SECOND))
    branch(talk, "one").respond(183, sdp(*FIRST))
    # Described in 183 already.
    branch(talk, "two", OTHER_PHONE).respond(200)
    assert_heard(office, SECOND)


def test_audio_without_a_call_is_counted() -> None:
    office = Office()
    office.talk().answered()
    office.speak((PBX, 18000), (PHONE, 19000), *range(60))
    assert office.capture.counters()["rtp_without_call"] == 1
    assert office.capture.strays() == 1
    office.pass_time(30)
    assert office.capture.strays() == 0


def test_audio_of_calls_that_are_known_and_not_heard_is_no_audio_without_a_call() -> None:
    office = Office()
    office.talk("205", "204").answered((18000, 19000))
    office.speak((PBX, 18000), (PHONE, 19000), *range(60))
    office.speak(("198.51.100.7", 18000), ("198.51.100.8", 19000), *range(60))
    assert office.capture.counters()["rtp_without_call"] == 0


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(["INVITE", "CANCEL", "ACK", "BYE", 180, 183, 200, 486, 503]),
            st.sampled_from(["one", "two"]),
            st.booleans(),
        ),
        max_size=25,
    )
)
def test_any_order_of_forks_leaves_every_leg_closed_once(steps: list[tuple[str | int, str, bool]]) -> None:
    office = Office()
    talk = office.talk()
    for what, name, described in steps:
        branch(talk, name)
        body = sdp(*FIRST) if described else ""
        if isinstance(what, int):
            talk.respond(what, body)
        elif what == "INVITE":
            talk.sequence += not described
            talk.invite(sdp(*CALLER))
        else:
            talk.request(what, new=False)
        office.speak(CALLER, FIRST, 1)
    office.capture.close(EndReason.SHUTDOWN)
    assert all(leg.ended is not None for leg in office.desk.legs)
