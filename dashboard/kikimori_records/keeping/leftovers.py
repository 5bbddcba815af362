"""Files of calls whose rows say that they are erased: copied back beside a restored database, or left by a power cut."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from sqlalchemy import or_, select

from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.folder import CALLS
from kikimori_records.keeping.call_files import OF_SOUND, remove_files

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.store import Store

DAYS = f"{CALLS}/*/*/*"
AT_ONCE = 500
"""Names in one question: databases limit the number of parameters."""


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


def _days(folder: Path) -> list[Path]:
    return sorted(folder.glob(DAYS))


def _names(day: Path) -> list[str]:
    return sorted(each.name for each in day.iterdir())
