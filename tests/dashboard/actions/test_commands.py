"""A press whose way to the agent breaks: it is asked again, carried out once, and never waited for in vain."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.support import sample

from kikimori_core.wire.messages import Action
from kikimori_dashboard.access.who import Principal
from kikimori_dashboard.actions.commands import CommandRequest, CommandSender, RefusedError
from kikimori_dashboard.broker.subscriber import BrokerAwayError
from kikimori_dashboard.site.state import SiteState

if TYPE_CHECKING:
    from kikimori_core.wire.messages import Command

CALL = sample.call().call_id


class Office:
    """A dashboard's desk, and a broker that takes what it is given while `there`."""

    def __init__(self) -> None:
        self.state = SiteState()
        self.desk = CommandSender(self.state, lambda: None)
        self.there = True
        self.sent: list[Command] = []
        self.connect()

    def reply_topic(self, agent_id: str) -> str:
        assert agent_id == sample.AGENT
        return sample.TOPICS.reply("dashboard-1")

    async def publish_command(self, agent_id: str, command: Command) -> None:
        assert agent_id == sample.AGENT
        if not self.there:
            raise BrokerAwayError
        self.sent.append(command)

    def connect(self) -> None:
        self.there = True
        self.state.begin_reading_retained()
        self.state.take_call(sample.call())
        self.state.take_health(sample.health())
        self.state.end_reading_retained()

    def lose_broker(self) -> None:
        self.there = False
        self.state.broker_lost()

    def press(self) -> asyncio.Task[object]:
        return asyncio.create_task(
            self.desk.press(self, CALL, CommandRequest(Action.HOLD), "supervisor", Principal("木村"))
        )

    async def until_sent(self, times: int) -> None:
        async with asyncio.timeout(60):
            while len(self.sent) < times:  # noqa: ASYNC110  (a list tells nobody)
                await asyncio.sleep(0.01)


@pytest.fixture(autouse=True)
def _quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kikimori_dashboard.actions.commands.LOOK_EVERY_S", 0.02)


async def test_the_answer_was_lost_with_the_broker() -> None:
    office = Office()
    pressed = office.press()
    await office.until_sent(1)
    office.lose_broker()
    office.connect()
    await office.until_sent(2)
    assert office.sent[0] == office.sent[1]
    answer = sample.result(office.sent[0].command_id)
    office.desk.answered(answer)
    assert await pressed == answer


async def test_the_agent_had_not_heard_of_it() -> None:
    office = Office()
    pressed = office.press()
    await office.until_sent(1)
    office.state.take_health(sample.health().model_copy(update={"online": False}))
    office.state.take_health(sample.health())
    await office.until_sent(2)
    office.desk.answered(sample.result(office.sent[0].command_id))
    await pressed


async def test_another_run_of_the_agent_is_not_asked() -> None:
    office = Office()
    pressed = office.press()
    await office.until_sent(1)
    started_at = sample.NOON + timedelta(hours=1)
    office.state.take_health(sample.health().model_copy(update={"started_at": started_at}))
    with pytest.raises(RefusedError) as refused:
        await pressed
    assert refused.value.reason == "agent_silent"
    assert len(office.sent) == 1


async def test_nobody_is_asked_again_while_all_is_well() -> None:
    office = Office()
    pressed = office.press()
    await office.until_sent(1)
    office.state.take_health(sample.health())
    await asyncio.sleep(0.1)
    office.desk.answered(sample.result(office.sent[0].command_id))
    await pressed
    assert len(office.sent) == 1
