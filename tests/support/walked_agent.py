"""An agent without ears and broker, to be pressed, frozen and killed: `python -m … KIND PORT PASSWORD_FILE FOLDER SETTINGS_AS_JSON`.

Commands come as they would from the broker, calls as a tap would tell them, one JSON object a line:
`{"call": ID, "operator": NUMBER, "channel": …, "operator_channel": …}`, `{"over": ID}`, `{"command": TEXT}`.
What it prints: `{"status": STATUS, "call": ID}`, `{"answer": COMMAND_ID, "outcome": …, "reason": …}`, `{"connected": …}`.
"""

from __future__ import annotations

import asyncio
import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import structlog
import uvloop
from tests.support.asterisk import controlled as asterisk_office
from tests.support.freeswitch import controlled as freeswitch_office
from tests.support.signing import RUN, signed, trusting_dashboard

from kikimori.bus.commands import CommandReceiver
from kikimori.bus.gate import CommandGate
from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.commands import CommandHandler
from kikimori.control.targets import TargetPolicy
from kikimori.integrations.asterisk.control import AsteriskControl
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.freeswitch.control.control import FreeSwitchControl
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori_core.judging.phrases import NoPhrases
from kikimori_core.model.call import CallInfo, EndReason, LegInfo, Role
from kikimori_core.wire.messages import Alert, CallState, Command, CommandResult, Party, TranscriptLine
from kikimori_core.wire.topics import AgentTopics

if TYPE_CHECKING:
    from kikimori.calls.leg import LiveLeg

SITE = "test"


def tell(**what: Any) -> None:
    print(json.dumps(what), flush=True)


class Page:
    """Receiver of the messages that a dashboard would be told."""

    def call_changed(self, state: CallState) -> None:
        tell(call=state.call_id, status=str(state.status))

    def alert_changed(self, alert: Alert) -> None: ...

    def line(self, line: TranscriptLine) -> None: ...


class WalkedAgent:
    def __init__(self, control: AsteriskControl | FreeSwitchControl) -> None:
        self.control = control
        self.desk = Desk(
            DeskSettings(SITE, "agent", capabilities=control.capabilities),
            (),
            NoPhrases(),
            Page(),
            None,
            met=lambda call: control.meet(call.info, call.set_status),
        )
        handler = CommandHandler(self.desk, control, "200", targets=TargetPolicy(["???"]), gap_s=0)
        self.commands = CommandReceiver(
            AgentTopics(SITE, "agent"),
            handler.handle,
            self.reply,
            gate=CommandGate(SITE, "agent", RUN, trusting_dashboard()),
        )
        self.legs: dict[str, LiveLeg] = {}

    def reply(self, topic: str, result: CommandResult) -> None:
        del topic
        tell(answer=result.command_id, outcome=str(result.outcome), reason=result.reason)

    def take(self, line: dict[str, Any], tasks: asyncio.TaskGroup) -> None:
        if "command" in line:
            command = Command.from_bytes(line["command"].encode())
            payload = signed(
                command, site=SITE, agent_id="agent", issued_by=f"supervisor {command.command_id}"
            )
            self.commands.receive(payload, tasks)
        elif "over" in line:
            leg = self.legs.pop(line["over"], None)
            if leg is not None:
                leg.close(EndReason.HUNG_UP)
        else:
            info = CallInfo(
                line["call"], "test", operator=Party(number=line["operator"]),
                channel=line["channel"], operator_channel=line["operator_channel"],
            )  # fmt: skip
            self.legs[line["call"]] = self.desk.open_leg(LegInfo(info, Role.CUSTOMER, 8000))


def control_of(
    kind: str, port: int, password_file: Path, folder: Path, changes: dict[str, Any]
) -> AsteriskControl | FreeSwitchControl:
    if kind == "asterisk":
        table = AsteriskTable(ami_port=port, ami_user="least", ami_password_file=password_file)
        return AsteriskControl(table, asterisk_office.control_settings(folder, **changes))
    return FreeSwitchControl(
        FreeSwitchTable(esl_port=port, esl_password_file=password_file),
        freeswitch_office.control_settings(folder, **changes),
    )


async def main(control: AsteriskControl | FreeSwitchControl) -> None:
    agent = WalkedAgent(control)
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(agent.control.run())
        tasks.create_task(agent.desk.run())
        tasks.create_task(connected(agent.control))
        while line := await reader.readline():
            agent.take(json.loads(line), tasks)
        raise SystemExit


async def connected(control: AsteriskControl | FreeSwitchControl) -> None:
    before = None
    while True:
        if control.connected != before:
            before = control.connected
            tell(connected=before)
        await asyncio.sleep(0.05)


if __name__ == "__main__":
    structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
    _, kind, port, password_file, folder, changes = sys.argv
    uvloop.run(main(control_of(kind, int(port), Path(password_file), Path(folder), json.loads(changes))))
