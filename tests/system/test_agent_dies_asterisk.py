"""The whole agent killed, frozen and ended while it has a customer on hold: telephones, and what the broker tells."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.asterisk.controlled import (
    CUSTOMER_HZ,
    MUSIC,
    OPERATOR_HZ,
    SUPERIOR_HZ,
    AsteriskOffice,
    controlled_office,
)
from tests.support.deadline import WITHIN_S
from tests.support.listener import Listener, listening
from tests.support.real_asterisk import needs_asterisk
from tests.support.signing import introduce, signed

from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Action, CallState, CallStatus, Command, CommandResult, Outcome
from kikimori_core.wire.topics import AgentTopics

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

pytestmark = needs_asterisk

TOPICS = AgentTopics("test", "front")
HOLD_S = 20
"""Long enough to hear its music on a busy machine."""


class Desk:
    """Commands that a dashboard would send, and states that it would show."""

    def __init__(self, broker: Mosquitto, listener: Listener) -> None:
        self._broker = broker
        self._listener = listener
        self._presses = 0

    def states(self) -> list[CallState]:
        payloads = [
            each.payload for each in self._listener.heard if each.topic.endswith("/state") and each.payload
        ]
        return [CallState.from_bytes(each) for each in payloads]

    def shown(self) -> CallState | None:
        """The call as it is shown now."""
        states = self.states()
        return states[-1] if states and states[-1].status is not CallStatus.ENDED else None

    async def until(self, status: CallStatus, *, after: int = 0) -> None:
        """Wait until the call has this status, told after so many states."""
        await self._listener.until(
            lambda: (
                len(self.states()) > after and (shown := self.shown()) is not None and shown.status is status
            )
        )

    async def press(self, action: Action, **fields: object) -> CommandResult:
        call = self.shown()
        assert call is not None
        self._presses += 1
        number = self._presses
        async with connect(self._broker.settings, f"desk-{number}") as client:
            command = self._command(call, action, command_id=f"press-{number}", **fields)
            await client.publish(
                TOPICS.commands, signed(command, site="test", agent_id="front", run=call.run), qos=1
            )

        def answers() -> list[CommandResult]:
            replies = [CommandResult.from_bytes(each) for each in self._listener.on(TOPICS.reply("desk"))]
            return [each for each in replies if each.command_id == command.command_id]

        await self._listener.until(lambda: bool(answers()))
        return answers()[0]

    def _command(self, call: CallState, action: Action, **fields: object) -> Command:
        now = datetime.now(UTC)
        return Command(
            call_id=call.call_id,
            action=action,
            issued_by="supervisor",
            issued_at=now,
            expires_at=now + timedelta(seconds=10),
            reply_to=TOPICS.reply("desk"),
            **fields,
        )


@asynccontextmanager
async def agent_program(
    folder: Path, office: AsteriskOffice, broker: Mosquitto
) -> AsyncIterator[asyncio.subprocess.Process]:
    """`kikimori agent`, which hears calls by ARI and moves them by AMI."""
    config = folder / "kikimori.toml"
    introduce(folder / "state", "front")
    config.write_text(
        f"""
