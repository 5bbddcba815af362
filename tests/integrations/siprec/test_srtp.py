"""Encrypted audio into the real server over real sockets; the SRC protects its packets with libsrtp."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import io
import ssl
from typing import TYPE_CHECKING

import numpy as np
import pytest
import structlog
from tests.support.certificates import self_signed
from tests.support.deadline import WITHIN_S
from tests.support.pcap import ulaw
from tests.support.recorder import Recorder
from tests.support.src import Answer, Recording, RtpSender, SipSocket, both, metadata, sdp
from tests.taps.contract.sound import find, voice

from kikimori.integrations.siprec.settings import SiprecTable
from kikimori.integrations.siprec.stream import UNDECIPHERED
from kikimori.integrations.siprec.tap import SiprecTap
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

CUSTOMER = ("p1", "sip:0355550142@carrier.example", "Yamada", "1")
OPERATOR = ("p2", "sip:204@pbx.example", "Sato", "2")
SUPERIOR = ("p3", "sip:200@pbx.example", "Kimura", "2")
FIRST, SECOND, THIRD = (bytes([n]) * 30 for n in (1, 2, 3))
SILENCE = b"\xff" * 160


def line(key: bytes, tag: int = 1, more: str = "") -> str:
    return f"{tag} AES_CM_128_HMAC_SHA1_80 inline:{base64.b64encode(key).decode()}{more}"


def offer(
    *keys: bytes, directions: tuple[str, ...] = ("sendonly", "sendonly"), version: int = 1, more: str = ""
) -> str:
    text = sdp(*directions, profile="RTP/SAVP", crypto=tuple((line(key),) for key in keys), version=version)
    return both(text.replace("a=label", more + "a=label"), metadata(CUSTOMER, OPERATOR))


class Office:
    def __init__(self, tap: SiprecTap, desk: Recorder) -> None:
        self.tap = tap
        self.desk = desk
        self.closing = contextlib.AsyncExitStack()

    async def recording(self, *, tls: ssl.SSLContext | None = None) -> Recording:
        if tls is None:
            opened = await SipSocket.udp(self.tap.addresses["siprec_udp"])
        else:
            opened = await SipSocket.tcp(self.tap.addresses["siprec_tls"], tls)
        self.closing.push_async_callback(opened.close)
        recording = Recording(opened)
        self.closing.push_async_callback(self._end, recording)
        return recording

    @staticmethod
    async def _end(recording: Recording) -> None:
        """The tap's own farewell waits two seconds for an answer that nobody gives here."""
        if recording.to_tag:
            await recording.bye()

    def voices(self, answer: Answer, *keys: bytes) -> list[RtpSender]:
        made = [RtpSender(port, key=key) for (port, _), key in zip(answer.media, keys, strict=True)]
        for each in made:
            self.closing.callback(each.close)
        return made

    @property
    def problems(self) -> set[str]:
        return {each.code for each in self.tap.problems()}

    def counted(self, name: str) -> int:
        return self.tap.counters()[f"siprec_rtp_{name}"]


@contextlib.asynccontextmanager
async def running(**settings: object) -> AsyncIterator[Office]:
    table = SiprecTable.model_validate(
        {"enabled": True, "port": 0, "first_rtp_port": 27000, "last_rtp_port": 27999, **settings}
    )
    desk = Recorder()
    tap = SiprecTap(desk, table, SidesTable())
    await tap.listen()
    task = asyncio.create_task(tap.run())
    await asyncio.sleep(0)
    office = Office(tap, desk)
    try:
        async with office.closing:
            yield office
        assert not task.done(), "run() ended by itself"
    finally:
        await tap.close()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
