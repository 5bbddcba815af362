"""Superiors rung by an agent: for a call for help, one after another, and behind a transfer that nobody answers."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Self

import pytest
from tests.support.sample import alert
from tests.support.told import PHRASES, RULES

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.commands import CommandHandler
from kikimori.config import AgentConfig
from kikimori.control.pbx_control import PbxAnswer
from kikimori.integrations.manual.control import ManualControl
from kikimori.office_directory import OfficeDirectory
from kikimori.unanswered.help import UnansweredHelp
from kikimori_core.model.call import CallInfo, LegInfo, Role
from kikimori_core.wire.directory import Directory, DirectorySuperior, OpenPeriod
from kikimori_core.wire.messages import (
    Action,
    Alert,
    AlertState,
    CallState,
    CallStatus,
    Command,
    CommandResult,
    Outcome,
    Party,
    TranscriptLine,
)
from kikimori_core.wire.unanswered import UnansweredTable

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path

    from kikimori.control.pbx_control import PbxRequest

NOW = datetime.now(UTC)


class Telephones(ManualControl):
    """A PBX whose telephones answer or not, as a test says."""

    def __init__(self) -> None:
        super().__init__()
        self.answer: dict[str, PbxAnswer] = {}
        self.rung: list[str] = []
        self.may_go_on = asyncio.Event()
        self.may_go_on.set()

    @property
    def capabilities(self) -> tuple[Action, ...]:
        return (Action.HOLD, Action.HOLD_TRANSFER, Action.TAKE_BACK, Action.LISTEN, Action.RING_SUPERIOR)

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        answer = PbxAnswer(Outcome.DONE)
        for target in (request.target, *request.then):
            self.rung.append(target)
            request.on_ring(target)
            await self.may_go_on.wait()
            answer = self.answer.get(target, PbxAnswer(Outcome.DONE))
            if answer.outcome is Outcome.DONE:
                break
        if request.action is Action.HOLD_TRANSFER and answer.outcome is Outcome.DONE:
            changed(CallStatus.TRANSFERRED)
        return answer


NO_ANSWER = PbxAnswer(Outcome.FAILED, "no_answer")


class AlarmedOffice:
    """An agent's calls, its superiors and its control, without a broker."""

    def __init__(self, folder: Path, *, settings: UnansweredTable | None = None) -> None:
        self.states: list[CallState] = []
        self.alerts: list[Alert] = []
        self.desk = Desk(DeskSettings(site="test", agent_id="agent"), RULES, PHRASES, self, None)
        config = AgentConfig.model_validate({"state_dir": folder, "site": "test", "pbx": {"superior": "200"}})
        self.office = OfficeDirectory(config)
        self.control = Telephones()
        self.help = UnansweredHelp(settings or config.unanswered, self.desk, self.control, self.office)
        self.handler = CommandHandler(
            self.desk,
            self.control,
            self.office.superior_number,
            targets=self.office.targets,
            gap_s=0,
            help_=self.help,
        )
        self.open_call("c1", "204")

    def open_call(self, call_id: str, extension: str) -> None:
        info = CallInfo(call_id=call_id, tap="test", operator=Party(number=extension))
        self.desk.open_leg(LegInfo(info, Role.OPERATOR, 8000))

    def list_superiors(self, *superiors: DirectorySuperior) -> Self:
        book = self.office.book
        book._put(Directory(site="test", number=1, made_at=NOW, superiors=superiors), b"")
        return self

    def call_changed(self, state: CallState) -> None:
        self.states.append(self.help.call(state) if hasattr(self, "help") else state)

    def alert_changed(self, alert: Alert) -> None:
        self.alerts.append(alert)

    def line(self, line: TranscriptLine) -> None: ...

    async def press(self, action: Action, *, about: str | None = None, call: str = "c1") -> CommandResult:
        return await self.handler.handle(
            Command(
                command_id="x",
                call_id=call,
                action=action,
                about=about,
                role="clock" if about else "supervisor",
                reply_to="r",
                issued_by="x",
                issued_at=NOW,
                expires_at=NOW + timedelta(seconds=10),
            )
        )


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  (what is looked at sets no event)
            await asyncio.sleep(0.01)


THREE = tuple(
    DirectorySuperior(number=number, name=name)
    for number, name in (("200", "木村"), ("201", "田中"), ("202", "林"))
)


@pytest.fixture
async def office(tmp_path: Path) -> AsyncIterator[AlarmedOffice]:
    made = AlarmedOffice(tmp_path).list_superiors(*THREE)
    yield made
    await made.desk.close()


def short(result: CommandResult) -> tuple[Outcome, str | None, str | None]:
    return result.outcome, result.reason, result.detail


