"""Choice of a key from an offer. Source: RFC 4568, 7.1; the lines are those that SBCs write."""

from __future__ import annotations

import base64

import pytest
from tests.support.src import sdp

from kikimori.integrations.siprec.keys import KeysRefusedError, choose_keys
from kikimori.integrations.siprec.offer import Offer, choose, refusal_of
from kikimori.integrations.siprec.troubles import explained
from kikimori.media.rtp.srtp import SUITES
from kikimori.media.sip.sdp import MediaAnswer, MediaDescription, parse_sdp, write_answer

KEY = bytes(range(30))
INLINE = base64.b64encode(KEY).decode()
PLAIN = f"1 AES_CM_128_HMAC_SHA1_80 inline:{INLINE}"


def media(*lines: str, profile: str = "RTP/SAVP", more: str = "") -> MediaDescription:
    return parse_sdp((sdp("sendonly", profile=profile, crypto=(lines,)) + more).encode()).media[0]


def inline(size: int) -> str:
    return "inline:" + base64.b64encode(bytes(size)).decode()


@pytest.mark.parametrize("profile", ["RTP/SAVP", "RTP/SAVPF"])
def test_the_first_line_that_is_known_is_taken(profile: str) -> None:
    """As a Cisco CUBE of IOS XE 17 lists them, with one that is not known here before them."""
    lines = [
        f"1 AES_256_CM_HMAC_SHA1_80 {inline(46)}",
        f"2 AEAD_AES_256_GCM {inline(44)}",
        f"3 AEAD_AES_128_GCM {inline(28)}",
        f"4 AES_CM_128_HMAC_SHA1_80 {inline(30)}",
        f"5 AES_CM_128_HMAC_SHA1_32 {inline(30)}",
    ]
    for taken in (2, 3, 4, 5):
        secured = choose_keys(media(lines[0], *lines[taken - 1 :], profile=profile))
        assert secured.tag == taken
        assert secured.keys.suite == SUITES[secured.suite]


def test_a_lifetime_and_an_identifier_are_taken_with_the_key() -> None:
    """As AudioCodes and Microsoft write them."""
    secured = choose_keys(media(f"{PLAIN}|2^31|1:1"))
    assert secured.keys.masters == ((b"\1", KEY),)


@pytest.mark.parametrize(
    ("parameters", "repeated"),
    [
        ("", ()),
        ("UNENCRYPTED_SRTCP", ("UNENCRYPTED_SRTCP",)),
        ("WSH=128", ()),
        ("-SOMETHING_NEW", ()),
        ("unencrypted_srtcp WSH=64", ("UNENCRYPTED_SRTCP",)),
    ],
)
def test_session_parameters_that_do_no_harm(parameters: str, repeated: tuple[str, ...]) -> None:
    assert choose_keys(media(f"{PLAIN} {parameters}")).parameters == repeated


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ((), "srtp_without_key"),
        ((f"1 AES_256_CM_HMAC_SHA1_80 {inline(46)}",), "srtp_suite_not_supported"),
        ((f"1 F8_128_HMAC_SHA1_80 {inline(30)}",), "srtp_suite_not_supported"),
        (("1 AES_CM_128_HMAC_SHA1_80 inline:short",), "srtp_key_unreadable"),
        ((f"1 AES_CM_128_HMAC_SHA1_80 {inline(46)}",), "srtp_key_unreadable"),
        (("nonsense",), "srtp_key_unreadable"),
        ((f"{PLAIN} UNENCRYPTED_SRTP",), "srtp_parameter_not_supported"),
        ((f"{PLAIN} UNAUTHENTICATED_SRTP",), "srtp_parameter_not_supported"),
        ((f"{PLAIN} KDR=0",), "srtp_parameter_not_supported"),
        ((f"{PLAIN} FEC_ORDER=FEC_SRTP",), "srtp_parameter_not_supported"),
        ((f"{PLAIN} -WSH UNHEARD_OF",), "srtp_parameter_not_supported"),
        (
            (f"1 AES_256_CM_HMAC_SHA1_80 {inline(46)}", f"{PLAIN} UNENCRYPTED_SRTP"),
            "srtp_parameter_not_supported",
        ),
    ],
)
def test_what_is_refused_and_why(lines: tuple[str, ...], reason: str) -> None:
    with pytest.raises(KeysRefusedError) as refused:
        choose_keys(media(*lines))
    assert refused.value.reason == reason
    (choice,) = choose(parse_sdp(sdp("sendonly", profile="RTP/SAVP", crypto=(lines,)).encode()))
    assert refusal_of((choice,)) == reason
    assert len(explained(reason)) > len(reason) + 20
    assert '"' not in explained(reason)


@pytest.mark.parametrize(
    ("profile", "more"),
    [("UDP/TLS/RTP/SAVP", ""), ("UDP/TLS/RTP/SAVPF", ""), ("RTP/SAVPF", "a=fingerprint:sha-256 4A:AD\r\n")],
)
def test_dtls_is_told_apart(profile: str, more: str) -> None:
    with pytest.raises(KeysRefusedError) as refused:
        choose_keys(media(profile=profile, more=more))
    assert refused.value.reason == "dtls_srtp_not_supported"


def test_one_voice_offered_as_srtp_and_as_rtp_is_taken_once() -> None:
    """AudioCodes' "Preferable" has two m-lines of one label; the first is liked better."""
    text = sdp("sendonly", "sendonly", crypto=((PLAIN,),))
    text = text.replace("m=audio 40000 RTP/AVP", "m=audio 40000 RTP/SAVP").replace("a=label:2", "a=label:1")
    assert [each.refusal for each in choose(parse_sdp(text.encode()))] == [None, "offered_twice"]
    unknown = text.replace("AES_CM_128", "AES_512_CM")
    assert [each.accepted for each in choose(parse_sdp(unknown.encode()))] == [False, True]


def test_keys_beside_plain_rtp_are_left_alone() -> None:
    (choice,) = choose(parse_sdp(sdp("sendonly", crypto=((PLAIN,),)).encode()))
    assert (choice.accepted, choice.secured) == (True, None)


def test_keys_in_clear_are_refused_where_that_is_asked_for() -> None:
    description = parse_sdp(sdp("sendonly", profile="RTP/SAVP", crypto=((PLAIN,),)).encode())
    (choice,) = Offer(description, None, keys_refused=True).choices
    assert choice.refusal == "srtp_key_in_clear"


def test_no_key_stands_in_a_repr() -> None:
    description = parse_sdp(
        (f"v=0\r\na=crypto:{PLAIN}\r\n" + sdp("sendonly", crypto=((PLAIN,),))[5:]).encode()
    )
    choices = choose(parse_sdp(sdp("sendonly", profile="RTP/SAVP", crypto=((PLAIN,),)).encode()))
    answer = MediaAnswer(description.media[0], 20000, crypto=PLAIN)
    for each in (description, choices, answer):
        assert INLINE not in repr(each)
        assert repr(KEY)[2:12] not in repr(each)
    assert f"a=crypto:{PLAIN}\r\n".encode() in write_answer("192.0.2.1", 1, 1, [answer])
