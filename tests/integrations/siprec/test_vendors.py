"""Messages of vendors' recorders where they differ from the standard: every party is known."""

from __future__ import annotations

import asyncio
import base64
import re
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
import pytest_asyncio
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integrations.siprec.test_tap import Office, office, opened
from tests.support.deadline import WITHIN_S
from tests.support.src import both, metadata, sdp

from kikimori.integrations.siprec.delayed import built_in_bridge
from kikimori.integrations.siprec.metadata import (
    MetadataError,
    Participant,
    RecordingMetadata,
    parse_metadata,
)
from kikimori.integrations.siprec.parties import Parties, endpoint_of
from kikimori.media.sip.message import Headers, parse_datagram
from kikimori.media.sip.text import text_of, words_of
from kikimori.media.sip.values import parse_address
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Party, Role

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.support.recorder import RecordedLeg

__all__ = ["office"]

CASES = Path(__file__).parents[2] / "taps" / "cases"
SIDES = SidesTable(operator_numbers=("2??",))


@pytest_asyncio.fixture
async def sided(no_task_left: None) -> AsyncIterator[Office]:  # noqa: ARG001
    async for each in opened(sides=SIDES):
        yield each


@pytest.mark.parametrize(
    "name", ["10-broadworks-recording_metadata.sip", "11-metaswitch-aor-is-a-bare-number.sip"]
)
async def test_the_parties_of_a_case_are_known(sided: Office, name: str) -> None:
    line = await sided.line()
    line.send((CASES / name).read_bytes())
    assert (await line.answer()).status == 200
    calls = {leg.info.role: leg.info.call for leg in sided.desk.legs}
    assert set(calls) == {Role.CUSTOMER, Role.OPERATOR}
    assert {call.caller.number for call in calls.values()} == {"0901234567"}
    assert {call.operator.number for call in calls.values()} == {"204"}


# --- CUCM's built-in bridge


def bridge_invite(
    end: str, call_id: str, far: str = "0901234567", refci: tuple[str, str] = ("27298698", "27298699")
) -> str:
    text = (CASES / "12-cucm-bib-invite-without-offer.sip").read_text("utf-8").replace("\r\n", "\n")
    text = text.replace("x-nearend;", f"x-{end};").replace("bib1", call_id).replace("0901234567", far)
    text = text.replace("27298698", refci[0]).replace("27298699", refci[1])
    return text.strip().replace("\n", "\r\n") + "\r\n\r\n"


def acknowledgement(invite: str, answer_raw: str, body: str) -> str:
    to = re.search(r"^To: .*$", answer_raw, re.MULTILINE | re.IGNORECASE)
    assert to is not None
    kept = [line for line in invite.split("\r\n") if line.startswith(("Via", "From", "Call-ID", "Max"))]
    kept[0] = kept[0].replace("z9hG4bK", "z9hG4bKack")
    return "\r\n".join(
        [
            "ACK sip:srs@192.0.2.9 SIP/2.0", *kept, to[0].strip(), "CSeq: 1 ACK", "Content-Type: application/sdp",
            f"Content-Length: {len(body)}", "", body,
        ]
    )  # fmt: skip


async def test_near_and_far_end_of_a_built_in_bridge_are_one_call(sided: Office) -> None:
    ports = {}
    for end in ("nearend", "farend"):
        line = await sided.line()
        invite = bridge_invite(end, end)
        line.send(invite)
        answer = await line.answer()
        assert answer.status == 200
        assert answer.media[0][1] == "recvonly"
        assert "m=audio" in answer.body
        assert re.search(r"m=audio \d+ RTP/AVP 0 8 9", answer.body)
        line.send(
            acknowledgement(invite, answer.raw, sdp("sendonly", codecs="8").replace("a=label:1\r\n", ""))
        )
        ports[end] = answer.media[0][0]
    await sided.desk.until(lambda: len(sided.desk.legs) == 2)
    legs = {leg.info.role: leg for leg in sided.desk.legs}
    assert set(legs) == {Role.CUSTOMER, Role.OPERATOR}
    assert len({leg.info.call.call_id for leg in sided.desk.legs}) == 1
    for leg in legs.values():
        assert leg.info.call.caller.number == "0901234567"
        assert leg.info.call.operator == Party(number="204", name="Sato")
    for end, role in (("nearend", Role.OPERATOR), ("farend", Role.CUSTOMER)):
        voice = sided.voice(ports[end], 8)
        for _ in range(5):
            voice.frame(bytes(160))
        leg = legs[role]
        await sided.desk.until(partial(heard, leg))
        assert leg.ended is None


