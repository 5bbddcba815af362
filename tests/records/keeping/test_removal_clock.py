"""Removal after a leap of the wall clock, on both engines."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select
from structlog.testing import capture_logs
from tests.records.keeping.test_retention import add_unlisted, copies_of
from tests.support.kept_calls import add_recorded

from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.queries import AuditFilter, newest
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.keeping.days import KeptDays
from kikimori_records.keeping.holds import hold
from kikimori_records.keeping.keeper import RecordKeeper
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.people.changes import Author
from kikimori_records.upkeep import StoreUpkeep

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

BEGIN = datetime(2026, 6, 1, 9, tzinfo=UTC)
DAYS = KeptDays.of(30)
HOUR = timedelta(hours=1)
YEARS = timedelta(days=3650)


@dataclass
class SetClockMachine:
    """A machine with a wall clock that can be set, and running time that cannot."""

    now: datetime = BEGIN
    running_s: float = 1000.0

    def passes(self, time: timedelta) -> None:
        """Let time pass while the machine runs."""
        self.now += time
        self.running_s += time.total_seconds()


@dataclass
class RestartedKeeping:
    """Records service of a machine, which is started again now and then."""

    store: Store
    folder: Path
    machine: SetClockMachine

    def __post_init__(self) -> None:
        self.start()

    def start(self) -> None:
        machine = self.machine
        machine.running_s = 0.0
        self.keeper = RecordKeeper(
            self.store, self.folder, DAYS, now=lambda: machine.now, running=lambda: machine.running_s
        )

    async def runs(self, time: timedelta, every: timedelta = HOUR) -> None:
        """Run for some time."""
        await self.keeper.round()
        while time > timedelta():
            self.machine.passes(min(every, time))
            time -= every
            await self.keeper.round()

    async def kept(self) -> list[str]:
        """Return the calls that are not removed."""
        query = select(recorded_calls.c.uid).where(recorded_calls.c.erased_at.is_(None))
        async with self.store.read() as connection:
            return sorted((await connection.execute(query)).scalars())

    def codes(self) -> list[str]:
        return [each.code for each in self.keeper.problems()]


@pytest.fixture
def office(store: Store, tmp_path: Path) -> RestartedKeeping:
    return RestartedKeeping(store, tmp_path, SetClockMachine())


async def young_and_old(office: RestartedKeeping) -> tuple[str, str]:
    """Add a call of yesterday, and one whose days are over in a week."""
    young = await add_recorded(office.store, office.folder, "young", ended_at=BEGIN - timedelta(1))
    old = await add_recorded(office.store, office.folder, "old", ended_at=BEGIN - timedelta(23))
    return young, old


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_leap_of_the_clock_removes_nothing_and_put_right_all_is_as_before(
    office: RestartedKeeping,
    restarted: bool,
) -> None:
    young, old = await young_and_old(office)
    await office.runs(2 * HOUR)
    office.machine.now += YEARS
    if restarted:
        office.start()
    with capture_logs() as told:
        await office.runs(20 * HOUR)
    assert await office.kept() == [old, young]
    (problem,) = office.keeper.problems()
    assert problem.code == "records_clock_leapt"
    said = problem.words("ja")[0]
    noticed = BEGIN + YEARS + (2 if restarted else 3) * HOUR
    for at in (BEGIN + 2 * HOUR, noticed, noticed + timedelta(1)):
        assert f"{at.astimezone():%Y-%m-%d %H:%M}" in said
    (line,) = [each for each in told if each["event"] == "removal_held"]
    assert "timedatectl" in line["next"]
    office.machine.now -= YEARS
    await office.runs(HOUR)
    assert office.codes() == []
    await office.runs(timedelta(6))
    assert await office.kept() == [old, young]
    await office.runs(timedelta(1))
    assert await office.kept() == [young]


async def test_after_a_day_of_running_time_the_new_time_counts(office: RestartedKeeping) -> None:
    """Also where the machine is switched off at night: restarts do not begin the day anew."""
    young, old = await young_and_old(office)
    await office.runs(HOUR)
    office.machine.now += timedelta(60)
    for _ in range(2):
        office.start()
        await office.runs(10 * HOUR)
        office.machine.now += 14 * HOUR
        assert await office.kept() == [old, young]
        assert office.codes() == ["records_clock_leapt"]
    office.start()
    await office.runs(5 * HOUR)
    assert await office.kept() == []
    assert office.codes() == []


async def test_a_weekend_is_no_leap_and_a_first_start_none_either(office: RestartedKeeping) -> None:
    await add_recorded(office.store, office.folder, "first", ended_at=BEGIN - timedelta(31))
    await office.runs(HOUR)
    assert await office.kept() == []
    await add_recorded(office.store, office.folder, "second", ended_at=BEGIN - timedelta(29))
    office.machine.now += timedelta(2.9)
    office.start()
    await office.runs(HOUR)
    assert await office.kept() == []
    assert office.codes() == []


async def test_a_second_leap_begins_the_day_anew(office: RestartedKeeping) -> None:
    young, old = await young_and_old(office)
    await office.runs(HOUR)
    office.machine.now += timedelta(10)
    await office.runs(20 * HOUR)
    office.machine.now += YEARS
    await office.runs(20 * HOUR)
    assert await office.kept() == [old, young]
    await office.runs(5 * HOUR)
    assert await office.kept() == []


async def test_a_start_in_1970_is_no_leap_back(office: RestartedKeeping) -> None:
    """A machine without a battery, until its time server answers."""
    young, _ = await young_and_old(office)
    await office.runs(HOUR)
    right = office.machine.now + timedelta(2)
    for _ in range(4):
        office.machine.now = datetime(1970, 1, 1, tzinfo=UTC)
        office.start()
        await office.runs(timedelta(minutes=2), timedelta(minutes=1))
        office.machine.now = right
        await office.runs(HOUR)
        assert office.codes() == []
        right = office.machine.now + timedelta(2)
    assert await office.kept() == [young]


async def test_a_clock_that_was_ahead_and_believed_is_watched_again_when_it_is_right(
    office: RestartedKeeping,
) -> None:
    await office.runs(HOUR)
    office.machine.now += YEARS
    await office.runs(timedelta(2))
    assert office.codes() == []
    office.machine.now -= YEARS
    await office.runs(2 * HOUR)
    uid = await add_recorded(office.store, office.folder, "c", ended_at=office.machine.now)
    office.machine.now += YEARS / 2
    await office.runs(HOUR)
    assert (await office.kept(), office.codes()) == ([uid], ["records_clock_leapt"])


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_hold_does_not_end_by_a_leap(office: RestartedKeeping, restarted: bool) -> None:
    """An order that it keeps from being carried out would be at once."""
    uid = await add_recorded(office.store, office.folder, "held", ended_at=BEGIN)
    subject, by, ledger = KeepingSubject(uid=uid), Author(ActorKind.PERSON, "森"), Ledger(office.folder)
    await order(office.store, ledger, subject, "本人の申し出", by)
    begin = office.machine.now = datetime.now(UTC)
    await hold(office.store, ledger, subject, "訴訟", by, begin + timedelta(10))
    await office.runs(timedelta(minutes=1), timedelta(seconds=30))
    office.machine.now += timedelta(20)
    if restarted:
        office.start()
    await office.runs(20 * HOUR)
    assert await office.kept() == [uid]
    await office.runs(6 * HOUR)
    assert await office.kept() == []


@pytest.mark.parametrize("store", ["sqlite"], indirect=True)
async def test_files_and_copies_stay_too(office: RestartedKeeping) -> None:
    await office.runs(HOUR)
    unlisted = add_unlisted(office.folder, BEGIN, "young.r1")
    file = office.store.settings.file()
    file.with_name(f"kikimori.before-{BEGIN:%Y%m%dT%H%M%S%f}Z.sqlite3").touch()
    office.machine.now += YEARS
    office.start()
    await office.runs(20 * HOUR)
    assert unlisted.exists()
    assert len(copies_of(file)) == 1
    await office.runs(5 * HOUR)
    assert not unlisted.exists()
    assert copies_of(file) == []


async def test_a_dashboard_keeps_audit_notes_and_sessions_meanwhile(store: Store) -> None:
    machine = SetClockMachine()
    changes: list[str] = []
    upkeep = StoreUpkeep(
        store, lambda: changes.append("changed"), now=lambda: machine.now, running=lambda: machine.running_s
    )
    await log.append(store, AuditEntry("young", ActorKind.SYSTEM, "x", at=BEGIN))

    async def actions() -> list[str]:
        return [each.entry.action for each in await newest(store, AuditFilter())]

    await upkeep.round()
    machine.now += YEARS
    for _ in range(20):
        machine.passes(HOUR)
        await upkeep.round()
    assert await actions() == ["young"]
    assert [each.code for each in upkeep.problems()] == ["store_clock_leapt"]
    assert changes == ["changed"]
    for _ in range(11):
        machine.passes(HOUR)
        await upkeep.round()
    assert await actions() == ["audit.trim"]
    assert upkeep.problems() == ()