site = "test"
agent_id = "front"
state_dir = "{folder / "state"}"
[mqtt]
port = {broker.settings.port}
[audiosocket]
port = 0
announce_port = 0
[speech]
enabled = false
[sides]
customer_endpoints = ["PJSIP/trunk*"]
[asterisk]
tap = true
ari_url = "{office.asterisk.ari_url}"
ari_password_file = "{folder / "password"}"
ami_port = {office.asterisk.ami_port}
ami_user = "least"
ami_password_file = "{folder / "password"}"
dial = "{office.settings.dial}"
[pbx]
kind = "asterisk"
superior = "200"
ring_s = 5
longest_hold_s = {HOLD_S}
""",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kikimori", "agent", "--config", str(config), "--log-format", "json"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        waiting = {"listening", "ami_connected"}
        async with asyncio.timeout(WITHIN_S):
            while waiting and (line := await process.stderr.readline()):
                if line.startswith(b"{"):
                    waiting.discard(json.loads(line)["event"])
        reading = asyncio.create_task(process.stderr.read())
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGCONT)
            process.kill()
        await process.wait()
    await reading


@asynccontextmanager
async def everything(folder: Path, broker: Mosquitto) -> AsyncIterator[tuple[AsteriskOffice, Desk]]:
    async with (
        controlled_office(folder, run=False) as office,
        listening(broker.settings, "kikimori/#") as listener,
    ):
        yield office, Desk(broker, listener)


async def test_killed_while_the_superior_talks_with_the_customer(tmp_path: Path, real: Mosquitto) -> None:
    """The next run shows the call as it is, and its buttons work."""
    async with everything(tmp_path, real) as (office, desk):
        async with agent_program(tmp_path, office, real) as agent:
            await office.talk()
            await desk.until(CallStatus.TALKING)
            assert (await desk.press(Action.HOLD_TRANSFER, keep_operator=False)).outcome is Outcome.DONE
            await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)
            agent.kill()
            await agent.wait()
        before = len(desk.states())
        async with agent_program(tmp_path, office, real):
            await desk.until(CallStatus.TRANSFERRED, after=before)
            await office.heard(customer={SUPERIOR_HZ}, superior={CUSTOMER_HZ}, operator=None)
            answer = await desk.press(Action.TAKE_BACK)
            assert answer.outcome is Outcome.DONE, answer
            await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ}, superior=None)
            await desk.until(CallStatus.TALKING)
            office.customer.hang_up()
            await office.heard(customer=None, operator=None, superior=None)
            await office.nobody()


async def test_frozen_for_longer_than_the_hold(tmp_path: Path, real: Mosquitto) -> None:
    """Asterisk brings the customer back; the agent wakes, and does not do it again."""
    async with everything(tmp_path, real) as (office, desk), agent_program(tmp_path, office, real) as agent:
        await office.talk()
        await desk.until(CallStatus.TALKING)
        assert (await desk.press(Action.HOLD)).outcome is Outcome.DONE
        await office.heard(customer=MUSIC, operator=MUSIC)
        agent.send_signal(signal.SIGSTOP)
        await office.until(lambda: office.customer.hears() == {OPERATOR_HZ})
        # As long as the watchdog would have waited.
        await asyncio.sleep(6)
        heard_by_operator = office.operator.calls_seen
        agent.send_signal(signal.SIGCONT)
        await desk.until(CallStatus.TALKING)
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        assert office.operator.calls_seen == heard_by_operator
        assert CallStatus.TRANSFERRED not in {each.status for each in desk.states()}


async def test_ended_in_order_while_somebody_is_on_hold(tmp_path: Path, real: Mosquitto) -> None:
    """SIGTERM, as at an upgrade: the next run brings the customer back at once; without one Asterisk does."""
    async with everything(tmp_path, real) as (office, desk):
        async with agent_program(tmp_path, office, real) as agent:
            await office.talk()
            await desk.until(CallStatus.TALKING)
            assert (await desk.press(Action.HOLD)).outcome is Outcome.DONE
            agent.terminate()
            async with asyncio.timeout(WITHIN_S):
                assert await agent.wait() == 0
        await office.heard(customer=MUSIC, operator=MUSIC)
        await office.until(lambda: office.customer.hears() == {OPERATOR_HZ})
        await office.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})


async def test_two_supervisors_press_in_the_same_moment(tmp_path: Path, real: Mosquitto) -> None:
    """Each is told what came of it, and the page shows what the telephones do."""
    async with everything(tmp_path, real) as (office, desk), agent_program(tmp_path, office, real):
        await office.talk()
        await desk.until(CallStatus.TALKING)
        one, other = await asyncio.gather(
            desk.press(Action.HOLD), desk.press(Action.HOLD_TRANSFER, keep_operator=True)
        )
        # On a busy machine the moment may be long enough for one after the other.
        assert Outcome.DONE in (one.outcome, other.outcome)
        assert {one.reason, other.reason} <= {None, "call_busy", "already_transferred", "too_soon"}
        if other.outcome is not Outcome.DONE:
            await desk.until(CallStatus.ON_HOLD)
            await office.heard(customer=MUSIC, operator=MUSIC)
        else:
            await desk.until(CallStatus.TRANSFERRED)
            await office.heard(superior={CUSTOMER_HZ, OPERATOR_HZ})
