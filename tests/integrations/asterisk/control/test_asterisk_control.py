"""Control of Asterisk against what a real one sent (`data/`), and against an Asterisk that misbehaves."""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from tests.support.asterisk.ami import PASSWORD, AmiPeer
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port

from kikimori.control.held import HeldBook
from kikimori.control.pbx_control import PbxAnswer, PbxRequest
from kikimori.integrations.asterisk.control import (
    AnnouncementFile,
    AsteriskControl,
    AsteriskControlSettings,
    examine,
)
from kikimori.integrations.asterisk.control.customer import AsteriskCustomer
from kikimori.integrations.asterisk.control.customers import Customers
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.actions import FOR_HELP, OF_JUDGING, OF_RECORDING
from kikimori_core.wire.messages import Action, CallStatus, Outcome, Party

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

DATA = Path(__file__).parent / "data"
CUSTOMER, OPERATOR = "PJSIP/trunk-00000000", "PJSIP/204-00000001"
CALL = CallInfo("c1", "test", operator=Party(number="204"), channel=CUSTOMER, operator_channel=OPERATOR)
DONE, FAILED, REFUSED = Outcome.DONE, Outcome.FAILED, Outcome.REFUSED
TALKING, ON_HOLD, TRANSFERRED = CallStatus.TALKING, CallStatus.ON_HOLD, CallStatus.TRANSFERRED


class Desk:
    """Presses buttons, remembers what was told of the call."""

    def __init__(self, control: AsteriskControl) -> None:
        self.control = control
        self.told: list[CallStatus] = []

    async def press(self, action: Action, target: str = "200", **extra: object) -> tuple[Outcome, str | None]:
        request = PbxRequest(action, CALL, target, **extra)  # type: ignore[arg-type]
        answer: PbxAnswer = await self.control.carry_out(request, self.told.append)
        return answer.outcome, answer.reason


def settings(folder: Path) -> AsteriskControlSettings:
    return AsteriskControlSettings(
        superior="200",
        ring_s=3,
        longest_hold_s=60,
        after_hold="operator",
        keep_operator=True,
        announcements=(
            AnnouncementFile("hello", "Hello", "hello"),
            AnnouncementFile("missing", "Missing", "no/such/sound"),
        ),
        dial="Local/{extension}@office",
        music="default",
        book=folder / "held.json",
    )


def table(folder: Path, port: int, password: str = PASSWORD) -> AsteriskTable:
    (folder / "password").write_text(password, encoding="utf-8")
    return AsteriskTable(ami_port=port, ami_user="least", ami_password_file=folder / "password")


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (of several objects)
            await asyncio.sleep(0.01)


@asynccontextmanager
async def controlled(
    folder: Path, scenario: str | None, **changes: float
) -> AsyncIterator[tuple[Desk, AmiPeer]]:
    transcript = DATA / f"{scenario}.ami" if scenario else None
    async with AmiPeer(transcript) as peer:
        control = AsteriskControl(table(folder, peer.port), replace(settings(folder), **changes))  # type: ignore[arg-type]
        running = asyncio.create_task(control.run())
        try:
            await until(lambda: control.connected)
            yield Desk(control), peer
        finally:
            running.cancel()
            await asyncio.wait([running])


async def test_hold_take_back_hang_up(tmp_path: Path) -> None:
    async with controlled(tmp_path, "hold") as (desk, _):
        assert await desk.press(Action.HOLD) == (DONE, None)
        assert desk.told == [ON_HOLD]
        book = json.loads((tmp_path / "held.json").read_text("utf-8"))
        assert list(book["held"]) == [CUSTOMER]
        assert await desk.press(Action.UNHOLD) == (DONE, None)
        assert await desk.press(Action.HOLD) == (DONE, None)
        assert desk.told == [ON_HOLD, TALKING, ON_HOLD]
        assert await desk.press(Action.HANG_UP) == (DONE, None)
        await until(lambda: '"held": {}' in (tmp_path / "held.json").read_text("utf-8"))