async def office(no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001
    async with running() as each:
        yield each


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (counters set no asyncio.Event)
            await asyncio.sleep(0.01)


async def speak(voices: list[RtpSender], sounds: list[bytes]) -> None:
    """Say so much μ-law, less than half a second, at once: no pace that a busy machine could not keep."""
    for at in range(0, len(sounds[0]), 160):
        for each, sound in zip(voices, sounds, strict=True):
            each.frame(sound[at : at + 160])
    await asyncio.sleep(0)


def coded(pcm: bytes) -> bytes:
    return ulaw(np.frombuffer(pcm, "<i2"))


async def test_two_encrypted_streams_over_tls_come_out_as_they_were_spoken(tmp_path: Path) -> None:
    cert, key = self_signed(tmp_path, "srs")
    async with running(udp=False, tcp=False, tls_port=0, tls_cert=cert, tls_key=key) as office:
        recording = await office.recording(tls=ssl.create_default_context(cafile=str(cert)))
        answer = await recording.invite(offer(FIRST, SECOND))
        assert answer.status == 200
        assert [text.split()[2] for text in answer.body.splitlines() if text.startswith("m=")] == [
            "RTP/SAVP"
        ] * 2
        said = [voice(0, 0.4, 8000), voice(1, 0.4, 8000)]
        voices = office.voices(answer, FIRST, SECOND)
        await speak(voices, [coded(each) for each in said])
        await until(lambda: office.counted("packets") == 40)
        assert office.problems == set()
        assert (await recording.bye()).status == 200
        assert [leg.info.role for leg in office.desk.legs] == [Role.CUSTOMER, Role.OPERATOR]
        for leg, own, other in zip(office.desk.legs, said, reversed(said), strict=True):
            assert find(own, leg.timeline).snr_db > 25
            assert find(other, leg.timeline).snr_db < 1
            assert leg.ended is EndReason.HUNG_UP


async def test_the_answer_names_the_line_it_takes_with_a_key_of_our_own(office: Office) -> None:
    recording = await office.recording()
    lines = (
        "1 AES_256_CM_HMAC_SHA1_80 inline:AAAA",
        line(FIRST, 7, "|2^31|1:1 UNENCRYPTED_SRTCP"),
        line(FIRST, 8),
    )
    body = sdp("sendonly", profile="RTP/SAVPF", crypto=(lines,))
    answer = await recording.invite(both(body, metadata(CUSTOMER)))
    (crypto,) = [text for text in answer.body.splitlines() if text.startswith("a=crypto:")]
    tag, suite, inline, *parameters = crypto.removeprefix("a=crypto:").split()
    assert (tag, suite, parameters) == ("7", "AES_CM_128_HMAC_SHA1_80", ["UNENCRYPTED_SRTCP"])
    ours = base64.b64decode(inline.removeprefix("inline:"))
    assert len(ours) == 30
    assert ours != FIRST
    assert f"m=audio {answer.media[0][0]} RTP/SAVPF 0 8 101" in answer.body


async def test_a_refresh_repeats_the_answer(office: Office) -> None:
    recording = await office.recording()
    first = await recording.invite(offer(FIRST, SECOND))
    again = await recording.invite(offer(FIRST, SECOND))
    assert again.body == first.body


async def test_new_keys_in_the_middle_of_a_call(office: Office) -> None:
    """Packets are on their way under the old key while the answer is; then the stream goes on under the new one."""
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND))
    voices = office.voices(answer, FIRST, SECOND)
    tone = coded(voice(0, 0.2, 8000))
    await speak(voices, [tone, tone])
    assert (await recording.invite(offer(THIRD, SECOND, version=2))).status == 200
    await speak(voices, [tone, tone])
    voices[0].rekey(THIRD)
    await speak(voices, [tone, tone])
    voices[0].begin_anew()
    await speak(voices, [tone, tone])
    await until(lambda: office.counted("packets") == 80)
    assert office.counted("not_authentic") == 0
    assert [leg.ended for leg in office.desk.legs] == [None, None]


async def test_a_change_that_cannot_be_heard_is_refused_and_the_call_goes_on(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND))
    voices = office.voices(answer, FIRST, SECOND)
    refused = await recording.invite(offer(THIRD, THIRD, version=2).replace("AES_CM", "ARIA_CM"))
    assert refused.status == 488
    await speak(voices, [SILENCE * 5, SILENCE * 5])
    await until(lambda: office.counted("packets") == 10)
    assert [leg.ended for leg in office.desk.legs] == [None, None]


async def test_keys_may_come_with_the_acknowledgement(office: Office) -> None:
    """A re-INVITE without an offer asks for ours; its answer is in the ACK, with the SRC's new keys."""
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND))
    voices = office.voices(answer, FIRST, SECOND)
    ours = await recording.ask("INVITE", "Require: siprec")
    assert ours.body == answer.body
    body = sdp(
        "sendonly", "sendonly", profile="RTP/SAVP", crypto=((line(THIRD),), (line(SECOND),)), version=2
    )
    recording.acknowledge(ours, body)
    voices[0].rekey(THIRD)
    # The ACK and the packets come in at different ports: until it is read, those under the new key are not proven.
    while office.counted("packets") < 20:
        await speak(voices, [SILENCE, SILENCE])
        await asyncio.sleep(0.005)
    await until(lambda: office.desk.legs[0].pcm)


async def test_the_log_says_once_of_each_sbc_that_its_keys_can_be_read(office: Office) -> None:
    with structlog.testing.capture_logs() as logs:
        for _ in range(3):
            await (await office.recording()).invite(offer(FIRST, SECOND))
    assert [each["event"] for each in logs].count("siprec_srtp_key_exposed") == 1


async def test_a_stream_survives_its_leg(office: Office) -> None:
    """A transfer gives the stream another leg; the count of its packets and its key stay."""
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND))
    voices = office.voices(answer, FIRST, SECOND)
    await speak(voices, [SILENCE * 5, SILENCE * 5])
    text = offer(FIRST, SECOND).replace("204@pbx", "200@pbx").replace("Sato", "Kimura")
    assert (await recording.invite(text.replace("participant_id='p2'", "participant_id='p3'"))).status == 200
    assert [leg.info.role for leg in office.desk.legs] == [Role.CUSTOMER, Role.OPERATOR, Role.OPERATOR]
    await speak(voices, [SILENCE * 5, SILENCE * 5])
    await until(lambda: office.counted("packets") == 20)
    assert office.counted("not_authentic") == 0


