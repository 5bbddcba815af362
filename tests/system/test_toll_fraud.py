"""Numbers that cost money, codes and addresses, signed by the office's own dashboard: the agent's own file has the last word."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tests.support import sample
from tests.support.listener import listening
from tests.support.signing import signed
from tests.support.telephone import on_the_line
from tests.system.conftest import AGENT_ID, SITE, agent_config, running, until

from kikimori.agent import Agent
from kikimori.control.chain import entries
from kikimori.control.pbx_control import PbxAnswer
from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Action, CommandResult, Outcome
from kikimori_core.wire.topics import AgentTopics

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.brokers import AnyBroker

    from kikimori.config import AgentConfig
    from kikimori.control.pbx_control import PbxRequest
    from kikimori_core.wire.messages import Announcement, CallStatus, Problem

TOPICS = AgentTopics(SITE, AGENT_ID)
TARGETS = ("09901234567", "0081312345678", "+442012345678", "*21*09901234567#", "200@evil.example")


class Obedient:
    """A PBX that would dial anything."""

    kind = "obedient"
    capabilities = tuple(Action)
    announcements: tuple[Announcement, ...] = ()

    def __init__(self) -> None:
        self.dialled: list[str] = []

    async def run(self) -> None: ...

    def problems(self) -> tuple[Problem, ...]:
        return ()

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        del changed
        self.dialled.append(request.target)
        return PbxAnswer(Outcome.DONE)


async def test_nothing_outside_is_dialled_by_any_action(tmp_path: Path, broker: AnyBroker) -> None:
    control = Obedient()

    def make(config: AgentConfig) -> Agent:
        return Agent(config, pbx=control)

    presses = [(action, target) for action in Action for target in TARGETS]
    async with (
        running(agent_config(tmp_path / "state", broker.settings), make) as agent,
        listening(broker.settings, TOPICS.reply("d")) as listener,
        connect(broker.settings, "board") as board,
        on_the_line(await agent.ready, call="c1") as telephone,
        asyncio.TaskGroup() as tasks,
    ):
        staying = tasks.create_task(telephone.stay())
        await until(lambda: "c1" in agent.desk.calls and agent.bus.connected)

        async def press(number: int, action: Action, target: str | None) -> CommandResult:
            now = datetime.now(UTC)
            command = sample.command(
                f"press-{number}",
                call_id="c1",
                action=action,
                target=target,
                issued_by=f"supervisor {number}",
                issued_at=now,
                expires_at=now.replace(year=2099),
                reply_to=TOPICS.reply("d"),
            )
            payload = signed(command, site=SITE, agent_id=AGENT_ID, run=agent._run)
            await board.publish(TOPICS.commands, payload, qos=1)
            return CommandResult.from_bytes((await listener.until_on(TOPICS.reply("d"), number))[-1])

        for number, (action, target) in enumerate(presses, start=1):
            answer = await press(number, action, target)
            assert answer.outcome is Outcome.REFUSED, (action, target)
            assert answer.reason in ("forbidden_target", "not_internal"), (action, target)
        assert control.dialled == []
        assert (await press(len(presses) + 1, Action.HOLD_TRANSFER, None)).outcome is Outcome.DONE
        assert control.dialled == ["200"]
        staying.cancel()
    # Each stands in the record, with who and where to.
    found = list(entries(tmp_path / "state" / f"commands-{AGENT_ID}.jsonl"))
    answered = {(each["action"], each.get("target")) for each in found if each["event"] == "answered"}
    assert {(str(action), target) for action, target in presses} <= answered
