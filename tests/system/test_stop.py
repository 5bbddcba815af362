"""SIGTERM in the middle of a call: nothing leaks, no alert is lost, the record is closed."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.brokers import AnyBroker
from tests.support.deadline import WITHIN_S
from tests.support.listener import listening, retained
from tests.support.ports import free_port
from tests.support.signing import introduce
from tests.support.telephone import on_the_line
from tests.system.conftest import agent_config, running, until

from kikimori.addresses import Addresses
from kikimori_core.wire.messages import Alert, AlertState, CallState, CallStatus, ClosedBecause, Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori_core.wire.settings import BrokerSettings

HEALTH = "kikimori/v2/test/agents/front/health"
INVENTORY = "kikimori/v2/test/agents/front/inventory/1"


@asynccontextmanager
async def agent_program(
    folder: Path, broker: BrokerSettings
) -> AsyncIterator[tuple[asyncio.subprocess.Process, Addresses]]:
    """`kikimori agent` as a process of its own, known to the dashboard of the tests; killed at the end if it still runs."""
    introduce(folder / "state", "front")
    audio, announce = free_port(), free_port()
    config = folder / "kikimori.toml"
    login = ""
    if broker.username is not None:
        secret = folder / "mqtt-password"
        secret.write_text(f"{broker.password()}\n", encoding="utf-8")
        login = f'username = "{broker.username}"\npassword_file = "{secret}"'
    config.write_text(
        f"""
site = "test"
agent_id = "front"
state_dir = "{folder / "state"}"
[mqtt]
port = {broker.port}
{login}
[audiosocket]
port = {audio}
announce_port = {announce}
[speech]
enabled = false
""",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "kikimori", "agent", "--config", str(config), "--log-format", "json"),
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        assert process.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            while line := await process.stderr.readline():
                if line.startswith(b"{") and json.loads(line)["event"] == "listening":
                    break
        yield process, Addresses({"audiosocket": ("127.0.0.1", audio), "announce": ("127.0.0.1", announce)})
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_sigterm_mid_call(broker: AnyBroker, tmp_path: Path) -> None:
    async with (
        listening(broker.settings, "kikimori/#") as listener,
        agent_program(tmp_path, broker.settings) as (process, addresses),
        on_the_line(addresses, call="c1") as telephone,
    ):
        await telephone.speak(bytes(16000))
        await listener.until_on("kikimori/v2/test/agents/front/calls/c1/state", 1)
        await telephone.press("*9")
        await listener.until(lambda: bool(listener.of_alerts()))
        process.send_signal(signal.SIGTERM)
        async with asyncio.timeout(WITHIN_S):
            assert await process.wait() == 0
        await listener.until(lambda: listener.of_alerts()[-1] == b"")
        await listener.until(lambda: not Health.model_validate_json(listener.on(HEALTH)[-1]).online)
        states = [each for each in listener.on("kikimori/v2/test/agents/front/calls/c1/state") if each]

    alerts = [Alert.model_validate_json(each) for each in listener.of_alerts() if each]
    assert alerts[0].state is AlertState.OPEN
    assert (alerts[-1].state, alerts[-1].closed_because) == (AlertState.CLOSED, ClosedBecause.AGENT_RESTARTED)
    assert CallState.model_validate_json(states[-1]).status is CallStatus.ENDED
    assert set(await retained(broker.settings, "kikimori/#")) == {HEALTH, INVENTORY}


async def test_sigterm_while_the_broker_is_away(real: Mosquitto, tmp_path: Path) -> None:
    """Messages that could not be sent before the end are sent by the next start."""
    async with agent_program(tmp_path, real.settings) as (process, addresses):
        async with on_the_line(addresses, call="c1") as telephone:
            await telephone.speak(bytes(8000))
            await real.stop()
            await telephone.press("*9")
            await telephone.speak(bytes(8000))
            process.send_signal(signal.SIGTERM)
            async with asyncio.timeout(WITHIN_S):
                assert await process.wait() == 0
        await real.start()
        async with (
            listening(real.settings, "kikimori/#") as listener,
            agent_program(tmp_path, real.settings),
        ):
            await listener.until(lambda: listener.of_alerts()[-1:] == [b""])
    alerts = [Alert.model_validate_json(each) for each in listener.of_alerts() if each]
    assert [each.revision for each in alerts] == sorted({each.revision for each in alerts})
    assert alerts[-1].state is AlertState.CLOSED


async def test_cancelled_mid_call_leaves_no_task(real: Mosquitto, tmp_path: Path) -> None:
    """The fixture `no_task_left` looks after the end."""
    config = agent_config(tmp_path / "state", real.settings)
    async with running(config) as agent, on_the_line(await agent.ready, call="c1") as telephone:
        await telephone.speak(bytes(8000))
        await until(lambda: "c1" in agent.desk.calls)
        agent.stop.set()
        await until(lambda: not agent.desk.calls)
