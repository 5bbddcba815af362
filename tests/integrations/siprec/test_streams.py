"""The recording server over TCP and TLS, and what bad peers do to it."""

from __future__ import annotations

import asyncio
import ssl
from typing import TYPE_CHECKING

import pytest
from tests.support.certificates import self_signed
from tests.support.deadline import WITHIN_S
from tests.support.recorder import Recorder
from tests.support.src import Recording, SipSocket, both, metadata, sdp

from kikimori.errors import KikimoriError
from kikimori.integrations.siprec.settings import SiprecTable
from kikimori.integrations.siprec.tap import SiprecTap
from kikimori.media.sip.message import Request, Response
from kikimori.media.sip.transport import SipLimits, SipTransport
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason
from kikimori_core.wire.peers import AllowedPeers

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori.media.sip.transaction import Flow

TWO = both(
    sdp("sendonly", "sendonly"),
    metadata(("p1", "sip:0355550142@x", "A", "1"), ("p2", "sip:204@x", "B", "2")),
)


@pytest.fixture
def desk() -> Recorder:
    return Recorder()


async def running(desk: Recorder, **settings: object) -> AsyncIterator[SiprecTap]:
    table = SiprecTable.model_validate(
        {"enabled": True, "port": 0, "first_rtp_port": 26000, "last_rtp_port": 26999, **settings}
    )
    tap = SiprecTap(desk, table, SidesTable())
    await tap.listen()
    task = asyncio.create_task(tap.run())
    await asyncio.sleep(0)
    try:
        yield tap
    finally:
        await tap.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def a_whole_call(desk: Recorder, line: SipSocket) -> None:
    recording = Recording(line)
    answer = await recording.invite(TWO)
    assert answer.status == 200
    assert f"transport={line.transport.lower()}" in answer.headers["contact"]
    assert len(desk.legs) == 2
    assert (await recording.bye()).status == 200
    assert {leg.ended for leg in desk.legs} == {EndReason.HUNG_UP}
    await line.close()


async def test_a_call_over_tcp(desk: Recorder, no_task_left: None) -> None:  # noqa: ARG001
    async for tap in running(desk):
        await a_whole_call(desk, await SipSocket.tcp(tap.addresses["siprec_tcp"]))


async def test_a_call_over_tls(desk: Recorder, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "srs")
    async for tap in running(desk, udp=False, tcp=False, tls_port=0, tls_cert=cert, tls_key=key):
        context = ssl.create_default_context(cafile=str(cert))
        await a_whole_call(desk, await SipSocket.tcp(tap.addresses["siprec_tls"], context))


async def test_a_client_certificate_may_be_asked_for(desk: Recorder, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "srs")
    src, src_key = self_signed(tmp_path, "src")
    async for tap in running(desk, tls_port=0, tls_cert=cert, tls_key=key, tls_client_ca=src):
        context = ssl.create_default_context(cafile=str(cert))
        line = await SipSocket.tcp(tap.addresses["siprec_tls"], context)
        line.send(Recording(line).message("OPTIONS"))
        with pytest.raises(TimeoutError):
            async with asyncio.timeout(1):
                await line.answers.get()
        await line.close()
        context.load_cert_chain(src, src_key)
        await a_whole_call(desk, await SipSocket.tcp(tap.addresses["siprec_tls"], context))


async def counted(tap: SiprecTap, name: str, number: int) -> None:
    async with asyncio.timeout(WITHIN_S):
        while tap.counters()[name] < number:  # noqa: ASYNC110  (a counter sets no asyncio.Event)
            await asyncio.sleep(0.01)


async def test_who_makes_no_handshake_is_one_of_so_many_connections(desk: Recorder, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "srs")
    context = ssl.create_default_context(cafile=str(cert))
    async for tap in running(
        desk, udp=False, tcp=False, tls_port=0, tls_cert=cert, tls_key=key, max_connections=2
    ):
        address = tap.addresses["siprec_tls"]
        mute = [await asyncio.open_connection(*address) for _ in range(2)]
        # They are accepted in the order in which they came.
        with pytest.raises(OSError, match=r".*"):
            await SipSocket.tcp(address, context)
        assert tap.counters()["siprec_refused"] == 1
        for _, writer in mute:
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        await counted(tap, "siprec_malformed", 2)
        await a_whole_call(desk, await SipSocket.tcp(address, context))
        for _, writer in mute:
            writer.close()


async def test_strangers_get_no_handshake(desk: Recorder, tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "srs")
    async for tap in running(desk, tls_port=0, tls_cert=cert, tls_key=key, allow=["192.0.2.0/24"]):
        with pytest.raises(OSError, match=r".*"):
            await SipSocket.tcp(tap.addresses["siprec_tls"], ssl.create_default_context(cafile=str(cert)))
        assert tap.counters()["siprec_refused"] == 1
        assert tap.counters()["siprec_malformed"] == 0


