"""Database of people, sessions and audit: is it set up well, and does it answer?"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, urlsplit

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori_core.messages import both
from kikimori_core.wire.settings import is_loopback

if TYPE_CHECKING:
    from collections.abc import Iterator

    from kikimori_records.settings import StoreSettings

CHECKED = ("verify-full", "verify-ca")


def look_at_store_settings(settings: StoreSettings) -> Iterator[Diagnosis]:
    """Look at `[store]` without opening anything."""
    if settings.is_sqlite:
        if settings.password_file is not None:
            yield Diagnosis("[store] password_file", CheckState.WARNING, *both("store_password_unused"))
        return
    parts = urlsplit(settings.url)
    mode = parse_qs(parts.query).get("sslmode", [""])[0]
    if parts.hostname and not is_loopback(parts.hostname) and mode not in CHECKED:
        yield Diagnosis("[store] url", CheckState.WARNING, *both("store_unchecked", hostname=parts.hostname))


async def look_at_store(settings: StoreSettings) -> list[Diagnosis]:
    """Examine folder, disk, database, schema and audit; nothing is made or changed.

    Run by root it stays root: the file is there already, and SQLite gives those beside it to the file's owner.
    """
    from kikimori_records.checkup import examine_store  # noqa: PLC0415  (the extra `dashboard`)

    return await asyncio.to_thread(lambda: list(examine_store(settings)))