async def test_hold_and_back(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND))
    voices = office.voices(answer, FIRST, SECOND)
    await speak(voices, [SILENCE * 5, SILENCE * 5])
    held = await recording.invite(offer(FIRST, SECOND, directions=("inactive", "sendonly"), version=2))
    assert [direction for _, direction in held.media] == ["inactive", "recvonly"]
    assert held.body.count("a=crypto:1 ") == 2
    await recording.invite(offer(FIRST, SECOND, version=3))
    await speak(voices, [SILENCE * 5, SILENCE * 5])
    await until(lambda: office.counted("packets") == 20)
    call_id = office.desk.legs[0].info.call.call_id
    assert office.desk.holds == [(call_id, True), (call_id, False)]


async def test_encryption_may_begin_and_end_in_a_call(office: Office) -> None:
    recording = await office.recording()
    plain = both(sdp("sendonly", "sendonly"), metadata(CUSTOMER, OPERATOR))
    answer = await recording.invite(plain)
    voices = office.voices(answer, FIRST, SECOND)
    await recording.invite(offer(FIRST, SECOND, version=2))
    await speak(voices, [SILENCE * 5, SILENCE * 5])
    await until(lambda: office.counted("packets") == 10)
    answer = await recording.invite(plain)
    assert "crypto" not in answer.body
    for each in voices:
        each.rekey(None)
    await speak(voices, [SILENCE * 5, SILENCE * 5])
    await until(lambda: office.counted("packets") == 20)
    assert office.counted("refused") == 0


async def test_a_key_that_does_not_fit_is_told_to_people(office: Office) -> None:
    """The call is there, and silent; whoever looks after the system learns why."""
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND))
    wrong, right = office.voices(answer, THIRD, SECOND)
    with structlog.testing.capture_logs() as logs:
        while "siprec_srtp_wrong_key" not in office.problems:
            wrong.frame(SILENCE)
            right.frame(SILENCE)
            await asyncio.sleep(0.002)
        assert office.counted("not_authentic") >= UNDECIPHERED
        told = [each for each in logs if each["event"] == "siprec_no_audio"]
        assert [(each["reason"], each["call_id"]) for each in told] == [
            ("srtp_wrong_key", office.desk.legs[0].info.call.call_id)
        ]
    customer, operator = office.desk.legs
    assert not customer.pcm
    assert operator.pcm
    assert (customer.ended, operator.ended) == (None, None)
    # The key that fits opens it again.
    wrong.rekey(FIRST)
    await speak([wrong], [coded(voice(0, 0.2, 8000))])
    await until(lambda: customer.pcm)


async def test_plain_rtp_in_an_encrypted_stream_is_not_heard(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND))
    liar = RtpSender(answer.media[0][0])
    office.closing.callback(liar.close)
    await speak([liar], [SILENCE * 5])
    await until(lambda: office.counted("not_authentic") == 5)
    assert office.counted("packets") == 0


async def test_a_refusal_says_why_to_the_people_at_the_sbc(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(offer(FIRST, SECOND).replace("AES_CM", "ARIA_CM"))
    assert answer.status == 488
    assert answer.headers["warning"].startswith('399 kikimori "srtp_suite_not_supported: ')


async def test_keys_without_tls_are_taken_and_told_to_people(office: Office) -> None:
    recording = await office.recording()
    assert (await recording.invite(offer(FIRST, SECOND))).status == 200
    assert office.problems == {"siprec_srtp_key_exposed"}


async def test_keys_without_tls_may_be_refused() -> None:
    async with running(srtp_needs_tls=True) as office:
        recording = await office.recording()
        answer = await recording.invite(offer(FIRST, SECOND))
        assert answer.status == 488
        assert "tls_port" in answer.headers["warning"]
        assert office.problems == {"siprec_srtp_key_in_clear"}
        assert (await recording.invite(both(sdp("sendonly"), metadata(CUSTOMER)))).status == 200


async def test_no_key_comes_into_the_log() -> None:
    """Through offers that are taken, refused and broken, with every field that is logged."""
    out = io.StringIO()
    before = structlog.get_config()
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(file=out))
    try:
        async with running() as office:
            recording = await office.recording()
            answer = await recording.invite(offer(FIRST, SECOND))
            voice_of = RtpSender(answer.media[0][0], key=THIRD)
            office.closing.callback(voice_of.close)
            await speak([voice_of], [SILENCE * 5])
            await until(lambda: office.counted("not_authentic") == 5)
            await recording.invite(offer(FIRST, SECOND).replace("AES_CM", "ARIA_CM"))
            await recording.invite(offer(FIRST, SECOND).replace("inline:", "inline:x"))
            await recording.bye()
    finally:
        structlog.configure(**before)
    written = out.getvalue()
    assert "siprec_session_started" in written
    for key in (FIRST, SECOND, THIRD):
        assert base64.b64encode(key).decode()[:16] not in written
        assert repr(key)[2:20] not in written
