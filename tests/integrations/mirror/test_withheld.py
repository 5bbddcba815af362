"""Callers who do not want to be named, or whom the network does not name."""

from __future__ import annotations

import json
from contextlib import redirect_stdout, suppress
from io import StringIO

import pytest
import structlog
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.integrations.mirror.office import CARRIER, PBX, PHONE, Office, sdp

from kikimori.integrations.mirror.callers import caller_of
from kikimori.integrations.mirror.identifiers import identifiers
from kikimori.media.sip.message import Headers, SipError
from kikimori.taps.withheld import customer_party, reason_of
from kikimori_core.model.call import CallInfo, Party, Role

NUMBER = "0387654321"
ASSERTED = f"P-Asserted-Identity: <tel:+81{NUMBER[1:]}>\r\n"


def call(caller: str, display: str = "", headers: str = "", callee: str = "204") -> CallInfo:
    office = Office()
    talk = office.talk(caller, callee, (CARRIER, PBX))
    talk.display = f'"{display}" ' if display else ""
    talk.invite(sdp(CARRIER, 30000), headers=headers)
    talk.respond(200, sdp(PBX, 15000))
    return office.leg(Role.CUSTOMER).info.call


@pytest.mark.parametrize(
    "privacy", ["id", "header", "user", "critical", "id;critical", "user;id", "ID", "header; id"]
)
@pytest.mark.parametrize("caller", ["anonymous", NUMBER])
def test_a_number_with_privacy_is_not_known_to_anybody(privacy: str, caller: str) -> None:
    with structlog.testing.capture_logs() as logs, redirect_stdout(StringIO()) as out:
        info = call(caller, "Yamada", f"{ASSERTED}Privacy: {privacy}\r\n")
    assert info.caller == Party(withheld="anonymous")
    assert "387654321" not in f"{logs}{out.getvalue()}{info}"


@pytest.mark.parametrize(
    "headers",
    ["", "Privacy: none\r\n", "Privacy: session\r\n", "Privacy: history\r\n"],
)
def test_without_a_wish_for_privacy_the_number_is_shown(headers: str) -> None:
    assert call(NUMBER, "", headers).caller == Party(number=NUMBER)


@pytest.mark.parametrize(
    ("display", "reason"),
    [
        ("Anonymous", "anonymous"),
        ("anonymous", "anonymous"),
        ("非通知", "anonymous"),
        ("Coin line/payphone", "payphone"),
        ("公衆電話", "payphone"),
        ("Unavailable", "unavailable"),
        ("Interaction with other service", "unavailable"),
        ("表示圏外", "unavailable"),
    ],
)
@pytest.mark.parametrize("headers", ["", "Privacy: id\r\n", f"{ASSERTED}Privacy: id\r\n"])
def test_why_carriers_do_not_tell_a_number_is_told(display: str, reason: str, headers: str) -> None:
    assert call("anonymous", display, headers).caller == Party(withheld=reason)


@pytest.mark.parametrize("name", ["Anonymous", "Coin line/payphone", "Unavailable"])
def test_the_reason_may_stand_in_the_asserted_identity(name: str) -> None:
    info = call("anonymous", "", f'P-Asserted-Identity: "{name}" <tel:+81387654321>\r\nPrivacy: id\r\n')
    assert info.caller == Party(withheld=reason_of(name))


@pytest.mark.parametrize("user", ["anonymous", "unavailable", "Anonymous"])
def test_a_word_in_the_asserted_identity_is_no_number(user: str) -> None:
    info = call("anonymous", "", f"P-Asserted-Identity: <sip:{user}@carrier.example>\r\n")
    assert info.caller.number is None
    assert info.caller.withheld == reason_of(user)


@settings(deadline=None, max_examples=100)
@given(
    st.lists(
        st.tuples(
            st.sampled_from(
                [
                    "From",
                    "P-Asserted-Identity",
                    "Privacy",
                    "Remote-Party-ID",
                    "Session-ID",
                    "P-Charging-Vector",
                    "X-CID",
                ]
            ),
            st.text(max_size=60),
        ),
        max_size=8,
    )
)
def test_any_headers_give_a_caller_or_are_refused(fields: list[tuple[str, str]]) -> None:
    headers = Headers(fields)
    assert identifiers(headers)
    with suppress(SipError):
        party = customer_party(caller_of(headers))
        assert not (party.withheld and party.number)


def test_an_old_header_asks_for_privacy_too() -> None:
    old = f"Remote-Party-ID: <sip:{NUMBER}@carrier>;party=calling;privacy=full\r\n"
    assert call("anonymous", "", old).caller == Party(withheld="anonymous")


def test_an_operator_who_withholds_the_own_number_is_known_to_the_office() -> None:
    office = Office()
    talk = office.talk("204", NUMBER, (PHONE, PBX))
    talk.invite(sdp(PHONE, 17000), headers="Privacy: id\r\n")
    talk.respond(200, sdp(PBX, 16000))
    info = office.leg(Role.CUSTOMER).info.call
    assert (info.caller.number, info.operator.number) == (NUMBER, "204")


def test_a_number_with_hyphens_is_one() -> None:
    assert call("090-1234-567").caller.number == "0901234567"


def test_a_party_that_is_withheld_is_told_in_messages() -> None:
    assert json.loads(Party(withheld="payphone").model_dump_json(exclude_none=True)) == {
        "withheld": "payphone"
    }