def heard(leg: RecordedLeg) -> bool:
    return len(leg.pcm) >= 160 * 2


async def test_two_calls_by_built_in_bridge_stay_two(sided: Office) -> None:
    for number, refci in (("0901111111", ("1", "2")), ("0902222222", ("3", "4"))):
        for end in ("nearend", "farend"):
            line = await sided.line()
            line.send(bridge_invite(end, f"{end}{number}", number, refci))
            assert (await line.answer()).status == 200
    calls = {leg.info.call.call_id: leg.info.call.caller.number for leg in sided.desk.legs}
    assert sorted(number or "" for number in calls.values()) == ["0901111111", "0902222222"]


async def test_metadata_without_an_offer_gets_one_of_ours(sided: Office) -> None:
    recording = await sided.recording()
    who = metadata(("p1", "sip:0901234567@x", "A", "1"), ("p2", "sip:204@x", "B", "2"))
    recording.line.send(
        recording.message("INVITE", "Require: siprec", body=who, content_type="application/rs-metadata+xml")
    )
    answer = await recording.line.answer()
    assert answer.status == 200
    assert [direction for _, direction in answer.media] == ["recvonly", "recvonly"]
    assert [leg.info.role for leg in sided.desk.legs] == [Role.CUSTOMER, Role.OPERATOR]


def test_a_bridge_is_known_by_its_parameters_only() -> None:
    assert built_in_bridge(Headers([("From", "<sip:204@x>;tag=1")])) is None
    assert built_in_bridge(Headers([("From", "nonsense <")])) is None
    assert built_in_bridge(Headers([("From", "<sip:204@x;x-nearend>;tag=1")])) is None
    found = built_in_bridge(Headers([("From", "<sip:204@x;x-farend;x-refci=2;x-farendrefci=1>;tag=1")]))
    assert found is not None
    assert not found.near
    assert found.call_id == built_in_bridge_id("x-nearend;x-refci=1;x-farendrefci=2")


def built_in_bridge_id(parameters: str) -> str:
    found = built_in_bridge(Headers([("From", f"<sip:204@x;{parameters}>;tag=1")]))
    assert found is not None
    return found.call_id


# --- numbers and names


@pytest.mark.parametrize(
    ("aor", "number"),
    [
        ("0901234567", "0901234567"),
        ("sip:0901234567", "0901234567"),
        ("+81901234567", "+81901234567"),
        ("sip:+81901234567@x;user=phone", "+81901234567"),
        ("tel:+81-90-123-4567", "+81901234567"),
        ("tel:090-123-4567;phone-context=+81", "0901234567"),
        ("sip:090-123-4567@x", "0901234567"),
        ("tel:(03)1234.5678", "0312345678"),
        ("204", "204"),
        ("sip:204@10.0.0.5", "204"),
        ("sip:10.0.0.5", ""),
        ("sip:reception@pbx", "reception"),
    ],
)
def test_a_number_is_found_however_it_is_written(aor: str, number: str) -> None:
    assert endpoint_of(Participant("p", aor)).number == number


def test_who_is_withheld_is_not_named() -> None:
    for participant in (
        Participant("c", "sip:anonymous@anonymous.invalid", "Anonymous"),
        Participant("c", "sip:0901234567@x", "Anonymous"),
    ):
        who = RecordingMetadata(
            participants={"c": participant, "o": Participant("o", "sip:204@x")},
            labels={"1": "1", "2": "2"},
            sends={"c": frozenset({"1"}), "o": frozenset({"2"})},
        )
        cast = Parties(SIDES, Role.CUSTOMER).at_present(["1", "2"], who)
        assert cast.customer == Party(withheld="anonymous")
        assert cast.operator.number == "204"


