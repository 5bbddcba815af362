"""Audio that cannot be decoded is named within a second, and never heard."""

from __future__ import annotations

import numpy as np
import pytest
from tests.integrations.mirror.frames import udp
from tests.integrations.mirror.office import CARRIER, PBX, PHONE, SIDES, Office, Talk, heard, sdp

from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.integrations.mirror.tap import MirrorTap
from kikimori.media.rtp.packet import Packet, build
from kikimori_core.model.call import Role

A, B = (PBX, 16000), (PHONE, 17000)
BOTH = ((A, B), (B, A))


class Watched(Office):
    """An office whose packets go to a tap's own capture, so that its problems can be read."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tap = MirrorTap(self.desk, MirrorTable(enabled=True, interface="eth1"), SIDES)
        self.capture = self.tap.capture
        self.capture.now = self.now
        self.at = 0

    def packet(
        self,
        payload: bytes,
        payload_type: int = 0,
        ends: tuple[tuple[tuple[str, int], tuple[str, int]], ...] = BOTH,
    ) -> None:
        """One packet each way, 20 ms."""
        self.at += 1
        for source, target in ends:
            data = build(Packet(payload_type, False, self.at, self.at * 160, source[1], payload))
            self.frame(udp(source, target, data))
        self.pass_time(0.02)

    def zrtp(self, kind: bytes, *ends: tuple[tuple[str, int], tuple[str, int]]) -> None:
        message = b"\x10\0\0\1ZRTP\0\0\x12\x34PZ\0\x1d" + kind.ljust(8) + bytes(96)
        for source, target in ends or BOTH:
            self.frame(udp(source, target, message))

    def codes(self) -> list[str]:
        return [each.code for each in self.tap.problems()]

    @property
    def heard_bytes(self) -> int:
        return sum(len(leg.pcm) for leg in self.desk.legs)


@pytest.fixture
def office() -> Watched:
    return Watched()


def answered(office: Watched, codecs: str = "0 101", more: str = "") -> Talk:
    talk = office.talk()
    talk.invite(sdp(*A, codecs=codecs, more=more))
    talk.respond(200, sdp(*B, codecs=codecs, more=more))
    talk.request("ACK")
    return talk


@pytest.mark.parametrize("size", [164, 170, 174, 90, 250])
@pytest.mark.parametrize("payload_type", [0, 8, 9])
def test_srtp_under_plain_rtp_is_encrypted(office: Watched, size: int, payload_type: int) -> None:
    answered(office, f"{payload_type} 101")
    dice = np.random.default_rng(size)
    for _ in range(50):
        office.packet(dice.bytes(size), payload_type)
    assert office.heard_bytes == 0
    assert office.codes() == ["mirror-encrypted"]
    assert office.capture.counters()["calls_encrypted"] == 1
    assert office.capture.counters()["calls"] == 0
    assert office.live == []


def test_zrtp_is_known_by_its_cookie(office: Watched) -> None:
    answered(office)
    office.zrtp(b"Hello")
    office.pass_time(0.3)
    assert office.codes() == ["mirror-encrypted"]
    for _ in range(30):
        office.packet(bytes(160))
    assert office.heard_bytes == 0


@pytest.mark.parametrize("kind", [b"Commit", b"DHPart1", b"Confirm1", b"Conf2ACK"])
def test_zrtp_that_is_seen_one_way_only_is_known_where_it_negotiates(office: Watched, kind: bytes) -> None:
    answered(office)
    office.zrtp(kind, (A, B))
    office.pass_time(0.3)
    assert office.codes() == ["mirror-encrypted"]


def test_a_telephone_that_offers_zrtp_to_one_that_has_none_is_heard(office: Watched) -> None:
    answered(office)
    office.zrtp(b"Hello", (A, B))
    office.speak(A, B, 1, 2)
    office.zrtp(b"Hello", (A, B))
    office.speak(A, B, 3)
    assert office.codes() == []
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1, 2, 3)


@pytest.mark.parametrize(
    ("codecs", "more", "used", "name"),
    [
        ("18 0 101", "", 18, "G729"),
        ("0 18 101", "", 18, "G729"),
        ("0 101", "", 18, "G729"),
        ("8 101", "", 3, "GSM"),
        ("0 101", "", 4, "G723"),
        ("0 97 101", "a=rtpmap:97 iLBC/8000\r\n", 97, "ILBC"),
        ("111 0 101", "a=rtpmap:111 opus/48000/2\r\n", 111, "OPUS"),
        ("0 101", "", 115, "115"),
    ],
)
def test_a_codec_in_use_that_cannot_be_read_is_named(
    office: Watched, codecs: str, more: str, used: int, name: str
) -> None:
    answered(office, codecs, more)
    for _ in range(50):
        office.packet(b"\x55" * 20, used)
    assert office.codes() == ["mirror-codec"]
    assert name in office.tap.problems()[0].detail
    assert office.capture.counters()["calls_unreadable_codec"] == 1
    assert office.capture.counters()["calls"] == 0
    assert office.heard_bytes == 0


def test_a_codec_that_stands_second_and_is_used_is_heard(office: Watched) -> None:
    answered(office, "18 0 101")
    assert office.desk.legs == []
    for _ in range(12):
        office.speak(A, B, 7)
        office.speak(B, A, 8)
    assert len(office.live) == 2
    assert office.leg(Role.CUSTOMER).pcm.endswith(heard(7))
    assert office.capture.counters()["calls"] == 1
    assert office.codes() == []


def test_g711_that_was_not_answered_is_heard_all_the_same(office: Watched) -> None:
    answered(office, "8 101")
    office.speak(A, B, 1, 2)
    assert bytes(office.leg(Role.CUSTOMER).pcm) == heard(1, 2)


def test_keys_and_descriptions_of_silence_are_no_codec_in_use(office: Watched) -> None:
    answered(office)
    office.speak(A, B, 1)
    for _ in range(20):
        office.packet(b"\x05\x0a\x00\xa0", 96, ((A, B),))
        office.packet(b"\x20", 19, ((A, B),))
    assert office.codes() == []
    assert len(office.live) == 2


def test_a_change_of_codec_by_signalling_makes_it_heard(office: Watched) -> None:
    talk = answered(office, "0 18 101")
    for _ in range(30):
        office.packet(b"\x55" * 20, 18)
    assert office.live == []
    talk.request("INVITE", sdp(*B, codecs="0 101"), by=1)
    talk.respond(200, sdp(*A, codecs="0 101"), by=0)
    office.speak(A, B, 1)
    assert office.leg(Role.CUSTOMER).pcm.endswith(heard(1))
    assert office.codes() == []


def test_a_call_that_becomes_encrypted_is_named(office: Watched) -> None:
    answered(office)
    for _ in range(3):
        office.packet(bytes([0xFF, 0x7F] * 80))
    before = office.heard_bytes
    dice = np.random.default_rng(1)
    for _ in range(60):
        office.packet(dice.bytes(160))
    assert office.codes() == ["mirror-encrypted"]
    # Two fifths of a second pass before that is certain.
    assert office.heard_bytes - before < 2 * 16000


def test_one_voice_that_cannot_be_read_leaves_the_other_one_heard(office: Watched) -> None:
    answered(office)
    for n in range(30):
        office.packet(b"\x55" * 20, 18, ((B, A),))
        office.speak(A, B, n)
    assert "mirror-codec" in office.codes()
    assert bytes(office.leg(Role.CUSTOMER).pcm).endswith(heard(29))


def test_an_encrypted_outside_under_plain_rtp_is_heard_inside(office: Watched) -> None:
    outer = office.talk("0901234567", "0312345678", (CARRIER, PBX)).answered((30000, 15000))
    inner = office.talk("0901234567", "204", (PBX, PHONE)).answered()
    assert outer.call_id != inner.call_id
    dice = np.random.default_rng(2)
    for _ in range(40):
        office.packet(
            dice.bytes(170), 0, (((CARRIER, 30000), (PBX, 15000)), ((PBX, 15000), (CARRIER, 30000)))
        )
    office.speak(A, B, 5)
    assert office.leg(Role.CUSTOMER).pcm.endswith(heard(5))
