"""Effect of time on a session, with a clock of the test's own; and a CANCEL while a session is opened."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, cast

import pytest_asyncio
from tests.support.src import Recording, SipSocket, both, metadata, read_answer, sdp

from kikimori.integrations.siprec.server import RecordingServer
from kikimori.media.rtp.ports import NoPortError
from kikimori.media.sip.message import Request, Response, parse_datagram, serialise
from kikimori_core.model.call import EndReason

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.integrations.siprec.offer import Offer
    from kikimori.integrations.siprec.session import RecordingSession
    from kikimori.media.sip.transaction import Flow

BODY = both(sdp("sendonly"), metadata(("p1", "sip:a@x", "A", "1")))


class Session:
    """Stands for a `RecordingSession`: opens nothing."""

    def __init__(self) -> None:
        self.call_id = "call"
        self.roles: list[str] = []
        self.packets = 0
        self.undeciphered = False
        self.idle = 0.0
        self.ended: EndReason | None = None
        self.may_open = asyncio.Event()
        self.may_open.set()
        self.fault: Exception | None = None
        self.taken = 0

    async def take(self, offer: Offer) -> None:
        del offer
        await self.may_open.wait()
        self.taken += 1
        if self.fault is not None:
            raise self.fault

    def description(self) -> bytes:
        return b"v=0\r\n"

    def idle_s(self, now: float) -> float:
        del now
        return self.idle

    def end(self, reason: EndReason) -> None:
        self.ended = self.ended or reason


class Wire:
    """A flow by UDP that remembers."""

    transport = "UDP"
    peer = ("192.0.2.10", 5060)
    local = ("192.0.2.20", 5060)

    def __init__(self) -> None:
        self.sent: list[str] = []

    def send(self, data: bytes) -> None:
        self.sent.append(data.decode())


def source() -> Recording:
    line = SipSocket()
    line.local = Wire.peer
    return Recording(line)


class Office:
    def __init__(self) -> None:
        self.now = 1000.0
        self.session = Session()
        self.wire = Wire()
        self.server = RecordingServer(
            lambda _invite, _flow: cast("RecordingSession", self.session),
            max_sessions=10,
            session_expires_s=1800,
            rtp_idle_s=300,
            clock=lambda: self.now,
        )
        self.src = source()

    def receive(self, text: str) -> None:
        message = parse_datagram(text.encode())
        assert isinstance(message, Request)
        self.server.request(message, cast("Flow", self.wire))

    async def settle(self) -> None:
        for _ in range(5):
            await asyncio.sleep(0)

    async def begun(self, *headers: str) -> None:
        self.receive(self.src.message("INVITE", "Require: siprec", *headers, body=BODY))
        await self.settle()
        answer = read_answer(self.wire.sent[-1])
        assert answer.status == 200
        self.src.to_tag = answer.to_tag
        self.receive(self.src.message("ACK"))
        self.wire.sent.clear()

    def pass_time(self, seconds: float) -> None:
        self.now += seconds
        self.server._entries.watch(self.now)
        self.server._transactions.advance(self.now)
        self.server._entries.clients.advance(self.now)

    def ended(self) -> EndReason | None:
        return self.session.ended

    def methods(self) -> list[str]:
        return [text.split()[0] for text in self.wire.sent]


@pytest_asyncio.fixture
async def office(no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001  (watches over all)
    made = Office()
    running = asyncio.create_task(made.server.run())
    await asyncio.sleep(0)
    yield made
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


async def test_a_session_that_is_not_refreshed_ends(office: Office) -> None:
    await office.begun("Supported: timer", "Session-Expires: 600;refresher=uac")
    office.pass_time(567)
    assert office.ended() is None
    office.pass_time(2)
    assert office.ended() is EndReason.TIMED_OUT
    assert office.methods() == ["BYE"]


async def test_an_update_refreshes_it(office: Office) -> None:
    await office.begun("Supported: timer", "Session-Expires: 600;refresher=uac")
    office.pass_time(500)
    office.receive(office.src.message("UPDATE", "Supported: timer", "Session-Expires: 600;refresher=uac"))
    await office.settle()
    assert "Session-Expires: 600;refresher=uac" in office.wire.sent[-1]
    office.pass_time(500)
    assert office.ended() is None


async def test_when_it_is_ours_to_refresh_we_do(office: Office) -> None:
    await office.begun(
        "Supported: timer", "Session-Expires: 600;refresher=uas", "Allow: INVITE, ACK, BYE, UPDATE"
    )
    office.pass_time(301)
    assert office.methods() == ["UPDATE"]
    assert "Session-Expires: 600;refresher=uac" in office.wire.sent[0]
    request = parse_datagram(office.wire.sent[0].encode())
    office.server.response(Response(200, "OK", request.headers))
    office.pass_time(299)
    assert office.ended() is None


async def test_an_src_that_knows_nothing_of_it_any_more_is_lost(office: Office) -> None:
    await office.begun("Supported: timer", "Session-Expires: 600;refresher=uas", "Allow: UPDATE")
    office.pass_time(301)
    request = parse_datagram(office.wire.sent[0].encode())
    office.server.response(Response(481, "", request.headers))
    assert office.ended() is EndReason.TIMED_OUT


async def test_an_src_that_cannot_be_refreshed_gets_no_timer(office: Office) -> None:
    office.receive(
        office.src.message("INVITE", "Supported: timer", "Session-Expires: 600;refresher=uas", body=BODY)
    )
    await office.settle()
    assert "Session-Expires" not in office.wire.sent[-1]


async def test_without_any_packet_a_session_is_over(office: Office) -> None:
    await office.begun()
    office.session.idle = 299
    office.pass_time(299)
    assert office.ended() is None
    office.session.idle = 301
    office.pass_time(2)
    assert office.ended() is EndReason.TIMED_OUT
    assert office.methods() == ["BYE"]


async def test_that_no_audio_comes_is_told_early(office: Office) -> None:
    await office.begun()
    office.session.idle = 11
    office.pass_time(11)
    assert [problem.code for problem in office.server.troubles.problems()] == ["siprec_no_audio"]
    assert office.ended() is None
    office.now += 700
    assert office.server.troubles.problems() == ()


async def test_an_answer_that_is_never_acknowledged_ends_the_session(office: Office) -> None:
    office.receive(office.src.message("INVITE", body=BODY))
    await office.settle()
    for _ in range(33):
        office.pass_time(1)
    assert office.ended() is EndReason.TIMED_OUT
    assert office.methods()[-1] == "BYE"
    assert office.methods().count("SIP/2.0") > 5


async def test_cancel_while_the_session_is_opened(office: Office) -> None:
    office.session.may_open.clear()
    office.receive(office.src.message("INVITE", body=BODY))
    office.receive(office.src.message("CANCEL", branch=office.src.branch))
    await office.settle()
    assert [read_answer(text).status for text in office.wire.sent] == [100, 200, 487]
    office.session.may_open.set()
    await office.settle()
    assert office.ended() is EndReason.HUNG_UP
    assert office.server.sessions == 0
    assert len(office.wire.sent) == 3


async def test_cancel_comes_too_late(office: Office) -> None:
    office.receive(office.src.message("INVITE", body=BODY))
    branch = office.src.branch
    await office.settle()
    office.receive(office.src.message("CANCEL", branch=branch))
    assert [read_answer(text).status for text in office.wire.sent] == [100, 200, 200]
    assert office.server.sessions == 1


async def test_a_change_while_another_is_made_is_put_off(office: Office) -> None:
    await office.begun()
    office.session.may_open.clear()
    office.receive(office.src.message("INVITE", body=BODY))
    office.receive(office.src.message("INVITE", body=BODY))
    assert read_answer(office.wire.sent[-1]).status == 500
    assert "Retry-After: 1" in office.wire.sent[-1]
    office.session.may_open.set()
    await office.settle()
    assert read_answer(office.wire.sent[-1]).status == 200


async def test_bye_while_a_change_is_made(office: Office) -> None:
    await office.begun()
    office.session.may_open.clear()
    office.receive(office.src.message("INVITE", body=BODY))
    office.receive(office.src.message("BYE"))
    assert office.ended() is EndReason.HUNG_UP
    office.session.may_open.set()
    await office.settle()
    assert [read_answer(text).status for text in office.wire.sent] == [200, 481]


async def test_a_fault_ends_one_session_and_not_the_server(office: Office) -> None:
    office.session.fault = RuntimeError("a bug")
    office.receive(office.src.message("INVITE", body=BODY))
    await office.settle()
    assert read_answer(office.wire.sent[-1]).status == 500
    assert office.ended() is EndReason.HUNG_UP
    office.session = Session()
    office.src = source()
    await office.begun()
    office.session.fault = RuntimeError("another")
    office.receive(office.src.message("INVITE", body=BODY))
    await office.settle()
    assert office.ended() is EndReason.PROTOCOL_ERROR


async def test_a_change_without_ports_leaves_the_session(office: Office) -> None:
    await office.begun()
    office.session.fault = NoPortError("none", next_step="x")
    office.receive(office.src.message("INVITE", body=BODY))
    await office.settle()
    assert read_answer(office.wire.sent[-1]).status == 500
    assert office.ended() is None


async def test_what_we_ask_goes_along_the_route_that_came(office: Office) -> None:
    await office.begun("Record-Route: <sip:192.0.2.99;lr>")
    await office.server.close(patience_s=0)
    assert "\r\nRoute: <sip:192.0.2.99;lr>\r\n" in office.wire.sent[0]
    assert f"To: <sip:sbc@192.0.2.10>;tag={office.src.from_tag}" in office.wire.sent[0]


async def test_a_closing_server_opens_nothing(office: Office) -> None:
    await office.server.close(patience_s=0)
    office.receive(office.src.message("INVITE", body=BODY))
    assert read_answer(office.wire.sent[-1]).status == 503


async def test_a_request_without_its_headers_is_bad_and_harms_nothing(office: Office) -> None:
    whole = parse_datagram(office.src.message("INVITE", body=BODY).encode())
    for name in ("From", "To", "Call-ID", "CSeq", "Contact"):
        lines = serialise(whole).decode().split("\r\n")
        office.receive("\r\n".join(line for line in lines if not line.startswith(f"{name}:")))
        assert read_answer(office.wire.sent[-1]).status == 400
    assert office.server.sessions == 0
