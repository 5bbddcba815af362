"""Limit of the disk for sound: told before it is reached; then sound is left out, and nothing is removed early."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import update
from tests.support.kept_calls import add_recorded
from tests.support.records_office import RecordsOffice, delivered
from tests.support.stores import opened
from tests.support.told_calls import ToldRun, told_call

from kikimori_records.calls.queries import newest_calls, rows_of_call
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.keeping.room import SoundRoom
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

GB = 1_000_000_000
NOW = datetime.now(UTC)


async def with_sound(store: Store, folder: Path, each_bytes: int) -> None:
    for day in range(4):
        await add_recorded(store, folder, f"c{day}", ended_at=NOW - timedelta(day + 0.5))
    async with store.begin() as connection:
        await connection.execute(update(recorded_calls).values(sound_bytes=each_bytes))


def codes(room: SoundRoom) -> list[str]:
    return [each.code for each in room.problems()]


async def test_a_limit_that_is_reached_before_the_days_is_told(store: Store, tmp_path: Path) -> None:
    """Four calls in 3.5 days, each of 1 GB: about 34 GB in 30 days."""
    room = SoundRoom(store, tmp_path, 30 * GB, 30)
    await room.measure(NOW)
    assert (codes(room), room.is_full) == ([], False)
    await with_sound(store, tmp_path, GB)
    await room.measure(NOW)
    assert codes(room) == ["records_full_before_days"]
    full = SoundRoom(store, tmp_path, 4 * GB, 30)
    await full.measure(NOW)
    assert (codes(full), full.is_full) == (["records_full"], True)
    # Not measured for a day yet.
    early = SoundRoom(store, tmp_path, 30 * GB, 30)
    await early.measure(NOW - timedelta(3))
    assert codes(early) == []


async def test_sound_that_does_not_fit_is_left_out_and_the_rest_is_kept(tmp_path: Path) -> None:
    run = ToldRun([told_call(0, 1.0)])
    folder = tmp_path / "records"
    async with opened(StoreSettings(dir=tmp_path / "store")) as store:
        room = SoundRoom(store, folder, 0, 30)
        async with RecordsOffice.opened(store, folder, room=room) as office:
            await room.measure(NOW)
            await delivered(office.incoming, run)
            await office.finishing.finish_ended()
        (row,) = await newest_calls(store, 10)
        assert (row.sound, row.sound_bytes, row.sound_seconds) == ("no_disk", 0, 0.0)
        async with store.read() as connection:
            rows = await rows_of_call(connection, row.uid)
        assert rows is not None
        assert rows.lines
        assert {each.name for each in (folder / str(row.sound_path)).iterdir()} == {
            "manifest.json",
            "windows.bin",
        }
