"""Brokers of both kinds, and a bus that runs for the length of a test."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import pytest
from tests.support import sample, signing
from tests.support.deadline import WITHIN_S

from kikimori.bus import Bus, Outbox
from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
    from datetime import datetime
    from pathlib import Path

    from kikimori.bus.ringing_teller import RingingSource
    from kikimori_core.wire.delivery import CallerContacts
    from kikimori_core.wire.key_store import TrustStore
    from kikimori_core.wire.keys import SigningKey
    from kikimori_core.wire.messages import Command, CommandResult


@pytest.fixture(autouse=True)
def _every_task_ends(no_task_left: None) -> None:
    """For all tests of this folder."""


async def refuse_commands(_command: Command) -> CommandResult:
    raise AssertionError("no command was expected")


class Office:
    """Starts buses on one outbox file."""

    def __init__(self, path: Path) -> None:
        self.path = path

    @asynccontextmanager
    async def bus(
        self,
        settings: BrokerSettings,
        *,
        on_command: Callable[[Command], Awaitable[CommandResult]] = refuse_commands,
        now: Callable[[], datetime] = lambda: sample.NOON,
        connected: bool = True,
        trust: TrustStore | None = None,
        key: SigningKey | None = None,
        run: str = signing.RUN,
        on_callers: Callable[[Mapping[str, CallerContacts]], None] = lambda _callers: None,
        ringing: RingingSource | None = None,
    ) -> AsyncIterator[Bus]:
        outbox = await Outbox.open(self.path)
        bus = Bus(
            settings,
            sample.SITE,
            sample.AGENT,
            outbox,
            on_command=on_command,
            now=now,
            run=run,
            identity=signing.identity(trust, key),
            on_callers=on_callers,
            ringing=ringing,
        )
        bus.set_health(sample.health())
        task = asyncio.create_task(bus.run())
        try:
            if connected:
                await until(lambda: bus.connected)
            yield bus
        finally:
            await bus.aclose()
            with suppress(asyncio.CancelledError):
                await task
            await outbox.aclose()


@pytest.fixture
def office(tmp_path: Path) -> Office:
    return Office(tmp_path / "state" / "outbox.sqlite3")


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that announces itself to nobody."""
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110 - the bus offers its state for reading only
            await asyncio.sleep(0.005)
