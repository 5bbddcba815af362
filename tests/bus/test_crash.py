"""The agent's process is killed; the broker and the next start put things right."""

from __future__ import annotations

import asyncio
import os
import sys
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support import sample
from tests.support.deadline import WITHIN_S
from tests.support.listener import listening, retained

from kikimori_core.wire.messages import Alert, AlertState, ClosedBecause, Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.bus.conftest import Office
    from tests.support.brokers import AnyBroker
    from tests.support.listener import Listener

ROOT = Path(__file__).parents[2]
ALERT = sample.TOPICS.alert("call-1.shouting.1")
HEALTH = sample.TOPICS.health
CALL = sample.TOPICS.call_state("call-1")


def said_last(listener: Listener, *, online: bool) -> bool:
    """Return whether this was in the agent's health that came last."""
    healths = listener.on(HEALTH)
    return bool(healths) and Health.from_bytes(healths[-1]).online is online


@asynccontextmanager
async def doomed_agent(office: Office, port: int) -> AsyncIterator[asyncio.subprocess.Process]:
    """Runs an agent that has raised an alert; kills it at the end at the latest."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.support.doomed_agent", str(office.path), str(port),
        cwd=ROOT, stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": os.pathsep.join([str(ROOT), *filter(None, sys.path)])},
    )  # fmt: skip
    try:
        assert process.stdout is not None
        async with asyncio.timeout(WITHIN_S):
            said = b""
            while said.strip() != b"raised":
                said = await process.stdout.readline()
                assert said, "the agent ended early"
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.communicate()


async def test_killed_with_the_broker_away_it_loses_nothing(broker: AnyBroker, office: Office) -> None:
    await broker.stop()
    async with doomed_agent(office, broker.settings.port) as process:
        process.kill()
    await broker.start()
    async with listening(broker.settings, ALERT) as listener, office.bus(broker.settings):
        closed, cleared = await listener.until_on(ALERT, 2)
    last = Alert.from_bytes(closed)
    assert (last.state, last.closed_because) == (AlertState.CLOSED, ClosedBecause.AGENT_RESTARTED)
    assert last.revision > sample.alert().revision
    assert (last.raised_at, last.severity) == (sample.alert().raised_at, sample.alert().severity)
    assert cleared == b""


async def test_killed_with_the_broker_there_the_last_will_speaks(broker: AnyBroker, office: Office) -> None:
    async with listening(broker.settings, "kikimori/#") as listener:
        async with doomed_agent(office, broker.settings.port) as process:
            await listener.until(
                lambda: all(listener.on(topic) for topic in (ALERT, CALL, HEALTH)),
            )
            # The embedded broker may deliver what a client said last after its last will.
            await listener.until(lambda: Health.from_bytes(listener.on(HEALTH)[-1]).inventory is not None)
            process.kill()
            await listener.until(lambda: said_last(listener, online=False))
        assert not Health.from_bytes(listener.on(HEALTH)[-1]).online
        left = await retained(broker.settings)
        assert {ALERT, CALL, HEALTH} <= set(left)
        assert not Health.from_bytes(left[HEALTH]).online

        async with office.bus(broker.settings):
            await listener.until(lambda: b"" in listener.on(ALERT) and b"" in listener.on(CALL))
            left = await retained(broker.settings)
            assert set(left) == {HEALTH, sample.TOPICS.inventory(1)}
            assert Health.from_bytes(left[HEALTH]).online
