"""State of a records service that runs alone: its problems and its silence, as the dashboard reads them."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S
from tests.support.records_office import delivered
from tests.support.stores import opened
from tests.support.told_calls import ToldRun, told_call

from kikimori_core.journal.settings import RecordingTable, RecordsTable
from kikimori_core.journal.sink import RefusalCode, SinkRefusal
from kikimori_dashboard.recording.service_watch import ServiceWatch
from kikimori_records.service import RecordsService
from kikimori_records.service_state import StateNote, read_state
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable
    from pathlib import Path

    from kikimori_records.store import Store


async def plain(work: Callable[[], Awaitable[None]]) -> None:
    await work()


async def until(done: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not done():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.02)


async def running(service: RecordsService) -> asyncio.Task[None]:
    await service.open()
    return asyncio.create_task(service.run(lambda _name, work: plain(work)))


async def ended(service: RecordsService, *tasks: asyncio.Task[None]) -> None:
    for each in tasks:
        each.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    await service.close()


def service_on(store: Store, folder: Path, *, alone: bool) -> RecordsService:
    recording = RecordingTable(enabled=True, days=36_500, max_gb=0.000_05)
    return RecordsService(recording, RecordsTable(dir=folder), store, alone=alone)


async def test_problems_of_a_service_that_runs_alone_reach_the_dashboard(tmp_path: Path) -> None:
    """An agent sends more than it may have waiting: refused by name, shown, and its silence afterwards too."""
    folder, told, changes = tmp_path / "records", ToldRun([told_call(0, 5.0)]), list[int]()
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        watch = ServiceWatch(store, lambda: changes.append(1), look_every_s=0.02, silent_after_s=5)
        looking = asyncio.create_task(watch.run())
        service = service_on(store, folder, alone=True)
        task = await running(service)
        await until(lambda: watch.state is not None)
        assert watch.problems() == ()
        with pytest.raises(SinkRefusal) as refused:
            await delivered(service._incoming, told, pieces=5)
        assert refused.value.code is RefusalCode.DISK_FULL
        note = asyncio.create_task(StateNote(store, service._state, write_every_s=0.02).run())
        await until(lambda: [each.code for each in watch.problems()] == ["records_agent_full"])
        assert watch.problems()[0].parameters["agent_id"] == "office"
        assert changes
        await ended(service, task, note)
        await until(lambda: [each.code for each in watch.problems()] == ["records_service_silent"])
        # The office goes over to `kikimori up`: there the agent tells what its service says.
        inside = service_on(store, folder, alone=False)
        task = await running(inside)
        await until(lambda: watch.state is None and watch.problems() == ())
        await ended(inside, task)
        assert await read_state(store) is None
        looking.cancel()
        await asyncio.gather(looking, return_exceptions=True)
