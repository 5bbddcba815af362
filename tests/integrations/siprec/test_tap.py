"""The recording server over real sockets: what an SRC asks, and what happens at the desk."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
import pytest_asyncio
from tests.support.deadline import WITHIN_S
from tests.support.recorder import Recorder
from tests.support.src import Recording, RtpSender, SipSocket, both, metadata, sdp

from kikimori.errors import KikimoriError
from kikimori.integrations.siprec.server import RecordingServer
from kikimori.integrations.siprec.settings import SiprecTable
from kikimori.integrations.siprec.tap import SiprecTap
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

CUSTOMER = ("p1", "sip:0355550142@carrier.example", "Yamada", "1")
OPERATOR = ("p2", "sip:204@pbx.example", "Sato", "2")
SUPERIOR = ("p3", "sip:200@pbx.example", "Kimura", "2")
TWO = both(sdp("sendonly", "sendonly"), metadata(CUSTOMER, OPERATOR))
SILENCE = b"\xff" * 160


class Office:
    """The tap, its desk, and SRCs that are closed in the end."""

    def __init__(self, desk: Recorder, tap: SiprecTap) -> None:
        self.desk = desk
        self.tap = tap
        self.lines: list[SipSocket] = []
        self.voices: list[RtpSender] = []

    async def line(self) -> SipSocket:
        line = await SipSocket.udp(self.tap.addresses["siprec_udp"])
        self.lines.append(line)
        return line

    async def recording(self) -> Recording:
        return Recording(await self.line())

    async def begun(self, body: str = TWO, *headers: str) -> Recording:
        recording = await self.recording()
        answer = await recording.invite(body, *headers)
        assert answer.status == 200
        return recording

    def voice(self, port: int, payload_type: int = 0) -> RtpSender:
        voice = RtpSender(port, payload_type)
        self.voices.append(voice)
        return voice

    @property
    def open_roles(self) -> list[Role]:
        return [leg.info.role for leg in self.desk.legs if leg.ended is None]


async def opened(**settings: object) -> AsyncIterator[Office]:
    sides = settings.pop("sides", None) or SidesTable()
    assert isinstance(sides, SidesTable)
    table = SiprecTable.model_validate(
        {"enabled": True, "port": 0, "first_rtp_port": 24000, "last_rtp_port": 24999, **settings}
    )
    desk = Recorder()
    tap = SiprecTap(desk, table, sides)
    await tap.listen()
    running = asyncio.create_task(tap.run())
    await asyncio.sleep(0)
    office = Office(desk, tap)
    try:
        yield office
        assert not running.done(), "run() ended by itself"
    finally:
        for line in office.lines:
            await line.close()
        for voice in office.voices:
            voice.close()
        await tap.close()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


@pytest_asyncio.fixture
async def office(request: pytest.FixtureRequest, no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001
    async for each in opened(**getattr(request, "param", {})):
        yield each


def with_settings(**settings: object) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("office", [settings], indirect=True, ids=[",".join(settings)])


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (counters set no asyncio.Event)
            await asyncio.sleep(0.01)


# --- a session begins


async def test_an_invite_is_answered_as_the_standard_says(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(TWO)
    assert answer.status == 200
    assert answer.headers["contact"].endswith(";+sip.srs")
    assert [direction for _, direction in answer.media] == ["recvonly", "recvonly"]
    ports = [port for port, _ in answer.media]
    assert len(set(ports)) == 2
    assert all(port % 2 == 0 and 24000 <= port <= 24999 for port in ports)
    assert "a=label:1\r\n" in answer.body
    assert "a=label:2\r\n" in answer.body
    assert "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-16" in answer.body


async def test_two_streams_become_two_legs_with_their_parties(office: Office) -> None:
    await office.begun()
    assert office.open_roles == [Role.CUSTOMER, Role.OPERATOR]
    call = office.desk.legs[0].info.call
    assert (call.caller.number, call.caller.name) == ("0355550142", "Yamada")
    assert (call.operator.number, call.operator.name) == ("204", "Sato")
    assert call.tap == "siprec"


@with_settings(sides=SidesTable(customer_endpoints=("*@carrier.example",)))
async def test_the_office_says_who_is_the_customer(office: Office) -> None:
    """A call that the operator made: the line to the outside is the customer."""
    await office.begun(
        both(sdp("sendonly", "sendonly"), metadata((*OPERATOR[:3], "1"), (*CUSTOMER[:3], "2")))
    )
    assert office.open_roles == [Role.OPERATOR, Role.CUSTOMER]
    assert office.desk.legs[0].info.call.operator.number == "204"


async def test_one_stream_of_both_is_mixed(office: Office) -> None:
    await office.begun(both(sdp("sendonly"), metadata(CUSTOMER, (*OPERATOR[:3], "1"))))
    assert office.open_roles == [Role.MIXED]


async def test_without_metadata_the_first_stream_is_the_customers(office: Office) -> None:
    recording = await office.recording()
    recording.line.send(
        recording.message(
            "INVITE", "Require: siprec", body=sdp("sendonly", "sendonly"), content_type="application/sdp"
        )
    )
    recording.acknowledge(await recording.line.answer())
    assert office.open_roles == [Role.CUSTOMER, Role.OPERATOR]


@with_settings(first_stream="operator")
async def test_or_the_operators_by_configuration(office: Office) -> None:
    await office.begun(both(sdp("sendonly", "sendonly"), metadata()))
    assert office.open_roles == [Role.OPERATOR, Role.CUSTOMER]


async def test_broken_metadata_does_not_cost_the_call(office: Office) -> None:
    await office.begun(both(sdp("sendonly", "sendonly"), "<recording><participant></recording>"))
    assert office.open_roles == [Role.CUSTOMER, Role.OPERATOR]


@with_settings(sides=SidesTable(never_operators=("204",)))
async def test_a_call_that_is_not_selected_is_answered_and_not_heard(office: Office) -> None:
    recording = await office.begun()
    assert office.desk.legs == []
    assert (await recording.bye()).status == 200


async def test_both_voices_are_heard_apart_and_keys_too(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(TWO)
    customer, operator = (office.voice(port) for port, _ in answer.media)
    for _ in range(25):
        customer.frame(b"\x80" * 160)
        operator.frame(b"\x00" * 160)
    for event in (10, 9):
        operator.key(event)
    for _ in range(10):
        customer.frame(SILENCE)
        operator.frame(SILENCE)
    legs = {leg.info.role: leg for leg in office.desk.legs}
    await office.desk.until(lambda: legs[Role.OPERATOR].digits == "*9")
    high, low = (32124).to_bytes(2, "little", signed=True), (-32124).to_bytes(2, "little", signed=True)
    await office.desk.until(lambda: high * 2400 in legs[Role.CUSTOMER].timeline)
    await office.desk.until(lambda: low * 2400 in legs[Role.OPERATOR].timeline)
    assert low not in legs[Role.CUSTOMER].timeline
    assert legs[Role.CUSTOMER].digits == ""


async def test_g722_makes_a_leg_of_16_khz(office: Office) -> None:
    recording = await office.begun(
        both(sdp("sendonly", "sendonly", codecs="9 101"), metadata(CUSTOMER, OPERATOR))
    )
    assert {leg.info.rate for leg in office.desk.legs} == {16000}
    assert recording.to_tag


# --- what is refused


@pytest.mark.parametrize(
    ("status", "headers", "body", "content_type"),
    [
        (488, ("Require: siprec",), sdp("sendonly", codecs="18"), "application/sdp"),
        (488, ("Require: siprec",), sdp("sendonly").replace("RTP/AVP", "RTP/SAVP"), "application/sdp"),
        (488, ("Require: siprec",), sdp("off", "off"), "application/sdp"),
        (488, ("Require: siprec",), "", "application/sdp"),
        (420, ("Require: siprec, secret-sauce",), sdp("sendonly"), "application/sdp"),
        (415, ("Require: siprec",), "hello", "text/plain"),
        (400, ("Require: siprec",), "v=0\r\nm=audio x\r\n", "application/sdp"),
        (400, ("Require: siprec",), "nothing", "multipart/mixed"),
        (422, ("Require: siprec", "Session-Expires: 30"), sdp("sendonly"), "application/sdp"),
    ],
)
async def test_refusals(
    office: Office, status: int, headers: tuple[str, ...], body: str, content_type: str
) -> None:
    recording = await office.recording()
    recording.line.send(recording.message("INVITE", *headers, body=body, content_type=content_type))
    answer = await recording.line.answer()
    assert answer.status == status
    recording.acknowledge(answer)
    if status == 420:
        assert answer.headers["unsupported"] == "secret-sauce"
    if status == 415:
        assert "application/rs-metadata+xml" in answer.headers["accept"]
    if status == 422:
        assert answer.headers["min-se"] == "90"
    assert office.desk.legs == []
    assert office.tap.counters()["siprec_refused"] == 1


async def test_an_encrypted_offer_is_told_to_people(office: Office) -> None:
    recording = await office.recording()
    recording.acknowledge(await recording.ask("INVITE", body=TWO.replace("RTP/AVP", "RTP/SAVP")))
    assert [problem.code for problem in office.tap.problems()] == ["siprec_srtp_without_key"]


async def test_an_ordinary_call_is_not_answered(office: Office) -> None:
    recording = await office.recording()
    recording.line.send(
        recording.message("INVITE", body=sdp("sendrecv"), content_type="application/sdp").replace(
            ";+sip.src", ""
        )
    )
    answer = await recording.line.answer()
    recording.acknowledge(answer)
    assert (answer.status, answer.headers["require"]) == (421, "siprec")


async def test_a_stream_that_cannot_be_read_costs_only_itself(office: Office) -> None:
    offer = sdp("sendonly", "sendonly").replace("m=audio 40002 RTP/AVP", "m=audio 40002 RTP/SAVP")
    recording = await office.recording()
    answer = await recording.invite(both(offer, metadata(CUSTOMER, OPERATOR)))
    assert [port > 0 for port, _ in answer.media] == [True, False]
    assert office.open_roles == [Role.CUSTOMER]


@pytest.mark.parametrize(("method", "status"), [("REGISTER", 405), ("INFO", 405), ("TEAPOT", 501)])
async def test_other_methods(office: Office, method: str, status: int) -> None:
    answer = await (await office.recording()).ask(method)
    assert answer.status == status
    assert "INVITE" in answer.headers["allow"]


@pytest.mark.parametrize("method", ["BYE", "UPDATE", "INVITE"])
async def test_a_session_that_is_not_there(office: Office, method: str) -> None:
    recording = await office.recording()
    recording.to_tag = "gone"
    answer = await recording.ask(method, body=TWO if method == "INVITE" else "")
    assert answer.status == 481


async def test_cancel_of_nothing(office: Office) -> None:
    recording = await office.recording()
    recording.sequence = 1
    assert (await recording.ask("CANCEL")).status == 481


async def test_a_request_that_lacks_something_is_bad(office: Office) -> None:
    recording = await office.recording()
    recording.line.send(recording.message("OPTIONS").replace("CSeq: 1 OPTIONS", "CSeq: 1 BYE"))
    assert (await recording.line.answer()).status == 400


@with_settings(max_sessions=1)
async def test_a_full_server_sends_to_the_next_one(office: Office) -> None:
    first = await office.begun()
    second = await office.recording()
    answer = await second.invite(TWO)
    assert (answer.status, answer.headers["retry-after"]) == (503, "10")
    assert (await second.ask("OPTIONS")).status == 503
    assert "siprec_full" in [problem.code for problem in office.tap.problems()]
    await first.bye()
    assert (await Recording(second.line).invite(TWO)).status == 200


@with_settings(first_rtp_port=24100, last_rtp_port=24103)
async def test_without_ports_it_is_full_too(office: Office) -> None:
    await office.begun()
    answer = await (await office.recording()).invite(TWO)
    assert answer.status == 503
    assert office.open_roles == [Role.CUSTOMER, Role.OPERATOR]
    assert "siprec_no_rtp_port" in [problem.code for problem in office.tap.problems()]


@with_settings(allow=("192.0.2.0/24",))
async def test_strangers_get_no_answer(office: Office) -> None:
    recording = await office.recording()
    recording.line.send(recording.message("OPTIONS"))
    await until(lambda: office.tap.counters()["siprec_refused"])
    assert recording.line.answers.empty()


# --- options, retransmission


async def test_options_say_what_this_is(office: Office) -> None:
    answer = await (await office.recording()).ask("OPTIONS")
    assert answer.status == 200
    assert "siprec" in answer.headers["supported"]
    assert "multipart/mixed" in answer.headers["accept"]
    assert "UPDATE" in answer.headers["allow"]
    assert "+sip.srs" in answer.headers["contact"]


async def test_an_invite_that_comes_again_is_answered_again_and_opens_nothing(office: Office) -> None:
    recording = await office.recording()
    message = recording.message("INVITE", "Require: siprec", body=TWO)
    recording.line.send(message)
    first = await recording.line.answer()
    recording.line.send(message)
    second = await recording.line.answer()
    assert first.raw == second.raw
    recording.acknowledge(first)
    assert len(office.desk.legs) == 2


async def test_an_answer_that_was_lost_comes_again_until_it_is_acknowledged(office: Office) -> None:
    recording = await office.recording()
    first = await recording.ask("INVITE", body=TWO)
    second, third = await recording.line.answer(), await recording.line.answer()
    assert first.raw == second.raw == third.raw
    recording.acknowledge(first)
    while not recording.line.answers.empty():
        recording.line.answers.get_nowait()
    assert (await recording.ask("OPTIONS")).headers["cseq"] == "2 OPTIONS"


async def test_a_refusal_comes_again_until_it_is_acknowledged(office: Office) -> None:
    recording = await office.recording()
    first = await recording.ask("INVITE", body=sdp("off"), content_type="application/sdp")
    assert first.status == (await recording.line.answer()).status == 488
    recording.acknowledge(first)


async def test_the_same_call_over_two_ways_is_taken_once(office: Office) -> None:
    recording = await office.begun()
    again = Recording(recording.line, recording.call_id, recording.from_tag)
    assert (await again.ask("INVITE", body=TWO)).status == 482
    assert len(office.desk.legs) == 2


async def test_what_is_out_of_order_is_refused(office: Office) -> None:
    recording = await office.begun()
    recording.sequence = 0
    assert (await recording.bye()).status == 500
    assert (await recording.bye()).status == 200


# --- in the call


async def test_hold_and_its_end(office: Office) -> None:
    recording = await office.begun()
    held = await recording.invite(both(sdp("sendonly", "inactive", version=2), metadata(CUSTOMER, OPERATOR)))
    assert [direction for _, direction in held.media] == ["recvonly", "inactive"]
    (call_id, on_hold) = office.desk.holds[0]
    assert (call_id, on_hold) == (office.desk.legs[0].info.call.call_id, True)
    await recording.invite(both(sdp("sendonly", "sendonly", version=3), metadata(CUSTOMER, OPERATOR)))
    assert office.desk.holds[1:] == [(call_id, False)]
    assert len(office.desk.legs) == 2


async def test_a_stream_that_never_was_is_no_hold(office: Office) -> None:
    await office.begun(both(sdp("sendonly", "inactive"), metadata(CUSTOMER, OPERATOR)))
    assert office.desk.holds == []


async def test_a_transfer_changes_the_operator_in_the_same_call(office: Office) -> None:
    recording = await office.begun()
    answer = await recording.invite(
        both(sdp("sendonly", "sendonly", version=2), metadata(SUPERIOR, mode="partial", left=("p2",)))
    )
    assert answer.status == 200
    first, left, came = office.desk.legs
    assert (first.ended, left.ended) == (None, EndReason.HUNG_UP)
    assert came.info.role is Role.OPERATOR
    assert came.info.call.call_id == first.info.call.call_id
    assert came.info.call.operator.number == "200"
    assert answer.media[1][0]
    voice = office.voice(answer.media[1][0])
    for _ in range(20):
        voice.frame(b"\x80" * 160)
    await office.desk.until(lambda: len(came.pcm) > 1000)


async def test_a_transfer_with_a_stream_of_its_own(office: Office) -> None:
    recording = await office.begun()
    answer = await recording.invite(
        both(
            sdp("sendonly", "off", "sendonly", version=2),
            metadata(CUSTOMER, (*SUPERIOR[:3], "3")),
        )
    )
    assert [port > 0 for port, _ in answer.media] == [True, False, True]
    assert office.open_roles == [Role.CUSTOMER, Role.OPERATOR]
    assert office.desk.legs[2].info.call.operator.number == "200"


async def test_metadata_alone_comes_by_update(office: Office) -> None:
    recording = await office.begun()
    answer = await recording.ask(
        "UPDATE",
        body=metadata(SUPERIOR, mode="partial", left=("p2",)),
        content_type="application/rs-metadata+xml",
    )
    assert (answer.status, answer.body) == (200, "")
    assert office.desk.legs[-1].info.call.operator.number == "200"


async def test_a_change_that_cannot_be_heard_is_refused_and_changes_nothing(office: Office) -> None:
    recording = await office.begun()
    encrypted = both(
        sdp("sendonly", "sendonly", version=2).replace("RTP/AVP", "RTP/SAVP"), metadata(CUSTOMER, OPERATOR)
    )
    assert (await recording.invite(encrypted)).status == 488
    assert office.open_roles == [Role.CUSTOMER, Role.OPERATOR]
    assert (await recording.bye()).status == 200


async def test_all_streams_may_go_and_come_again(office: Office) -> None:
    recording = await office.begun()
    answer = await recording.invite(both(sdp("off", "off", version=2), metadata(CUSTOMER, OPERATOR)))
    assert [port for port, _ in answer.media] == [0, 0]
    assert office.open_roles == []
    await recording.invite(both(sdp("sendonly", "sendonly", version=3), metadata(CUSTOMER, OPERATOR)))
    assert office.open_roles == [Role.CUSTOMER, Role.OPERATOR]


async def test_a_reinvite_without_an_offer_gets_ours(office: Office) -> None:
    recording = await office.recording()
    first = await recording.invite(TWO)
    answer = await recording.ask("INVITE")
    assert answer.status == 200
    assert answer.body == first.body
    recording.acknowledge(answer, sdp("sendonly", "inactive"))
    await office.desk.until(lambda: office.desk.holds)


async def test_the_description_grows_only_when_it_changes(office: Office) -> None:
    recording = await office.recording()
    first = await recording.invite(TWO)
    same = await recording.invite(TWO)
    other = await recording.invite(both(sdp("sendonly", "inactive"), metadata(CUSTOMER, OPERATOR)))
    assert first.body == same.body
    origins = [answer.body.splitlines()[1].split() for answer in (first, other)]
    assert origins[0][1] == origins[1][1]
    assert int(origins[1][2]) == int(origins[0][2]) + 1


# --- the end


async def test_bye_ends_the_call(office: Office) -> None:
    recording = await office.begun()
    assert (await recording.bye()).status == 200
    assert [leg.ended for leg in office.desk.legs] == [EndReason.HUNG_UP, EndReason.HUNG_UP]
    assert (await recording.bye()).status == 481


async def test_closing_says_goodbye_to_the_src(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """It waits for the answer, and no longer."""
    monkeypatch.setattr(RecordingServer.close, "__kwdefaults__", {"patience_s": 10 * WITHIN_S})
    recording = await office.begun()
    closing = asyncio.create_task(office.tap.close())
    bye = await recording.line.asked()
    recording.line.answer_200(bye)
    async with asyncio.timeout(WITHIN_S):
        await closing
    assert bye.startswith("BYE sip:sbc@127.0.0.1:")
    assert f";tag={recording.to_tag}" in bye
    assert {leg.ended for leg in office.desk.legs} == {EndReason.SHUTDOWN}


async def test_closing_does_not_wait_for_an_src_that_is_gone(office: Office) -> None:
    await office.begun()
    # A transaction alone would be given up after 32 s (RFC 3261, timer F).
    async with asyncio.timeout(20):
        await office.tap.close()
    assert {leg.ended for leg in office.desk.legs} == {EndReason.SHUTDOWN}


async def test_a_session_timer_is_asked_of_an_src_that_has_one(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(TWO, "Supported: timer")
    assert answer.headers["session-expires"] == "1800;refresher=uac"
    assert answer.headers["require"] == "timer"


async def test_without_timer_support_none_is_asked(office: Office) -> None:
    answer = await (await office.recording()).invite(TWO)
    assert "session-expires" not in answer.headers


# --- two ports, or none


async def test_a_taken_port_is_told_with_the_next_step() -> None:
    async for office in opened():
        port = office.tap.addresses["siprec_tcp"][1]
        tap = SiprecTap(Recorder(), SiprecTable(enabled=True, udp=False, port=port), SidesTable())
        with pytest.raises(KikimoriError) as fault:
            await tap.listen()
        assert str(port) in fault.value.message
        assert fault.value.next_step
        await tap.close()
