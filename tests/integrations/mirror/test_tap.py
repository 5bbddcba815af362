"""Problems reported to IT when a mirror port does not show what it should."""

from __future__ import annotations

import pytest
from tests.integrations.mirror.frames import tcp
from tests.integrations.mirror.office import CARRIER, PBX, PHONE, SIDES, Office, sdp
from tests.support.recorder import Recorder

from kikimori.integrations.mirror.settings import MirrorTable
from kikimori.integrations.mirror.tap import MirrorTap

TABLE = MirrorTable(enabled=True, interface="eth1")


class Tapped(Office):
    """An office whose packets go to the tap's own capture."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.tap = MirrorTap(self.desk, TABLE, SIDES)
        self.capture = self.tap.capture
        self.capture.now = self.now


@pytest.fixture
def office() -> Tapped:
    return Tapped()


def codes(office: Tapped) -> list[str]:
    found = office.tap.problems()
    assert all(each.detail and each.remedy for each in found)
    return [each.code for each in found]


def test_all_is_well(office: Tapped) -> None:
    office.talk().answered()
    office.speak((PBX, 16000), (PHONE, 17000), 1)
    office.pass_time(20)
    assert codes(office) == []


def test_encrypted_calls_are_told_while_they_last(office: Tapped) -> None:
    talk = office.talk()
    talk.invite(sdp(PBX, 16000, protocol="RTP/SAVP"))
    talk.respond(200, sdp(PHONE, 17000, protocol="RTP/SAVP"))
    assert codes(office) == ["mirror-encrypted"]
    talk.request("BYE")
    assert codes(office) == []


def test_sip_over_tls_alone_is_told(office: Tapped) -> None:
    office.frame(tcp((CARRIER, 40000), (PBX, 5061), 1, b"\x16\x03\x01\x00\x05hello"))
    assert codes(office) == ["mirror-encrypted"]
    assert office.tap.counters()["mirror_sip_tls_packets"] == 1


def test_a_codec_that_cannot_be_read_is_told(office: Tapped) -> None:
    talk = office.talk()
    talk.invite(sdp(PBX, 16000, codecs="18"))
    talk.respond(200, sdp(PHONE, 17000, codecs="18"))
    assert codes(office) == ["mirror-codec"]


def test_sip_without_audio_is_told_after_a_while(office: Tapped) -> None:
    office.talk().answered()
    assert codes(office) == []
    office.pass_time(12)
    assert codes(office) == ["mirror-no-audio"]


def test_a_port_that_shows_nothing_is_told(office: Tapped) -> None:
    office.tap._seen_at = office.now
    office.pass_time(50)
    assert codes(office) == []
    office.pass_time(20)
    assert codes(office) == ["mirror-silent"]


def test_counters_are_named_for_the_tap_and_whole() -> None:
    tap = MirrorTap(Recorder(), TABLE, SIDES)
    assert all(name.startswith("mirror_") and value == 0 for name, value in tap.counters().items())
    assert tap.addresses == {}
    assert tap.name == "mirror"