async def test_both_are_moved_by_one_action_and_asterisk_knows_the_way_back_before(tmp_path: Path) -> None:
    async with controlled(tmp_path, "attended") as (desk, peer):
        assert await desk.press(Action.HOLD_TRANSFER) == (DONE, None)
        assert desk.told == [ON_HOLD, TRANSFERRED]
        actions = [each["action"] for each in peer.actions]
        redirect = peer.actions[actions.index("Redirect")]
        assert (redirect["channel"], redirect["exten"], redirect["priority"]) == (CUSTOMER, "ring", "start")
        assert (redirect["extrachannel"], redirect["extraexten"]) == (OPERATOR, "wait")
        told = {each["variable"] for each in peer.actions[: actions.index("Redirect")] if "variable" in each}
        assert {"KIKIMORI_HOLD_S", "KIKIMORI_RING_S", "KIKIMORI_OPERATOR", "KIKIMORI_OPERATOR_DIAL"} <= told
        assert await desk.press(Action.TAKE_BACK) == (DONE, None)
        assert desk.told == [ON_HOLD, TRANSFERRED, TALKING]


async def test_the_watchdog_brings_back_whom_asterisk_forgot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kikimori.integrations.asterisk.control.rescuing.GRACE_S", 0.1)
    monkeypatch.setattr("kikimori.integrations.asterisk.control.rescuing.WATCHDOG_EVERY_S", 0.05)
    async with controlled(tmp_path, "hold", longest_hold_s=0.5) as (desk, peer):
        assert await desk.press(Action.HOLD) == (DONE, None)
        # Nothing more comes from Asterisk until somebody asks.
        await until(lambda: desk.told == [ON_HOLD, TALKING])
        redirects = [each for each in peer.actions if each["action"] == "Redirect"]
        assert [(each["channel"], each["exten"]) for each in redirects] == [
            (CUSTOMER, "hold"), (CUSTOMER, "back"),
        ]  # fmt: skip


async def test_each_way_of_not_answering_has_its_reason(tmp_path: Path) -> None:
    async with controlled(tmp_path, "not_answered") as (desk, _):
        for target, reason in (
            ("200", "busy"),
            ("200", "declined"),
            ("200", "no_answer"),
            ("299", "unreachable"),
            ("777", "no_such_extension"),
        ):
            assert await desk.press(Action.HOLD_TRANSFER, target) == (FAILED, reason)
            assert desk.told[-2:] == [ON_HOLD, TALKING]


async def test_blind(tmp_path: Path) -> None:
    async with controlled(tmp_path, "blind") as (desk, _):
        assert await desk.press(Action.TRANSFER, keep_operator=False) == (DONE, None)
        await until(lambda: desk.told == [ON_HOLD, TRANSFERRED])


async def test_beside(tmp_path: Path) -> None:
    async with controlled(tmp_path, "beside") as (desk, peer):
        assert await desk.press(Action.LISTEN, "205") == (DONE, None)
        assert await desk.press(Action.LISTEN, "205") == (FAILED, "declined")
        assert await desk.press(Action.ANNOUNCE, announcement="missing") == (FAILED, "no_such_file")
        assert await desk.press(Action.ANNOUNCE) == (DONE, None)
        assert await desk.press(Action.ANNOUNCE, announcement="other") == (REFUSED, "no_such_announcement")
        # The call itself was not touched.
        assert "Redirect" not in [each["action"] for each in peer.actions]
        assert desk.told == []


