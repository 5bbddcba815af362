"""`[pbx] superior`, once the directory has taken it over: what is left in the file is said to be no longer needed."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import closing, suppress
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori.parts import is_installed
from kikimori_core.errors import KikimoriError
from kikimori_core.messages import both

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.settings import StoreSettings


def look_at_former_superior(dashboard: DashboardSettings) -> Iterator[Diagnosis]:
    """Yield how to remove `[pbx] superior` where the directory has it; nothing is made or changed."""
    # An agent alone has no library for the database.
    if dashboard.pbx.superior is None or not is_installed("dashboard"):
        return
    if not _was_imported(dashboard.store_settings()):
        return
    code = "superior_taken_over" if dashboard.pbx.superior_name is None else "superior_and_name_taken_over"
    yield Diagnosis("[pbx] superior", CheckState.WARNING, *both(code))


def _was_imported(settings: StoreSettings) -> bool:
    """Return whether the store notes the take-over; False where it cannot be read."""
    from kikimori_records.people.superiors import IMPORTED, was_imported  # noqa: PLC0415  (the extra `dashboard`)

    if settings.is_sqlite:
        with suppress(sqlite3.Error, KikimoriError):
            file = settings.file()
            if file.exists():
                # Read only: a look makes and migrates nothing.
                with closing(sqlite3.connect(f"{file.resolve().as_uri()}?mode=ro", uri=True)) as connection:
                    query = "SELECT 1 FROM notes_of_store WHERE key = ?"
                    return connection.execute(query, (IMPORTED,)).fetchone() is not None
        return False

    async def asked() -> bool:
        from kikimori_records.store import Store  # noqa: PLC0415

        store = await Store.open(settings, beside=True)
        try:
            return await was_imported(store)
        finally:
            await store.close()

    try:
        return asyncio.run(asked())
    except KikimoriError:
        return False
