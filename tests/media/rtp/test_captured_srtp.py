"""A real telephone's SRTP: baresip's call, captured, opened with the keys of its own session descriptions."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

from tests.integrations.mirror.voices import voice

from kikimori.integrations.mirror.fragments import Fragments
from kikimori.integrations.mirror.packets import Datagram, read
from kikimori.integrations.mirror.pcapfile import frames
from kikimori.integrations.siprec.keys import choose_keys
from kikimori.media.g722 import G722Decoder, G722Encoder
from kikimori.media.rtp.packet import parse
from kikimori.media.rtp.srtp import Unprotector
from kikimori.media.sip.message import parse_datagram
from kikimori.media.sip.sdp import MediaDescription, parse_sdp

CAPTURE = Path(__file__).parents[2] / "integrations" / "mirror" / "data" / "baresip-srtp.pcap"
SIP_PORTS = {5060, 5062}


class Captured(NamedTuple):
    descriptions: list[MediaDescription]
    media: dict[int, list[bytes]]
    """By the port that they came from, RTCP too."""


def captured() -> Captured:
    found = Captured([], {})
    for _, time, data in frames(CAPTURE):
        packet = read(data, 14, Fragments(), time)
        if not isinstance(packet, Datagram):
            continue
        port = packet.source[1]
        if port not in SIP_PORTS:
            found.media.setdefault(port, []).append(packet.payload)
            continue
        message = parse_datagram(packet.payload)
        if message.body:
            found.descriptions.append(parse_sdp(message.body).media[0])
    return found


def test_both_voices_of_a_real_call_are_opened() -> None:
    call = captured()
    # Offer and answer; a telephone that sends from the port on which it receives.
    offer, answer = call.descriptions[0], call.descriptions[-1]
    for media, who in ((offer, "customer"), (answer, "operator")):
        unprotector = Unprotector(choose_keys(media).keys)
        sent = [each for each in call.media[media.port] if not 192 <= each[1] <= 223]
        packets = [parse(unprotector.unprotect(each)) for each in sent]
        assert len(packets) > 40
        assert {each.payload_type for each in packets} == {9}
        heard = G722Decoder().decode(b"".join(each.payload for each in packets))
        said = G722Decoder().decode(G722Encoder().encode(voice(who, 16000, 8).tobytes()))
        assert heard == said[: len(heard)], who