async def test_each_command_rings_the_next_superior_until_one_has_heard(office: AlarmedOffice) -> None:
    office.control.answer = {"200": NO_ANSWER, "202": PbxAnswer(Outcome.FAILED, "pbx_away")}
    office.open_call("c2", "201")
    assert short(await office.press(Action.RING_SUPERIOR, about="a1")) == (Outcome.FAILED, "no_answer", "200")
    # Tanaka is in a call of their own; what did not ring at all is tried again.
    assert short(await office.press(Action.RING_SUPERIOR, about="a1")) == (Outcome.FAILED, "pbx_away", "202")
    office.control.answer = {}
    assert short(await office.press(Action.RING_SUPERIOR, about="a1")) == (Outcome.DONE, None, "202")
    # Another dashboard asks: it is answered, and nobody is rung twice.
    assert short(await office.press(Action.RING_SUPERIOR, about="a1")) == (Outcome.DONE, None, "202")
    assert office.control.rung == ["200", "202", "202"]
    assert [each.status for each in office.states if each.ringing] == [CallStatus.TALKING] * 3
    assert [each.ringing and each.ringing.name for each in office.states][-2:] == ["林", None]


async def test_the_list_is_gone_through_once(office: AlarmedOffice) -> None:
    office.control.answer = dict.fromkeys(("200", "201", "202"), NO_ANSWER)
    found = [short(await office.press(Action.RING_SUPERIOR, about="a1"))[1:] for _ in range(4)]
    assert found == [
        ("no_answer", "200"),
        ("no_answer", "201"),
        ("no_answer", "202"),
        ("nobody_left", None),
    ]


async def test_one_telephone_rings_at_a_time_for_a_call(office: AlarmedOffice) -> None:
    office.control.may_go_on.clear()
    first = asyncio.create_task(office.press(Action.RING_SUPERIOR, about="a1"))
    await until(lambda: office.control.rung)
    assert (await office.press(Action.RING_SUPERIOR, about="a2")).reason == "under_way"
    # Another call rings the next one meanwhile: that telephone is in use.
    office.open_call("c2", "205")
    second = asyncio.create_task(office.press(Action.RING_SUPERIOR, about="a3", call="c2"))
    await until(lambda: len(office.control.rung) == 2)
    office.control.may_go_on.set()
    assert [(await each).detail for each in (first, second)] == ["200", "201"]


async def test_outside_opening_hours_nobody_is_rung(office: AlarmedOffice) -> None:
    never = (OpenPeriod(day="mon", begin="xx", end="yy"),)
    office.list_superiors(DirectorySuperior(number="200", hours=never))
    assert short(await office.press(Action.RING_SUPERIOR, about="a1")) == (
        Outcome.REFUSED,
        "nobody_open",
        None,
    )


async def test_without_a_directory_the_superior_of_the_file_is_rung(tmp_path: Path) -> None:
    office = AlarmedOffice(tmp_path)
    assert short(await office.press(Action.RING_SUPERIOR, about="a1")) == (Outcome.DONE, None, "200")
    assert (await office.press(Action.RING_SUPERIOR)).reason == "not_supported"
    await office.desk.close()


async def test_a_transfer_is_followed_by_the_next_superiors(office: AlarmedOffice) -> None:
    office.control.answer = {"200": NO_ANSWER}
    office.open_call("c2", "202")
    assert short(await office.press(Action.HOLD_TRANSFER)) == (Outcome.DONE, None, None)
    assert office.control.rung == ["200", "201"]
    assert [each.ringing and each.ringing.number for each in office.states if each.ringing] == [
        "200",
        "201",
        "201",
    ]
    assert office.states[-1].ringing is None
    # Who has the customer is not rung for the next call.
    assert (await office.press(Action.RING_SUPERIOR, about="a1", call="c2")).detail == "200"
    office.control.rung.clear()
    assert (await office.press(Action.RING_SUPERIOR, about="a2", call="c2")).reason == "no_answer"
    assert (await office.press(Action.RING_SUPERIOR, about="a2", call="c2")).reason == "nobody_free"


async def test_when_no_superior_answers_a_transfer_the_page_is_told(office: AlarmedOffice) -> None:
    office.control.answer = {"200": NO_ANSWER, "201": PbxAnswer(Outcome.FAILED, "busy"), "202": NO_ANSWER}
    result = await office.press(Action.HOLD_TRANSFER)
    assert short(result) == (Outcome.FAILED, "no_superior_answered", "200, 201, 202")


async def test_nobody_follows_where_it_is_switched_off(tmp_path: Path) -> None:
    office = AlarmedOffice(tmp_path, settings=UnansweredTable(next_superior=False)).list_superiors(*THREE)
    office.control.answer = {"200": NO_ANSWER}
    assert short(await office.press(Action.HOLD_TRANSFER)) == (Outcome.FAILED, "no_answer", None)
    await office.desk.close()


async def test_an_agent_without_a_dashboard_rings_by_its_own_clock(tmp_path: Path) -> None:
    office = AlarmedOffice(tmp_path, settings=UnansweredTable(ring_after_s=0.001)).list_superiors(*THREE)
    office.control.answer = {"200": NO_ANSWER}
    there, asked = 1, []

    def dashboards() -> int:
        asked.append(there)
        return there

    running = asyncio.create_task(office.help.run(dashboards))
    raised = alert("a1", call_id="c1", rule="escalate", rule_kind="escalate", state=AlertState.OPEN)
    office.help.note_alert(raised)
    await until(lambda: len(asked) >= 2)
    assert office.control.rung == []
    there = 0
    await until(lambda: len(office.control.rung) == 2)
    running.cancel()
    await asyncio.gather(running, return_exceptions=True)
    assert office.control.rung == ["200", "201"]
    await office.desk.close()