NAMES = ["山田 太郎", "佐藤①", "ﾔﾏﾀﾞ", "髙橋", "Müller"]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("charset", ["utf-8", "cp932", "euc_jp", "iso2022_jp_ext"])
def test_names_are_read_in_every_encoding(name: str, charset: str) -> None:
    try:
        data = name.encode(charset)
    except UnicodeEncodeError:
        pytest.skip("cannot be written so")
    word = f"=?{charset}?B?{base64.b64encode(data).decode()}?="
    assert words_of(word) == name
    assert parse_address(f'"{word}" <sip:204@x>').display == name
    if charset == "euc_jp":
        return  # which nothing tells from Shift_JIS
    assert text_of(data) == name
    message = parse_datagram(b'OPTIONS sip:x SIP/2.0\r\nFrom: "' + data + b'" <sip:204@x>;tag=1\r\n\r\n')
    assert parse_address(message.headers.first("from") or "").display == name


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("=?UTF-8?Q?Yamada_Taro?=", "Yamada Taro"),
        ("=?utf-8*ja?Q?Yamada?=", "Yamada"),
        ("=?UTF-8?B?5bGx?= =?UTF-8?B?55Sw?=", "山田"),
        ("=?Shift_JIS?B?h0A=?=", "①"),
        ("=?nothing?B?5bGx?=", "山"),
        ("=?UTF-8?B?%%%?=", "=?UTF-8?B?%%%?="),
        ("a =?", "a =?"),
    ],
)
def test_encoded_words(text: str, name: str) -> None:
    assert words_of(text) == name


@pytest.mark.parametrize("charset", ["Shift_JIS", "EUC-JP", "UTF-8", "ISO-2022-JP", "UTF-16"])
@pytest.mark.parametrize("root", ["recording", "recording_metadata"])
def test_metadata_is_read_in_every_encoding(charset: str, root: str) -> None:
    text = (
        f'<?xml version="1.0" encoding="{charset}"?><{root}><participant participant_id="p">'
        f'<nameID aor="0901234567"><name>山田</name></nameID></participant></{root}>'
    )
    assert parse_metadata(text.encode(charset)).participants["p"].name == "山田"


def test_metadata_that_does_not_say_its_encoding_is_read() -> None:
    text = "<recording><participant id='p'><name>山田</name></participant></recording>"
    assert parse_metadata(text.encode("cp932")).participants["p"].name == "山田"


def test_a_stream_is_referred_to_in_every_form() -> None:
    for send in (
        "<send>s</send>",
        "<send><id>s</id></send>",
        "<send id='s'/>",
        "<send><stream_id>s</stream_id></send>",
    ):
        text = (
            f"<recording_metadata><participant id='p'><aor>sip:204@x</aor>{send}</participant>"
            "<stream id='s'><label>1</label></stream></recording_metadata>"
        )
        assert [each.id for each in parse_metadata(text.encode()).speakers("1")] == ["p"]


@settings(max_examples=200, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_are_text(data: bytes) -> None:
    words_of(text_of(data))
    try:
        parse_metadata(b"<?xml version='1.0' encoding='Shift_JIS'?><recording>" + data)
    except MetadataError:
        return


async def test_encrypted_audio_under_plain_rtp_is_told_and_not_heard(office: Office) -> None:
    recording = await office.recording()
    answer = await recording.invite(both(sdp("sendonly"), metadata(("p1", "sip:0901@x", "A", "1"))))
    voice = office.voice(answer.media[0][0])
    dice = np.random.default_rng(1)
    async with asyncio.timeout(WITHIN_S):
        while not office.tap.problems():
            voice.frame(dice.bytes(170))
            await asyncio.sleep(0.02)
    assert [each.code for each in office.tap.problems()] == ["siprec_audio_encrypted"]
    assert not office.desk.legs[0].pcm
