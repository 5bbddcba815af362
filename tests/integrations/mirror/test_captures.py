"""Real calls, captured: each party is heard with every sample it said, whatever the network did to the packets."""

from __future__ import annotations

from itertools import count
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import structlog
from tests.integrations.mirror.frames import made_over, write
from tests.integrations.mirror.voices import voice
from tests.support.recorder import RecordedLeg, Recorder

from kikimori.integrations.mirror.call_capture import CallCapture
from kikimori.integrations.mirror.fragments import Fragments
from kikimori.integrations.mirror.packets import Datagram, read
from kikimori.integrations.mirror.pcapfile import frames
from kikimori.integrations.mirror.replay import replay_capture, summary
from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.media.g711 import decode_alaw, decode_ulaw, encode_alaw, encode_ulaw
from kikimori.media.g722 import G722Decoder, G722Encoder
from kikimori.media.rtp.formats import PCMU
from kikimori.media.rtp.receiver import RtpSession
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import EndReason, Role

if TYPE_CHECKING:
    from collections.abc import Callable

DATA = Path(__file__).parent / "data"
TABLE = MirrorTable(sip_ports=(5060, 5062))
SIDES = SidesTable(operator_numbers=("2??",))


async def heard(path: Path, table: MirrorTable = TABLE) -> tuple[Recorder, CallCapture]:
    desk = Recorder()
    return desk, await replay_capture(path, desk, table, SIDES)


def legs(desk: Recorder) -> dict[Role, RecordedLeg]:
    assert len({leg.info.call.call_id for leg in desk.legs}) == 1
    assert len(desk.legs) == 2
    return {leg.info.role: leg for leg in desk.legs}


def said(who: str) -> bytes:
    return decode_ulaw(encode_ulaw(voice(who, 8000).tobytes()))


def assert_said(desk: Recorder) -> None:
    for who in ("customer", "operator"):
        assert bytes(legs(desk)[Role(who)].pcm) == said(who), who


def ticking() -> Callable[[], float]:
    """A clock that is 20 ms later each time."""
    ticks = count()
    return lambda: next(ticks) * 0.02


async def test_both_parties_are_heard_sample_for_sample() -> None:
    desk, capture = await heard(DATA / "sipp-udp.pcap")
    assert_said(desk)
    for leg in desk.legs:
        assert leg.ended is EndReason.HUNG_UP
        assert leg.gap_samples == 0
        assert leg.info.call.tap == "mirror"
        assert leg.info.call.caller.number == "0901234567"
        assert leg.info.call.caller.name == "Yamada"
        assert leg.info.call.operator.number == "204"
    assert capture.counters()["rtp_packets"] == 200


async def test_a_key_told_by_info_is_a_key_of_who_sent_it() -> None:
    desk, _ = await heard(DATA / "sipp-udp.pcap")
    assert {role: leg.digits for role, leg in legs(desk).items()} == {Role.CUSTOMER: "5", Role.OPERATOR: ""}


async def test_sip_over_tcp_in_pcapng_with_a_law() -> None:
    desk, _ = await heard(DATA / "sipp-tcp.pcapng")
    for who in ("customer", "operator"):
        expected = decode_alaw(encode_alaw(voice(who, 8000).tobytes()))
        assert bytes(legs(desk)[Role(who)].pcm) == expected


@pytest.mark.parametrize("tags", [(10,), (100, 10), (7, 100, 10)], ids=["vlan", "qinq", "three tags"])
async def test_vlan_tags_change_nothing(tags: tuple[int, ...], tmp_path: Path) -> None:
    path = write(tmp_path / "vlan.pcap", made_over(frames(DATA / "sipp-udp.pcap"), tags=tags))
    desk, _ = await heard(path)
    assert_said(desk)


@pytest.mark.parametrize("size", [48, 160])
async def test_fragments_change_nothing(size: int, tmp_path: Path) -> None:
    path = write(tmp_path / "parts.pcap", made_over(frames(DATA / "sipp-udp.pcap"), size=size))
    desk, capture = await heard(path)
    assert capture.frames > 400
    assert_said(desk)


async def test_every_packet_twice_as_a_switch_mirrors_both_ways_changes_nothing(tmp_path: Path) -> None:
    twice = ((time, data) for _, time, data in frames(DATA / "sipp-udp.pcap") for _ in range(2))
    desk, capture = await heard(write(tmp_path / "twice.pcap", twice))
    assert_said(desk)
    assert capture.calls.counters().duplicates == 200
    assert legs(desk)[Role.CUSTOMER].digits == "5"


