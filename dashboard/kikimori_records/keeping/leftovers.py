"""Files of calls that must not be there: of erased calls, copied back or left by a power cut, and of calls that no row names."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.folder import CALLS, UNFINISHED
from kikimori_records.keeping.call_files import OF_SOUND, remove_files
from kikimori_records.keeping.holds import active
from kikimori_records.keeping.tables import legal_holds
from kikimori_records.proof.verify_alone import MANIFEST

if TYPE_CHECKING:
    from pathlib import Path

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

DAYS = f"{CALLS}/*/*/*"
AT_ONCE = 500
"""Names in one question: databases limit the number of parameters."""
LONGEST_CALL = timedelta(days=1)


async def remove_leftovers(store: Store, folder: Path) -> int:
    """Remove the files of erased calls, and sound that was removed for its age; return the number of calls.

    A folder without a row is left: its call may be about to get one.

    Raises:
        OSError: a file cannot be removed.
        StoreError: the database is away.
    """
    count = 0
    for day in await asyncio.to_thread(_days, folder):
        names = await asyncio.to_thread(_names, day)
        for at in range(0, len(names), AT_ONCE):
            gone = or_(calls.c.erased_at.is_not(None), calls.c.sound == "erased")
            query = select(calls.c.uid, calls.c.erased_at).where(
                calls.c.uid.in_(names[at : at + AT_ONCE]), gone
            )
            async with store.read() as connection:
                found = (await connection.execute(query)).all()
            for uid, erased_at in found:
                below = (day / uid).relative_to(folder).as_posix()
                names_of = OF_SOUND if erased_at is None else None
                count += await asyncio.to_thread(remove_files, folder, below, names_of)
    return count


async def remove_unlisted(store: Store, folder: Path, before: datetime, now: datetime) -> int:
    """Remove the files of calls that ended before a time and that no row names; return the number of calls.

    They are beside a database that was restored from a time before them, or that is a new one. A call that is held stays.

    Raises:
        OSError: a file cannot be removed.
        StoreError: the database is away.
    """
    count = 0
    for day in await asyncio.to_thread(_days, folder):
        if (begin := _begin(day)) is None or begin + timedelta(days=1) + LONGEST_CALL > before:
            continue
        names = await asyncio.to_thread(_names, day)
        for at in range(0, len(names), AT_ONCE):
            some = names[at : at + AT_ONCE]
            async with store.read() as connection:
                query = select(calls.c.uid).where(calls.c.uid.in_([_uid(each) for each in some]))
                listed = set((await connection.execute(query)).scalars())
                held = await _held(connection, now)
            for name in some:
                if _uid(name) in listed or await asyncio.to_thread(_is_held, day / name, held):
                    continue
                below = (day / name).relative_to(folder).as_posix()
                count += await asyncio.to_thread(remove_files, folder, below)
    return count


async def _held(connection: AsyncConnection, now: datetime) -> tuple[set[str], set[str]]:
    """Return uids and pseudonyms that are held."""
    rows = (
        await connection.execute(select(legal_holds.c.uid, legal_holds.c.caller_key).where(active(now)))
    ).all()
    return {uid for uid, _ in rows if uid}, {key for _, key in rows if key}


def _is_held(folder: Path, held: tuple[set[str], set[str]]) -> bool:
    """Return whether a call is held, or may be: its caller stands in its manifest alone."""
    uids, callers = held
    if _uid(folder.name) in uids:
        return True
    if not callers:
        return False
    try:
        manifest = json.loads((folder / MANIFEST).read_bytes())
    except (OSError, ValueError):
        return True
    return not isinstance(manifest, dict) or manifest.get("caller_key") in callers


def _uid(name: str) -> str:
    return name.removeprefix(UNFINISHED)


def _begin(day: Path) -> datetime | None:
    """Return the begin of the day of a folder; None where it is not named after one."""
    year, month, of_month = day.parts[-3:]
    with suppress(ValueError):
        return datetime(int(year), int(month), int(of_month), tzinfo=UTC)
    return None


def _days(folder: Path) -> list[Path]:
    return sorted(folder.glob(DAYS))


def _names(day: Path) -> list[str]:
    return sorted(each.name for each in day.iterdir())