async def test_a_supervisor_who_answers_but_hears_nothing_is_not_listening(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("kikimori.integrations.asterisk.control.supervision.PATIENCE_S", 1.0)
    async with controlled(tmp_path, "beside") as (desk, peer):
        for exchange in peer.exchanges:
            exchange.reactions = [each for each in exchange.reactions if "Event: ChanSpyStart" not in each]
        assert await desk.press(Action.LISTEN, "205") == (FAILED, "no_such_channel")


async def test_music_may_be_told_before_the_call_that_hears_it(tmp_path: Path) -> None:
    async with AmiPeer(DATA / "hold.ami") as peer:
        originate = next(each for each in peer.exchanges if each.action["action"] == "Originate")
        originate.reactions.sort(key=lambda block: "Event: MusicOnHoldStart" not in block)
        checks = await examine(table(tmp_path, peer.port), settings(tmp_path))
        assert [each.state for each in checks if each.check == "pbx_music"] == ["ok"]


async def test_a_superior_without_an_extension_is_found_before_anybody_presses(tmp_path: Path) -> None:
    async with AmiPeer(DATA / "hold.ami") as peer:
        for exchange in peer.exchanges:
            if exchange.action.get("extension") == "200":
                identity = exchange.action["actionid"]
                exchange.action["extension"] = "777"
                exchange.reactions = [
                    f"Response: Error\r\nActionID: {identity}\r\nMessage: Did not find extension 777@office"
                ]
        checks = await examine(table(tmp_path, peer.port), replace(settings(tmp_path), superior="777"))
        (fault,) = [each for each in checks if each.state == "fault"]
        assert (fault.check, fault.detail) == ("pbx_no_telephones", "Did not find extension 777@office")
        assert "superior" in fault.next_step


async def test_the_customer_hangs_up_while_it_rings(tmp_path: Path) -> None:
    async with controlled(tmp_path, "customer_leaves") as (desk, _):
        assert await desk.press(Action.HOLD_TRANSFER) == (FAILED, "customer_hung_up")


async def test_without_the_dialplan_asterisk_refuses(tmp_path: Path) -> None:
    async with controlled(tmp_path, "no_dialplan") as (desk, _):
        await until(desk.control.problems)
        (problem,) = desk.control.problems()
        assert problem.code == "pbx_no_dialplan"
        assert "#include kikimori-control.conf" in problem.remedy
        assert await desk.press(Action.HOLD) == (FAILED, "not_included")
        assert desk.told == []


async def test_two_presses_at_once(tmp_path: Path) -> None:
    async with controlled(tmp_path, "hold") as (desk, _):
        answers = await asyncio.gather(desk.press(Action.HOLD), desk.press(Action.HOLD_TRANSFER))
        assert list(answers) == [(DONE, None), (REFUSED, "call_busy")]
        assert desk.told == [ON_HOLD]


async def test_a_connection_that_breaks_in_the_middle(tmp_path: Path) -> None:
    async with controlled(tmp_path, "hold") as (desk, peer):
        peer.cut_at = "Redirect"
        assert await desk.press(Action.HOLD) == (FAILED, "pbx_away")
        peer.cut_at = None
        # What Asterisk did with it is not known: the customer stays in the book until it was asked.
        assert CUSTOMER in (tmp_path / "held.json").read_text("utf-8")
        await until(lambda: peer.logins == 2)


async def test_an_asterisk_that_never_answers(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async with controlled(tmp_path, "hold") as (desk, peer):
        monkeypatch.setattr("kikimori.integrations.asterisk.ami.ANSWER_WITHIN_S", 0.2)
        peer.silent_at = "Status"
        assert await desk.press(Action.HOLD) == (FAILED, "pbx_away")


@pytest.mark.parametrize(
    ("call", "reason"),
    [
        (CallInfo("c1", "test"), "no_channel"),
        (CallInfo("c1", "test", channel="PJSIP/x,evil(1)"), "no_such_channel"),
        (CallInfo("c1", "test", channel="PJSIP/x\r\nAction: Hangup"), "no_such_channel"),
    ],
)
async def test_a_channel_that_is_not_one(tmp_path: Path, call: CallInfo, reason: str) -> None:
    async with controlled(tmp_path, None) as (desk, peer):
        answer = await desk.control.carry_out(PbxRequest(Action.HOLD, call, "200"), desk.told.append)
        assert (answer.outcome, answer.reason) == (REFUSED, reason)
        assert not [each for each in peer.actions if "x" in each.get("channel", "")]


async def test_a_login_that_is_refused(tmp_path: Path) -> None:
    async with AmiPeer(None, password="other") as peer:
        control = AsteriskControl(table(tmp_path, peer.port), settings(tmp_path))
        running = asyncio.create_task(control.run())
        await until(lambda: [each.code for each in control.problems()] == ["pbx_login_refused"])
        assert await Desk(control).press(Action.HOLD) == (FAILED, "pbx_away")
        running.cancel()
        await asyncio.wait([running])
        (check,) = await examine(table(tmp_path, peer.port), settings(tmp_path))
        assert (check.check, check.state) == ("pbx_login_refused", "fault")
        assert "manager.conf" in check.next_step


@pytest.mark.parametrize("content", [None, b"", b"\xff\xfe"])
async def test_a_password_that_cannot_be_read(tmp_path: Path, content: bytes | None) -> None:
    asterisk = table(tmp_path, 1)
    if content is None:
        (tmp_path / "password").unlink()
    else:
        (tmp_path / "password").write_bytes(content)
    control = AsteriskControl(asterisk, settings(tmp_path))
    running = asyncio.create_task(control.run())
    await until(lambda: [each.code for each in control.problems()] == ["pbx_password_unreadable"])
    (check,) = await examine(asterisk, settings(tmp_path))
    assert check.check == "pbx_password_unreadable"
    # Put right, and the next fault shows.
    (tmp_path / "password").write_text("right", encoding="utf-8")
    await until(lambda: [each.code for each in control.problems()] == ["pbx_unreachable"])
    running.cancel()
    await asyncio.wait([running])


async def test_a_port_that_is_something_else(tmp_path: Path) -> None:
    async def greet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        del reader
        writer.write(b"220 mail.example ESMTP\r\n")
        writer.close()

    port = free_port()
    server = await asyncio.start_server(greet, "127.0.0.1", port)
    (check,) = await examine(table(tmp_path, port), settings(tmp_path))
    assert check.check == "pbx_not_ami"
    control = AsteriskControl(table(tmp_path, port), settings(tmp_path))
    running = asyncio.create_task(control.run())
    await until(lambda: [each.code for each in control.problems()] == ["pbx_not_ami"])
    running.cancel()
    await asyncio.wait([running])
    server.close()
    (check,) = await examine(table(tmp_path, port), settings(tmp_path))
    assert check.check == "pbx_unreachable"


async def test_the_book_survives_and_a_broken_one_is_no_obstacle(tmp_path: Path) -> None:
    path = tmp_path / "state" / "held.json"
    book = Customers(HeldBook(path))
    await book.put(AsteriskCustomer("c1", CUSTOMER, "1.2", OPERATOR, "204"))
    again = Customers(HeldBook(path))
    await again.load()
    (found,) = again
    assert (found.channel, found.uniqueid, found.operator, found.operator_extension, found.from_dead_run) == (
        CUSTOMER, "1.2", OPERATOR, "204", True,
    )  # fmt: skip
    for broken in (
        "",
        "{",
        "[]",
        '{"held": 5}',
        '{"held": [{"channel": 1}]}',
        '{"held": {"1": 5}}',
    ):
        path.write_text(broken, encoding="utf-8")
        other = Customers(HeldBook(path))
        await other.load()
        assert len(other) == 0
        assert path.with_name("held.json.unreadable").read_text("utf-8") == broken, "set aside, not lost"
        await other.put(AsteriskCustomer("c1", CUSTOMER, "1.2"))


async def test_a_book_that_cannot_be_written_is_reported(tmp_path: Path) -> None:
    (tmp_path / "held.json").mkdir()
    async with controlled(tmp_path, "hold") as (desk, _):
        # The customer's peace matters more than our memory.
        assert await desk.press(Action.HOLD) == (DONE, None)
        assert "held_book_not_written" in [each.code for each in desk.control.problems()]


def test_capabilities_follow_the_configuration(tmp_path: Path) -> None:
    async def made() -> tuple[tuple[Action, ...], tuple[str, ...], bool]:
        control = AsteriskControl(AsteriskTable(), settings(tmp_path))
        return control.capabilities, tuple(each.name for each in control.announcements), control.keep_operator

    capabilities, announcements, keep = asyncio.run(made())
    assert set(capabilities) == set(Action) - {*FOR_HELP, *OF_JUDGING, *OF_RECORDING, Action.LISTEN_AUDIO}
    assert (announcements, keep) == (("hello", "missing"), True)
