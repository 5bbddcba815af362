"""Taking SRTP off. Source: RFC 3711; its packets are made here by OpenSSL and hashlib from the keys it publishes."""

from __future__ import annotations

import hmac
import subprocess
from struct import pack

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pylibsrtp import Error, Policy, Session

from kikimori.media.rtp import srtp
from kikimori.media.rtp.packet import NotRtpError, Packet, build
from kikimori.media.rtp.srtp import MOST_ROLL_OVERS, SUITES, SrtpKeys, Unprotector

MASTER = bytes.fromhex("E1F97A0D3E018BE0D64FA32C06DE41390EC675AD498AFEEBB6960B3AABE6")
CIPHER_KEY = bytes.fromhex("C61E7A93744F39EE10734AFE3FF7A087")
CIPHER_SALT = bytes.fromhex("30CBBC08863D8C85D49DB34A9AE1")
AUTH_KEY = bytes.fromhex("CEBE321F6FF7716B6FD4AB49AF256A156D38BAA4")
"""RFC 3711, B.3: master key and salt, and the session keys that come of them."""

SSRC = 0xCAFEBABE
CM_80 = SUITES["AES_CM_128_HMAC_SHA1_80"]


def plain(index: int, *, ssrc: int = SSRC) -> bytes:
    return build(Packet(0, False, index & 0xFFFF, index * 160 & 0xFFFFFFFF, ssrc, bytes(range(160))))


def by_openssl(index: int, tag_bytes: int, mki: bytes = b"") -> bytes:
    """One packet, protected as RFC 3711 says in 3.1, 4.1.1 and 4.2.1."""
    packet = plain(index)
    salt = int.from_bytes(CIPHER_SALT) << 16
    counter = (salt ^ (SSRC << 64) ^ (index << 16)).to_bytes(16)
    ciphertext = subprocess.run(
        ["openssl", "enc", "-aes-128-ctr", "-K", CIPHER_KEY.hex(), "-iv", counter.hex()],
        input=packet[12:],
        capture_output=True,
        check=True,
    ).stdout
    authenticated = packet[:12] + ciphertext
    tag = hmac.digest(AUTH_KEY, authenticated + pack("!I", index >> 16), "sha1")
    return authenticated + mki + tag[:tag_bytes]


class Sender:
    """The other side, by libsrtp."""

    def __init__(self, name: str = "AES_CM_128_HMAC_SHA1_80", master: bytes | None = None) -> None:
        self.suite = SUITES[name]
        self.master = bytes(range(self.suite.key_bytes)) if master is None else master
        self._session = Session(
            Policy(self.master, Policy.SSRC_ANY_OUTBOUND, srtp_profile=self.suite.profile)
        )

    @property
    def keys(self) -> SrtpKeys:
        return SrtpKeys(self.suite, ((b"", self.master),))

    def packet(self, index: int, *, ssrc: int = SSRC) -> bytes:
        sent: bytes = self._session.protect(plain(index, ssrc=ssrc))
        return sent

    def count_to(self, index: int) -> None:
        """Send, unheard, until `index` is next."""
        for each in range(index & 0x3FFF, index, 0x4000):
            self.packet(each)


def refusal(unprotector: Unprotector, data: bytes) -> str:
    with pytest.raises(NotRtpError) as refused:
        unprotector.unprotect(data)
    return refused.value.reason


@pytest.mark.parametrize(
    ("name", "tag_bytes"), [("AES_CM_128_HMAC_SHA1_80", 10), ("AES_CM_128_HMAC_SHA1_32", 4)]
)
def test_packets_of_the_standards_own_keys_are_opened(name: str, tag_bytes: int) -> None:
    unprotector = Unprotector(SrtpKeys(SUITES[name], ((b"", MASTER),)))
    for index in (65534, 65535, 65536, 65537):
        assert unprotector.unprotect(by_openssl(index, tag_bytes)) == plain(index)


