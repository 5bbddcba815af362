"""Removal that is killed anywhere, again and again: it is repeated until it is done, and nothing is half."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select
from tests.support.deadline import WITHIN_S
from tests.support.kept_calls import SAID, add_recorded
from tests.support.stores import audited, opened, settings_on

from kikimori_records.audit.entry import ActorKind
from kikimori_records.audit.verify import verify
from kikimori_records.calls.tables import recorded_calls, recorded_lines
from kikimori_records.keeping.days import KeptDays
from kikimori_records.keeping.keeper import RecordKeeper
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.subject import caller
from kikimori_records.keeping.tables import erasures, removals
from kikimori_records.people.changes import Author
from kikimori_records.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine
    from pathlib import Path

    from kikimori_records.settings import StoreSettings

CALLS = 30
KILLED_AT = (27, 14, 3)
"""Numbers of calls' folders that are left when the program is killed: in the middle of a transaction's files, and behind."""


class JournalFiles:
    """Received journals that leave a file for each call that is erased from them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def erase(self, agent_id: str, run: str, call_key: int) -> None:
        (self._folder / f"{agent_id}.{run}.{call_key}").touch()


def in_a_child(work: Callable[[], Coroutine[Any, Any, None]], kill_when: Callable[[], bool]) -> bool:
    """Do the work in another process, kill it as soon as a condition holds, and return whether it ended before."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            asyncio.run(work())
            code = 0
        finally:
            os._exit(code)
    until = time.monotonic() + WITHIN_S
    while not (ended := os.waitpid(child, os.WNOHANG))[0]:
        assert time.monotonic() < until
        if kill_when():
            os.kill(child, signal.SIGKILL)
            ended = os.waitpid(child, 0)
            break
    assert ended[1] in (0, signal.SIGKILL)
    return ended[1] == 0


async def fill(settings: StoreSettings, folder: Path, *, order_now: bool) -> None:
    async with opened(settings) as store:
        for each in range(CALLS):
            await add_recorded(
                store, folder, f"c{each:02}", key=each, ended_at=datetime.now(UTC) - timedelta(50)
            )
        pseudonyms = Pseudonyms.load(folder)
        if order_now:
            by = Author(ActorKind.PERSON, "森")
            await order(store, Ledger(folder), caller("09012345678", pseudonyms), "x", by)


async def examine(settings: StoreSettings, folder: Path) -> int:
    """Check that no call is half erased by its row, and return the number of those that are erased."""
    async with opened(settings) as store, store.read() as connection:
        rows = (await connection.execute(select(recorded_calls))).all()
        lines = set((await connection.execute(select(recorded_lines.c.uid))).scalars())
        gone = set(
            (await connection.execute(select(removals.c.uid).where(removals.c.kind == "call"))).scalars()
        )
    there = folders(folder)
    for row in rows:
        erased = row.erased_at is not None
        assert erased == (row.uid in gone)
        assert erased == (row.uid not in lines)
        assert erased == (row.salt is None)
        assert not (erased and row.uid in there)
    return len(gone)


@pytest.mark.parametrize(
    ("engine", "kind"), [("sqlite", "erasure"), ("sqlite", "retention"), ("postgresql", "erasure")]
)
async def test_a_removal_that_is_killed_is_done_in_the_end(
    engine: str, kind: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    settings = settings_on(engine, request, tmp_path, migrated=True)
    folder, journals = tmp_path / "records", tmp_path / "journals"
    for each in (folder, journals):
        each.mkdir()
    await fill(settings, folder, order_now=kind == "erasure")
    days = KeptDays.of(30) if kind == "retention" else None

    async def work() -> None:
        store = await Store.open(settings)
        await RecordKeeper(store, folder, days, JournalFiles(journals)).round()
        await store.close()

    seen = list[int]()
    for left in KILLED_AT:
        ended = await asyncio.to_thread(in_a_child, work, Left(folder, left))
        seen.append(await examine(settings, folder))
        assert seen == sorted(seen)
        assert not ended or seen[-1] == CALLS
    assert await asyncio.to_thread(in_a_child, work, Left(folder, -1))
    assert await examine(settings, folder) == CALLS
    assert folders(folder) == set()
    async with opened(settings) as store:
        assert (await verify(store)).broken_at is None
        async with store.read() as connection:
            orders: list[Any] = list((await connection.execute(select(erasures))).all())
        if kind == "erasure":
            assert (len(orders), orders[0].calls) == (1, CALLS)
            assert orders[0].done_at is not None
            (entry,) = await audited(store, "records.erased")
            assert entry["details"]["calls"] == CALLS
            assert len(list(journals.iterdir())) == CALLS
        else:
            assert await audited(store, "records.retention")
    assert SAID.encode() not in b"".join(each.read_bytes() for each in folder.rglob("*") if each.is_file())


@dataclass(frozen=True, slots=True)
class Left:
    """Condition that so many folders of calls are left, or fewer."""

    folder: Path
    count: int

    def __call__(self) -> bool:
        return len(folders(self.folder)) <= self.count


def folders(folder: Path) -> set[str]:
    """Names of the calls' folders that are there."""
    return {each.name for each in folder.glob("calls/*/*/*/*")}
