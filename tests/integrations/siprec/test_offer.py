"""Real and odd offers: what is read, what is accepted, and who is then who."""

from __future__ import annotations

from pathlib import Path

import pytest
from tests.support.src import metadata, sdp

from kikimori.integrations.siprec.metadata import RecordingMetadata, parse_metadata
from kikimori.integrations.siprec.offer import MAX_STREAMS, choose, read_offer, refusal_of
from kikimori.integrations.siprec.parties import CallParties, Parties
from kikimori.integrations.siprec.policy import worth_recording
from kikimori.media.rtp.formats import PayloadKind
from kikimori.media.sip.message import Request, parse_datagram
from kikimori.media.sip.sdp import parse_sdp
from kikimori.taps.sides import INTERNAL, NOT_SELECTED, SidesTable
from kikimori_core.model.call import Party, Role

DATA = Path(__file__).parent / "data"
"""INVITEs of a real OpenSIPS 4.1.0-dev with rtpengine 10.5.3.5, taken from the wire."""

CUSTOMER = ("p1", "sip:0355550142@carrier.example", "Yamada", "1")
OPERATOR = ("p2", "sip:204@pbx.example", "Sato", "2")
THIRD = ("p3", "sip:200@pbx.example", "Kimura", "3")
FROM_OUTSIDE = SidesTable(customer_endpoints=("*@carrier.example",))


def of_opensips(name: str) -> Request:
    message = parse_datagram((DATA / name).read_bytes())
    assert isinstance(message, Request)
    return message


def test_a_real_opensips_is_understood() -> None:
    invite = of_opensips("opensips-invite.sip")
    offer = read_offer(invite.headers, invite.body)
    worth_recording(invite, offer)
    choices = offer.choices
    assert [choice.media.label for choice in choices] == ["1", "0"]
    assert [[known.kind for _, known in choice.formats] for choice in choices] == [
        [PayloadKind.PCMU, PayloadKind.DTMF]
    ] * 2
    cast = Parties(SidesTable(), Role.CUSTOMER).at_present(["1", "0"], offer.metadata)
    assert [role for role, _ in cast.voices] == [Role.CUSTOMER, Role.OPERATOR]
    assert (cast.customer.number, cast.operator.number) == ("0355550142", "204")


def test_its_hold_is_one_inactive_stream() -> None:
    invite = of_opensips("opensips-hold.sip")
    offer = read_offer(invite.headers, invite.body)
    assert sorted(choice.paused for choice in offer.choices) == [False, True]


def test_its_encrypted_streams_are_taken_by_the_first_line_that_is_known() -> None:
    """Rtpengine offers twelve suites, and a fingerprint for DTLS as well."""
    invite = of_opensips("opensips-srtp.sip")
    choices = read_offer(invite.headers, invite.body).choices
    assert [len(choice.media.crypto) for choice in choices] == [12, 12]
    assert [choice.secured.suite for choice in choices if choice.secured] == ["AEAD_AES_256_GCM"] * 2
    assert len({choice.secured.keys for choice in choices if choice.secured}) == 2


# --- what is accepted


def test_all_codecs_that_can_be_read_are_accepted_in_their_order() -> None:
    (choice,) = choose(parse_sdp(sdp("sendonly", codecs="18 9 0 101 8").encode()))
    assert [codec.payload_type for codec in choice.codecs] == [9, 0, 101, 8]


def test_video_and_keys_alone_are_refused() -> None:
    text = (
        "v=0\r\nm=video 4000 RTP/AVP 0\r\nm=audio 4002 RTP/AVP 101\r\na=rtpmap:101 telephone-event/8000\r\n"
    )
    choices = choose(parse_sdp(text.encode()))
    assert [choice.refusal for choice in choices] == ["not_audio", "no_known_codec"]


def test_only_so_many_streams_are_heard() -> None:
    choices = choose(parse_sdp(sdp(*["sendonly"] * (MAX_STREAMS + 1)).encode()))
    assert [choice.refusal for choice in choices] == [None] * MAX_STREAMS + ["too_many_streams"]