def test_the_identifier_of_a_key_is_taken_out() -> None:
    keys = SrtpKeys(CM_80, ((b"\0\1", bytes(30)), (b"\0\2", MASTER)))
    unprotector = Unprotector(keys)
    assert unprotector.unprotect(by_openssl(1, 10, b"\0\2")) == plain(1)
    assert refusal(unprotector, by_openssl(2, 10, b"\0\1")) == srtp.NOT_AUTHENTIC
    assert refusal(unprotector, by_openssl(3, 10, b"\0\3")) == srtp.NOT_AUTHENTIC
    assert refusal(unprotector, plain(4)[:12]) == srtp.NOT_AUTHENTIC


@pytest.mark.parametrize("name", SUITES)
def test_every_suite_opens_what_the_library_protects(name: str) -> None:
    sender = Sender(name)
    unprotector = Unprotector(sender.keys)
    assert [unprotector.unprotect(sender.packet(n)) for n in range(3)] == [plain(n) for n in range(3)]
    sent = bytearray(sender.packet(3))
    sent[20] ^= 1
    assert refusal(unprotector, bytes(sent)) == srtp.NOT_AUTHENTIC


@pytest.mark.parametrize("name", ["AEAD_AES_128_GCM", "AEAD_AES_256_GCM"])
def test_the_identifier_stands_behind_the_tag_of_gcm(name: str) -> None:
    """RFC 7714, 8.2."""
    sender = Sender(name)
    unprotector = Unprotector(SrtpKeys(sender.suite, ((b"\7", sender.master),)))
    assert unprotector.unprotect(sender.packet(1) + b"\7") == plain(1)


def test_what_came_before_comes_no_more() -> None:
    sender = Sender()
    unprotector = Unprotector(sender.keys)
    sent = [sender.packet(n) for n in range(300)]
    unprotector.unprotect(sent[1])
    assert refusal(unprotector, sent[1]) == srtp.REPLAYED
    for each in sent[2:]:
        unprotector.unprotect(each)
    assert refusal(unprotector, sent[0]) == srtp.REPLAYED


def test_order_does_not_matter() -> None:
    sender = Sender()
    unprotector = Unprotector(sender.keys)
    sent = [sender.packet(n) for n in range(65530, 65545)]
    assert [unprotector.unprotect(each) for each in reversed(sent)] == [
        plain(n) for n in reversed(range(65530, 65545))
    ]


def test_another_stream_under_the_same_key_is_opened() -> None:
    sender = Sender()
    unprotector = Unprotector(sender.keys)
    for ssrc in (1, 2, 3):
        assert unprotector.unprotect(sender.packet(60000 + ssrc, ssrc=ssrc)) == plain(60000 + ssrc, ssrc=ssrc)


def test_what_is_no_rtp_is_left_to_the_parser() -> None:
    unprotector = Unprotector(Sender().keys)
    for data in (b"", b"\x80", bytes(100), b"\x80\xc8" + bytes(50), b"\x16\xfe\xff" + bytes(50)):
        assert unprotector.unprotect(data) == data


def test_plain_rtp_and_wrong_keys_are_not_authentic() -> None:
    unprotector = Unprotector(Sender().keys)
    assert refusal(unprotector, plain(1)) == srtp.NOT_AUTHENTIC
    assert refusal(unprotector, Sender(master=bytes(30)).packet(1)) == srtp.NOT_AUTHENTIC


def test_a_packet_beyond_any_network_is_refused() -> None:
    assert refusal(Unprotector(Sender().keys), plain(1) + bytes(2000)) == "too_long"


# --- new keys


def test_old_keys_are_good_until_the_new_ones_are_in_use() -> None:
    old, new = Sender(), Sender(master=bytes(30))
    unprotector = Unprotector(old.keys)
    unprotector.unprotect(old.packet(1))
    unprotector.rekey(new.keys)
    assert unprotector.unprotect(old.packet(2)) == plain(2)
    late = old.packet(3)
    for n in range(4, 60):
        assert unprotector.unprotect(new.packet(n)) == plain(n)
    assert refusal(unprotector, late) == srtp.NOT_AUTHENTIC


