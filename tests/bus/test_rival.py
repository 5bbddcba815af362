"""Two agents with one id: the one that started later ends, unless the other was silent long enough to be replaced."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from tests.bus.conftest import refuse_commands, until
from tests.support import sample
from tests.support.deadline import WITHIN_S
from tests.support.listener import listening
from tests.support.wire import Wire

from kikimori.bus import AgentIdTakenError, Bus, Outbox
from kikimori.errors import first_of
from kikimori_core.wire.connection import connect
from kikimori_core.wire.messages import Health

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori_core.wire.settings import BrokerSettings

HEALTH = sample.TOPICS.health


@asynccontextmanager
async def run_of(
    host: str, folder: Path, settings: BrokerSettings, *, minute: int, silent_s: float = 60.0
) -> AsyncIterator[tuple[Bus, asyncio.Task[None]]]:
    """A run of the agent on `host` that started at some minute."""
    outbox = await Outbox.open(folder / f"{host}.sqlite3")
    bus = Bus(
        settings,
        sample.SITE,
        sample.AGENT,
        outbox,
        on_command=refuse_commands,
        now=lambda: sample.NOON,
        run=f"run-{host}",
        silent_s=silent_s,
    )
    bus.set_health(sample.health(host=host, started_at=sample.NOON + timedelta(minutes=minute)))
    task = asyncio.create_task(bus.run())
    try:
        yield bus, task
    finally:
        await bus.aclose()
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await outbox.aclose()


async def ends_naming(task: asyncio.Task[None], host: str) -> None:
    async with asyncio.timeout(WITHIN_S):
        await asyncio.wait([task])
    error = task.exception()
    assert error is not None
    taken = first_of(error)
    assert isinstance(taken, AgentIdTakenError)
    assert taken.host == host
    assert host in taken.message
    assert taken.exit_code == 2


async def says(settings: BrokerSettings, host: str) -> None:
    """Wait until the broker retains that the agent is online on `host`."""
    async with listening(settings, HEALTH) as listener:
        await listener.until(
            lambda: any(
                (health := Health.from_bytes(each.payload)).online and health.host == host
                for each in listener.heard
            )
        )


async def test_the_run_that_started_later_ends_and_names_the_other(real: Mosquitto, tmp_path: Path) -> None:
    async with run_of("first", tmp_path, real.settings, minute=0) as (first, going_on):
        await until(lambda: first.connected)
        async with run_of("second", tmp_path, real.settings, minute=5) as (_, ending):
            await ends_naming(ending, "first")
        await says(real.settings, "first")
        assert not going_on.done()


@pytest.mark.parametrize("minute", [0, 5])
async def test_a_run_that_died_is_followed_by_another(real: Mosquitto, tmp_path: Path, minute: int) -> None:
    """Whoever started when: only who lives counts. Its connection breaks, and it never comes back."""
    async with Wire(real.settings.port) as wire:
        through = real.settings.model_copy(update={"port": wire.port})
        async with run_of("dead", tmp_path, through, minute=minute) as (dead, task):
            await until(lambda: dead.connected)
            task.cancel()
            wire.cut()
            await asyncio.gather(task, return_exceptions=True)
            async with run_of("new", tmp_path, real.settings, minute=3) as (new, going_on):
                await until(lambda: new.connected)
                await says(real.settings, "new")
                assert not going_on.done()


async def test_a_run_that_was_silent_is_replaced(real: Mosquitto, tmp_path: Path) -> None:
    """Cut off from the broker for longer than a run may be silent, while another one came: it ends, the other stays."""
    async with Wire(real.settings.port) as wire:
        through = real.settings.model_copy(update={"port": wire.port})
        async with run_of("silent", tmp_path, through, minute=0, silent_s=0.5) as (silent, ending):
            await until(lambda: silent.connected)
            await until(lambda: silent._rival is not None and silent._rival._last_contact is not None)
            wire.cut()
            async with run_of("new", tmp_path, real.settings, minute=5) as (new, going_on):
                await until(lambda: new.connected)
                await asyncio.sleep(0.6)
                wire.mend()
                await ends_naming(ending, "silent" if going_on.done() else "new")
                assert not going_on.done()
                await says(real.settings, "new")


async def test_a_run_that_was_silent_goes_on_where_nobody_came(real: Mosquitto, tmp_path: Path) -> None:
    async with Wire(real.settings.port) as wire:
        through = real.settings.model_copy(update={"port": wire.port})
        async with run_of("silent", tmp_path, through, minute=0, silent_s=0.5) as (silent, going_on):
            await until(lambda: silent.connected)
            await until(lambda: silent._rival is not None and silent._rival._last_contact is not None)
            wire.cut()
            await until(lambda: not silent.connected)
            await asyncio.sleep(0.6)
            wire.mend()
            await until(lambda: silent.connected)
            assert not going_on.done()


async def test_an_old_save_of_the_broker_is_no_other_run(real: Mosquitto, tmp_path: Path) -> None:
    """A killed broker comes back with health of the run before, from before its last will."""
    before = sample.health(host="before", run="run-before", started_at=sample.NOON)
    will = before.model_copy(update={"online": False})
    saved = before.model_copy(update={"at": sample.NOON + timedelta(minutes=4)})

    async def retain(health: Health) -> None:
        async with connect(real.settings, "broker-of-the-test") as client:
            await client.publish(HEALTH, health.to_bytes(), qos=1, retain=True)

    await retain(will)
    async with Wire(real.settings.port) as wire:
        through = real.settings.model_copy(update={"port": wire.port})
        async with run_of("new", tmp_path, through, minute=5) as (new, going_on):
            await until(lambda: new._rival is not None and bool(new._rival._seen))
            wire.cut()
            await until(lambda: not new.connected)
            await retain(saved)
            wire.mend()
            await until(lambda: new._rival is not None and len(new._rival._seen) > 1)
            await says(real.settings, "new")
            assert not going_on.done()