async def test_raw_ip_and_cooked_captures_are_read(tmp_path: Path) -> None:
    raw = ((time, data[14:]) for _, time, data in frames(DATA / "sipp-udp.pcap"))
    desk, _ = await heard(write(tmp_path / "raw.pcap", raw, link_type=101))
    assert_said(desk)
    cooked = ((time, bytes(14) + data[12:]) for _, time, data in frames(DATA / "sipp-udp.pcap"))
    desk, _ = await heard(write(tmp_path / "sll.pcap", cooked, link_type=113))
    assert_said(desk)


async def test_lost_packets_are_a_place_and_no_shift(tmp_path: Path) -> None:
    kept = [
        (each.time, each.data)
        for n, each in enumerate(frames(DATA / "sipp-udp.pcap"))
        if each.data[42:43] != b"\x80" or n % 10
    ]
    desk, capture = await heard(write(tmp_path / "lossy.pcap", kept))
    assert capture.calls.counters().lost > 10
    for who in ("customer", "operator"):
        pcm = np.frombuffer(bytes(legs(desk)[Role(who)].pcm), "<i2")
        expected = np.frombuffer(said(who), "<i2")
        blocks = len(pcm) // 160
        same = sum(np.array_equal(pcm[n * 160 :][:160], expected[n * 160 :][:160]) for n in range(blocks))
        assert same >= blocks - capture.calls.counters().lost


async def test_g722_with_keys_and_hold() -> None:
    desk, _ = await heard(DATA / "baresip-g722.pcap")
    both = legs(desk)
    assert both[Role.OPERATOR].digits == "*9"
    assert [on for _, on in desk.holds] == [True, False]
    assert desk.holds[0][0] == both[Role.CUSTOMER].info.call.call_id
    customer = both[Role.CUSTOMER]
    assert customer.info.rate == 16000
    expected = G722Decoder().decode(G722Encoder().encode(voice("customer", 16000, 8).tobytes()))
    assert bytes(customer.pcm[: 2 * 16000 * 2]) == expected[: 2 * 16000 * 2]
    assert 0.4 < customer.gap_samples / 16000 < 0.8


async def test_encrypted_audio_is_told_and_is_not_silence() -> None:
    with structlog.testing.capture_logs() as logs:
        desk, capture = await heard(DATA / "baresip-srtp.pcap")
    assert desk.legs == []
    assert capture.counters()["calls_encrypted"] == 1
    assert next(each for each in logs if each["event"] == "mirror_call_unreadable")["reason"] == "encrypted"
    assert any("encrypted" in line for line in summary(capture.counters()))


async def test_sip_on_another_port_is_known_by_its_content() -> None:
    desk, capture = await heard(DATA / "sipp-udp.pcap", MirrorTable(sip_ports=(5080,)))
    assert_said(desk)
    assert set(capture.other_ports) == {5060}


async def test_sip_over_tcp_on_another_port_is_known_by_its_content() -> None:
    desk, _ = await heard(DATA / "sipp-tcp.pcapng", MirrorTable(sip_ports=(5080,)))
    assert len(legs(desk)) == 2


async def test_a_mirror_hears_what_the_recorded_party_would_have_sent_to_a_recorder() -> None:
    """The same RTP given to a session as a recording server has it: the same samples."""
    desk, _ = await heard(DATA / "sipp-udp.pcap")
    recorder = Recorder()
    for role, host in ((Role.CUSTOMER, b"\x7f\0\0\2"), (Role.OPERATOR, b"\x7f\0\0\3")):
        leg = recorder.open_leg(legs(desk)[role].info)
        session = RtpSession(leg, {0: PCMU}, clock=ticking(), log=structlog.get_logger())
        for _, time, data in frames(DATA / "sipp-udp.pcap"):
            packet = read(data, 14, Fragments(), time)
            if isinstance(packet, Datagram) and packet.source[0] == host and packet.source[1] != 5060:
                session.receive(packet.payload, packet.source)
        session.flush()
        assert leg.pcm == legs(desk)[role].pcm


async def test_a_capture_that_ends_in_a_call_ends_the_call(tmp_path: Path) -> None:
    cut = [(each.time, each.data) for each in frames(DATA / "sipp-udp.pcap")][:100]
    desk, _ = await heard(write(tmp_path / "cut.pcap", cut))
    assert [leg.ended for leg in desk.legs] == [EndReason.END_OF_FILE] * 2
