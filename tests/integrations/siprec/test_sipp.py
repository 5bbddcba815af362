"""sipp plays SBCs: their messages have the shape that each vendor's really have, its timers and TCP are not ours."""

from __future__ import annotations

import asyncio
import base64
import os
import re
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pylibsrtp import Policy, Session
from tests.support.lossy import LossyNetwork
from tests.support.pcap import ulaw, write_rtp
from tests.support.ports import free_port
from tests.support.recorder import RecordedLeg, Recorder
from tests.support.src import RtpSender
from tests.taps.contract.sound import find, voice

from kikimori.integrations.siprec.settings import SiprecTable
from kikimori.integrations.siprec.tap import SiprecTap
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from kikimori.taps.tap import Address

SCENARIOS = Path(__file__).parent / "scenarios"
TABLE = SidesTable(customer_endpoints=("*@192.0.2.10",))
RTP_PORT = 25000

plays_audio = pytest.mark.skipif(
    os.geteuid() != 0, reason="sipp plays a pcap through a raw socket: needs root"
)


CUSTOMER_SAYS = voice(0, 3.0, 8000)


def customer_voice() -> bytes:
    """Return the sound that sipp plays, PCMU."""
    return ulaw(np.frombuffer(CUSTOMER_SAYS, "<i2"))


def customer_is_heard(leg: RecordedLeg) -> bool:
    """Some whole fifth of a second of the beginning: on a busy machine sipp sends other parts of it too late."""
    pieces = (CUSTOMER_SAYS[at : at + 3200] for at in range(0, 16_000, 3200))
    return any(find(piece, leg.timeline).snr_db > 25 for piece in pieces)


@pytest.fixture
async def tap(desk: Recorder) -> AsyncIterator[SiprecTap]:
    table = SiprecTable(
        enabled=True, port=0, first_rtp_port=RTP_PORT, last_rtp_port=RTP_PORT + 199, max_sessions=40
    )
    made = SiprecTap(desk, table, TABLE)
    await made.listen()
    running = asyncio.create_task(made.run())
    yield made
    await made.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)


@pytest.fixture
def desk() -> Recorder:
    return Recorder()


