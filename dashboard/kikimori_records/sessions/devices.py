"""Queries of devices: browsers in which somebody signed in before, and has no delays after wrong passwords."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from kikimori_records.schema import devices

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_records.store import Store


async def add_device(
    store: Store, token_hash: str, person_id: str, *, at: datetime, expires_at: datetime
) -> None:
    row = {"token_hash": token_hash, "person_id": person_id, "created_at": at, "used_at": at}
    async with store.begin() as connection:
        await connection.execute(insert(devices).values(**row, expires_at=expires_at))


async def device_of(store: Store, token_hash: str, at: datetime) -> str | None:
    """Return the id of the person whose device it is, and note its use; None where it is unknown or too old."""
    known = (devices.c.token_hash == token_hash, devices.c.expires_at > at)
    async with store.begin() as connection:
        found = (await connection.execute(select(devices.c.person_id).where(*known))).scalar_one_or_none()
        if found is not None:
            await connection.execute(update(devices).where(*known).values(used_at=at))
    return found


async def forget_devices(store: Store, person_id: str) -> None:
    async with store.begin() as connection:
        await connection.execute(delete(devices).where(devices.c.person_id == person_id))