def test_the_same_keys_again_change_nothing() -> None:
    """The session timer is kept by re-INVITEs, which repeat the keys."""
    sender = Sender()
    unprotector = Unprotector(sender.keys)
    sent = sender.packet(1)
    unprotector.unprotect(sent)
    unprotector.rekey(SrtpKeys(sender.suite, ((b"", bytes(sender.master)),)))
    assert refusal(unprotector, sent) == srtp.REPLAYED


@pytest.mark.parametrize("name", SUITES)
@pytest.mark.parametrize("times", [1, 2, MOST_ROLL_OVERS])
@pytest.mark.parametrize("sequence", [0, 1, 0x3FFF, 0x4000, 0xFFFF])
def test_new_keys_in_a_long_call_are_found_by_its_count(name: str, times: int, sequence: int) -> None:
    """RFC 3711, 3.3.1: the count of roll-overs goes on under new keys, and no signalling tells it."""
    begin = (times << 16) + sequence
    new = Sender(name)
    new.count_to(begin)
    unprotector = Unprotector(Sender(name, bytes(SUITES[name].key_bytes)).keys)
    unprotector.rekey(new.keys)
    for index in range(begin, begin + 3):
        assert unprotector.unprotect(new.packet(index)) == plain(index)


def test_a_sender_that_counts_anew_under_new_keys_is_opened_too() -> None:
    old, new = Sender(), Sender(master=bytes(30))
    unprotector = Unprotector(old.keys)
    for index in range(0, 0x20000, 0x4000):
        unprotector.unprotect(old.packet(index))
    unprotector.rekey(new.keys)
    assert unprotector.unprotect(new.packet(5)) == plain(5)


def test_the_count_is_found_although_strangers_came_first() -> None:
    sender = Sender()
    sender.count_to(0x10005)
    unprotector = Unprotector(sender.keys)
    for n in range(5):
        assert refusal(unprotector, plain(n)) == srtp.NOT_AUTHENTIC
    opened = 0
    for index in range(0x10005, 0x10010):
        try:
            unprotector.unprotect(sender.packet(index))
        except NotRtpError:
            continue
        opened += 1
    assert opened >= 8


def test_a_proven_stream_does_not_search() -> None:
    """Whoever replays an old packet must not turn the count back."""
    sender = Sender()
    unprotector = Unprotector(sender.keys)
    unprotector.unprotect(sender.packet(1))
    sender.count_to(0x30005)
    assert refusal(unprotector, sender.packet(0x30005)) == srtp.NOT_AUTHENTIC


# --- the rest


def test_no_key_stands_in_a_repr() -> None:
    assert repr(SrtpKeys(CM_80, ((b"", MASTER),))) == f"SrtpKeys(suite={CM_80!r})"


def test_the_library_still_says_a_replay_as_we_know_it() -> None:
    """Should this fail after an update: `_REPLAYS` has the new words to learn."""
    sender = Sender()
    session = Session(Policy(sender.master, Policy.SSRC_ANY_INBOUND))
    sent = [sender.packet(n) for n in range(300)]
    said = set()
    for each in (*sent, sent[299], sent[0]):
        try:
            session.unprotect(each)
        except Error as error:
            said.add(str(error))
    assert said == srtp._REPLAYS


@given(st.binary(max_size=1700), st.sampled_from(sorted(SUITES)), st.binary(max_size=3))
def test_any_bytes_are_refused_or_left_to_the_parser(data: bytes, name: str, mki: bytes) -> None:
    suite = SUITES[name]
    unprotector = Unprotector(SrtpKeys(suite, ((mki, bytes(suite.key_bytes)),)))
    for each in (data, b"\x80\0" + data, b"\x90\x80" + data, b"\xbf\0" + data):
        try:
            said: bytes | str = unprotector.unprotect(each)
        except NotRtpError as error:
            said = error.reason
        assert said in {each, srtp.NOT_AUTHENTIC, "too_long"}