async def test_a_missing_certificate_is_told_with_the_next_step(desk: Recorder, tmp_path: Path) -> None:
    table = SiprecTable(
        enabled=True, tls_port=0, tls_cert=tmp_path / "no.pem", tls_key=tmp_path / "no-key.pem"
    )
    with pytest.raises(KikimoriError) as fault:
        await SiprecTap(desk, table, SidesTable()).listen()
    assert "tls_cert" in fault.value.next_step


async def test_a_call_outlives_its_connection(desk: Recorder) -> None:
    """An SRC may open another connection for its BYE; the audio does not come by TCP."""
    async for tap in running(desk):
        first = await SipSocket.tcp(tap.addresses["siprec_tcp"])
        recording = Recording(first)
        assert (await recording.invite(TWO)).status == 200
        first.abort()
        await first.close()
        recording.line = await SipSocket.tcp(tap.addresses["siprec_tcp"])
        assert [leg.ended for leg in desk.legs] == [None, None]
        assert (await recording.bye()).status == 200
        await recording.line.close()


async def test_garbage_closes_its_own_connection_and_no_other(desk: Recorder) -> None:
    async for tap in running(desk):
        good, bad = [await SipSocket.tcp(tap.addresses["siprec_tcp"]) for _ in range(2)]
        assert (await Recording(good).ask("OPTIONS")).status == 200
        bad.send(b"\x16\x03\x01 what is this\r\n\r\n")
        assert bad._reading is not None
        await bad._reading
        assert tap.counters()["siprec_malformed"] == 1
        assert (await Recording(good).ask("OPTIONS")).status == 200
        await good.close()
        await bad.close()


async def test_there_are_only_so_many_connections(desk: Recorder) -> None:
    async for tap in running(desk, max_connections=1):
        silent, first = [await SipSocket.tcp(tap.addresses["siprec_tcp"]) for _ in range(2)]
        assert silent._reading is not None
        # What has said nothing makes room; what has spoken does not.
        await silent._reading
        assert (await Recording(first).ask("OPTIONS")).status == 200
        second = await SipSocket.tcp(tap.addresses["siprec_tcp"])
        assert second._reading is not None
        await second._reading
        assert (await Recording(first).ask("OPTIONS")).status == 200
        for line in (silent, first, second):
            await line.close()


class Ears:
    """A handler that only counts."""

    def __init__(self) -> None:
        self.requests = 0

    def request(self, request: Request, flow: Flow) -> None:
        del request, flow
        self.requests += 1

    def response(self, response: Response) -> None: ...


async def test_slow_and_silent_peers_are_closed() -> None:
    ears = Ears()
    transport = SipTransport(ears, AllowedPeers(), SipLimits(message_s=10, first_message_s=30))
    await transport.listen_tcp("127.0.0.1", 0)
    silent, slow, good = [await SipSocket.tcp(transport.addresses["tcp"]) for _ in range(3)]
    slow.send(b"INVITE sip:x SIP/2.0\r\n")
    good.send(Recording(good).message("OPTIONS"))
    async with asyncio.timeout(WITHIN_S):
        while ears.requests < 1 or len(transport.limiter.admitted) < 3:  # noqa: ASYNC110  (sockets set no asyncio.Event)
            await asyncio.sleep(0.01)
    now = asyncio.get_running_loop().time()
    transport.advance(now + 11)
    assert len(transport.limiter.admitted) == 2
    transport.advance(now + 31)
    assert len(transport.limiter.admitted) == 1
    for line in (silent, slow, good):
        await line.close()
    await transport.close()


async def test_a_keep_alive_is_answered(desk: Recorder) -> None:
    async for tap in running(desk):
        reader, writer = await asyncio.open_connection(*tap.addresses["siprec_tcp"])
        writer.write(b"\r\n\r\n")
        async with asyncio.timeout(WITHIN_S):
            assert await reader.readexactly(2) == b"\r\n"
        writer.close()
        await writer.wait_closed()


async def test_keep_alives_and_garbage_by_udp_harm_nothing(desk: Recorder) -> None:
    async for tap in running(desk):
        line = await SipSocket.udp(tap.addresses["siprec_udp"])
        for data in (b"\r\n\r\n", b"\0\0\0\0", b"hello", b"\x80" * 1000, b"INVITE sip:x SIP/2.0\r\n\r\n"):
            line.send(data)
        assert (await Recording(line).ask("OPTIONS")).status == 200
        assert tap.counters()["siprec_malformed"] == 3
        await line.close()