async def sipp(
    to: SiprecTap | Address, scenario: str | Path, folder: Path, *more: str, transport: str = "u1"
) -> None:
    """Play a scenario to its end; fails with sipp's own words if a call did not go as it says."""
    if isinstance(to, SiprecTap):
        to = to.addresses["siprec_tcp" if transport == "t1" else "siprec_udp"]
    file = scenario if isinstance(scenario, Path) else SCENARIOS / f"{scenario}.xml"
    errors = folder / "errors.log"
    # A pcap is played from the folder that sipp runs in.
    process = await asyncio.create_subprocess_exec(
        "sipp",
        f"127.0.0.1:{to[1]}",
        *("-sf", str(file), "-t", transport, "-i", "127.0.0.1", "-mi", "127.0.0.1"),
        *("-p", str(free_port()), "-m", "1", "-d", "500", "-nostdin", "-timeout", "60", "-timeout_error"),
        *("-trace_err", "-error_file", str(errors), *more),
        cwd=folder,
        stdout=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        _, said = await process.communicate()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert process.returncode == 0, said.decode() + (errors.read_text() if errors.exists() else "")


async def ended(desk: Recorder) -> None:
    await desk.until(lambda: desk.legs and all(leg.ended for leg in desk.legs))
    assert {leg.ended for leg in desk.legs} == {EndReason.HUNG_UP}


def told(desk: Recorder) -> list[tuple[Role, str | None, str | None]]:
    return [(leg.info.role, leg.info.call.caller.number, leg.info.call.operator.number) for leg in desk.legs]


BOTH = [(Role.CUSTOMER, "0355550142", "204"), (Role.OPERATOR, "0355550142", "204")]


@plays_audio
async def test_cisco_cube(tap: SiprecTap, desk: Recorder, tmp_path: Path) -> None:
    """The customer's voice comes from a capture that sipp plays, the operator's from here."""
    sound = customer_voice()
    write_rtp(tmp_path / "voice.pcap", sound)
    playing = asyncio.create_task(sipp(tap, "cisco_cube", tmp_path))
    await desk.until(lambda: len(desk.legs) == 2)
    # Done before the hold, which comes after 1.5 s whatever became of this.
    said = voice(1, 0.6, 8000)
    operator = RtpSender(RTP_PORT + 2)
    spoken = ulaw(np.frombuffer(said, "<i2"))
    clock = asyncio.get_running_loop().time
    begun = clock()
    for at in range(0, len(spoken), 160):
        operator.frame(spoken[at : at + 160])
        await asyncio.sleep(begun + (at // 160 + 1) * 0.02 - clock())
    await playing
    operator.close()
    await ended(desk)
    assert told(desk) == BOTH
    call_id = desk.legs[0].info.call.call_id
    assert desk.holds == [(call_id, True), (call_id, False)]
    customer, other = desk.legs
    assert customer_is_heard(customer)
    assert find(said, other.timeline).snr_db > 25
    assert find(said, customer.timeline).snr_db < 1


GCM_KEYS = [base64.b64encode(bytes([n]) * 44).decode() for n in (1, 2)]
CM_KEYS = [base64.b64encode(bytes([n]) * 30).decode() for n in (1, 2)]

CRYPTO = {
    # As each of them offers it: the first IOS XE 17's list, the second with a lifetime, the third both its suites.
    "cisco_cube": (
        "1 AEAD_AES_256_GCM inline:{gcm}",
        "2 AEAD_AES_128_GCM inline:{short}",
        "3 AES_CM_128_HMAC_SHA1_80 inline:{cm}",
        "4 AES_CM_128_HMAC_SHA1_32 inline:{cm}",
    ),
    "audiocodes": (
        "1 AES_256_CM_HMAC_SHA1_80 inline:{long}|2^31",
        "2 AES_CM_128_HMAC_SHA1_80 inline:{cm}|2^31",
    ),
    "oracle": ("1 AES_CM_128_HMAC_SHA1_80 inline:{cm}", "2 AES_CM_128_HMAC_SHA1_32 inline:{cm}"),
}


def encrypted(name: str, folder: Path, answered: str) -> Path:
    """A scenario of a vendor with SRTP; it ends badly when the answer to its first INVITE takes not `answered`."""
    text = (SCENARIOS / f"{name}.xml").read_text()
    taken = (
        f'<ereg regexp="a=crypto:{answered} inline:[^ ]*" search_in="body" check_it="true" assign_to="1"/>'
    )
    text = re.sub('<ereg regexp="(m=audio|a=label)[^>]*>', taken, text, count=1)
    lines = text.replace("RTP/AVP", "RTP/SAVP").splitlines()
    made = []
    for line in lines:
        made.append(line)
        if line.strip().startswith("m=audio"):
            at = "media_port+2" in line
            fill = {"gcm": GCM_KEYS[at], "cm": CM_KEYS[at], "long": "A" * 62, "short": "A" * 38}
            made += [f"      a=crypto:{each.format(**fill)}" for each in CRYPTO[name]]
    path = folder / f"{name}.xml"
    path.write_text("\n".join(made))
    return path


@plays_audio
async def test_cisco_cube_with_srtp(tap: SiprecTap, desk: Recorder, tmp_path: Path) -> None:
    """Through its hold and back: the keys are offered anew each time and stay the same."""
    gcm = Policy.SRTP_PROFILE_AEAD_AES_256_GCM
    customer = Session(Policy(bytes([1]) * 44, Policy.SSRC_ANY_OUTBOUND, srtp_profile=gcm))
    write_rtp(tmp_path / "voice.pcap", customer_voice(), srtp=customer)
    await sipp(tap, encrypted("cisco_cube", tmp_path, "1 AEAD_AES_256_GCM"), tmp_path)
    await ended(desk)
    assert told(desk) == BOTH
    assert customer_is_heard(desk.legs[0])
    assert tap.counters()["siprec_rtp_not_authentic"] == 0


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_audiocodes_with_srtp(tap: SiprecTap, desk: Recorder, tmp_path: Path, transport: str) -> None:
    scenario = encrypted("audiocodes", tmp_path, "2 AES_CM_128_HMAC_SHA1_80")
    await sipp(tap, scenario, tmp_path, transport=transport)
    await ended(desk)
    assert told(desk) == [*BOTH, (Role.OPERATOR, "0355550142", "200")]


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_oracle_with_srtp(tap: SiprecTap, desk: Recorder, tmp_path: Path, transport: str) -> None:
    scenario = encrypted("oracle", tmp_path, "1 AES_CM_128_HMAC_SHA1_80")
    await sipp(tap, scenario, tmp_path, transport=transport)
    await ended(desk)
    assert told(desk) == [(Role.CUSTOMER, "0355550142", None), (Role.OPERATOR, "0355550142", "204")]
    assert [problem.code for problem in tap.problems()] == ["siprec_srtp_key_exposed"]


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_audiocodes(tap: SiprecTap, desk: Recorder, tmp_path: Path, transport: str) -> None:
    await sipp(tap, "audiocodes", tmp_path, transport=transport)
    await ended(desk)
    assert told(desk) == [*BOTH, (Role.OPERATOR, "0355550142", "200")]
    assert len({leg.info.call.call_id for leg in desk.legs}) == 1


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_oracle(tap: SiprecTap, desk: Recorder, tmp_path: Path, transport: str) -> None:
    """One stream at first, of the caller alone; the second comes with the answer."""
    await sipp(tap, "oracle", tmp_path, transport=transport)
    await ended(desk)
    assert told(desk) == [(Role.CUSTOMER, "0355550142", None), (Role.OPERATOR, "0355550142", "204")]


@pytest.mark.parametrize("transport", ["u1", "t1"])
async def test_opensips(tap: SiprecTap, desk: Recorder, tmp_path: Path, transport: str) -> None:
    await sipp(tap, "opensips", tmp_path, transport=transport)
    await ended(desk)
    assert told(desk) == BOTH


async def test_lost_and_doubled_messages_lose_no_call(tap: SiprecTap, desk: Recorder, tmp_path: Path) -> None:
    """Every INVITE, answer, ACK and BYE is lost once and then comes twice: both sides must ask and answer again.

    Not by sipp's own `-lost`: sipp then takes a repeated answer to INVITE for the answer to BYE.
    """
    network = LossyNetwork()
    where = await network.open(tap.addresses["siprec_udp"])
    scenario = tmp_path / "lossy.xml"
    text = (SCENARIOS / "opensips.xml").read_text()
    scenario.write_text(text.replace("branch=[branch]", "branch=[branch];rport"))
    await sipp(where, scenario, tmp_path, "-m", "20", "-r", "20", "-l", "20", "-d", "4000")
    network.close()
    await ended(desk)
    assert len(desk.legs) == 40
    assert len({leg.info.call.call_id for leg in desk.legs}) == 20
    assert network.lost >= 20 * 5
    assert tap.counters()["siprec_retransmitted"] > 20


async def test_many_calls_at_once(tap: SiprecTap, desk: Recorder, tmp_path: Path) -> None:
    await sipp(tap, "opensips", tmp_path, "-m", "200", "-r", "50", "-l", "30")
    await ended(desk)
    assert len({leg.info.call.call_id for leg in desk.legs}) == 200
    assert tap.counters()["siprec_refused"] == 0


async def test_a_full_server(desk: Recorder, tmp_path: Path) -> None:
    table = SiprecTable(enabled=True, port=0, first_rtp_port=RTP_PORT, last_rtp_port=RTP_PORT + 1, tcp=False)
    full = SiprecTap(desk, table, TABLE)
    await full.listen()
    running = asyncio.create_task(full.run())
    await sipp(full, "full", tmp_path)
    assert desk.legs == []
    await full.close()
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