@pytest.mark.parametrize(
    ("protocol", "reason"),
    [
        ("RTP/SAVP", "srtp_without_key"),
        ("UDP/TLS/RTP/SAVPF", "dtls_srtp_not_supported"),
        ("TCP/MRCP", "not_rtp"),
        ("TCP/RTP/SAVP", "not_rtp"),
    ],
)
def test_why_nothing_is_accepted(protocol: str, reason: str) -> None:
    offer = sdp("sendonly", "sendonly").replace("RTP/AVP", protocol)
    assert refusal_of(choose(parse_sdp(offer.encode()))) == reason


# --- who is who


def about(*parties: tuple[str, str, str, str], left: tuple[str, ...] = ()) -> RecordingMetadata:
    return parse_metadata(metadata(*parties, left=left).encode())


def roles(cast: CallParties) -> list[Role]:
    return [role for role, _ in cast.voices]


def test_who_called_is_the_customer_when_nothing_else_is_said() -> None:
    cast = Parties(SidesTable(), Role.CUSTOMER).at_present(["1", "2"], about(CUSTOMER, OPERATOR))
    assert roles(cast) == [Role.CUSTOMER, Role.OPERATOR]


def test_a_pattern_says_more_than_the_order() -> None:
    cast = Parties(FROM_OUTSIDE, Role.CUSTOMER).at_present(["1", "2"], about(OPERATOR, CUSTOMER))
    assert roles(cast) == [Role.CUSTOMER, Role.OPERATOR]
    assert cast.operator == Party(number="204", name="Sato")


def test_a_call_between_two_operators_is_not_heard() -> None:
    sides = SidesTable(operator_numbers=("2??",))
    cast = Parties(sides, Role.CUSTOMER).at_present(["1", "2"], about(OPERATOR, THIRD))
    assert (cast.unheard, cast.voices) == (INTERNAL, ())


def test_the_customer_stays_the_customer_through_a_transfer() -> None:
    """The operator who made the transfer is gone; the two who are left are told apart as before."""
    parties = Parties(SidesTable(), Role.CUSTOMER)
    parties.at_present(["1", "2"], about(CUSTOMER, OPERATOR))
    cast = parties.at_present(["1", "3"], about(THIRD, CUSTOMER))
    assert roles(cast) == [Role.CUSTOMER, Role.OPERATOR]
    assert cast.operator.number == "200"


def test_a_transfer_to_somebody_who_is_not_listened_to_ends_the_listening() -> None:
    parties = Parties(SidesTable(never_operators=("200",)), Role.CUSTOMER)
    assert parties.at_present(["1", "2"], about(CUSTOMER, OPERATOR)).unheard is None
    assert parties.at_present(["1", "3"], about(CUSTOMER, THIRD)).unheard is NOT_SELECTED


def test_three_voices_are_one_customer_and_two_operators() -> None:
    cast = Parties(SidesTable(), Role.CUSTOMER).at_present(["1", "2", "3"], about(CUSTOMER, OPERATOR, THIRD))
    assert roles(cast) == [Role.CUSTOMER, Role.OPERATOR, Role.OPERATOR]
    assert cast.operator.number == "200"


def test_parties_without_their_streams_are_taken_in_order() -> None:
    named = about((*CUSTOMER[:3], ""), (*OPERATOR[:3], ""))
    assert roles(Parties(SidesTable(), Role.CUSTOMER).at_present(["1", "2"], named)) == [
        Role.CUSTOMER,
        Role.OPERATOR,
    ]


def test_a_stream_of_nobody_is_the_other_sides() -> None:
    cast = Parties(FROM_OUTSIDE, Role.OPERATOR).at_present(["1", "2"], about((*CUSTOMER[:3], "2")))
    assert roles(cast) == [Role.OPERATOR, Role.CUSTOMER]


def test_one_stream_of_one_party_is_that_partys() -> None:
    cast = Parties(SidesTable(), Role.CUSTOMER).at_present(["2"], about((*CUSTOMER[:3], ""), OPERATOR))
    assert roles(cast) == [Role.OPERATOR]


def test_one_stream_of_nobody_or_of_both_is_mixed() -> None:
    for named in (None, about((*CUSTOMER[:3], "1"), (*OPERATOR[:3], "1"))):
        assert roles(Parties(SidesTable(), Role.CUSTOMER).at_present(["1"], named)) == [Role.MIXED]


def test_an_address_that_is_none_is_still_a_name() -> None:
    cast = Parties(SidesTable(), Role.CUSTOMER).at_present(["1"], about(("p1", "sip:@@ ,", "", "1")))
    assert cast.customer.number
