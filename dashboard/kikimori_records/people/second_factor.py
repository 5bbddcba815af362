"""Queries of the second factor: each time step and each recovery code is good once."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, or_, select, update

from kikimori_records.audit.log import append_within
from kikimori_records.schema import devices, people, recovery_codes
from kikimori_records.sessions.queries import end_sessions_within

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_records.people.changes import Author
    from kikimori_records.people.person import Person
    from kikimori_records.store import Store


async def use_step(store: Store, person_id: str, step: int) -> bool:
    """Note the time step of a code; False where it, or a later one, was used already."""
    earlier = or_(people.c.totp_used_step.is_(None), people.c.totp_used_step < step)
    async with store.begin() as connection:
        done = await connection.execute(
            update(people).where(people.c.id == person_id, earlier).values(totp_used_step=step)
        )
    return bool(done.rowcount)


async def use_recovery_code(store: Store, person_id: str, code_hash: str) -> bool:
    """Use a recovery code up; False where there is none such, or it was used."""
    this = (
        recovery_codes.c.person_id == person_id,
        recovery_codes.c.code_hash == code_hash,
        recovery_codes.c.used_at.is_(None),
    )
    async with store.begin() as connection:
        done = await connection.execute(update(recovery_codes).where(*this).values(used_at=datetime.now(UTC)))
    return bool(done.rowcount)


async def set_second_factor(
    store: Store, person_id: str, secret: str | None, step: int | None, code_hashes: Iterable[str]
) -> None:
    """Set the secret, None = no second factor, and replace the recovery codes."""
    async with store.begin() as connection:
        await connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person_id))
        if rows := [{"person_id": person_id, "code_hash": each, "used_at": None} for each in code_hashes]:
            await connection.execute(insert(recovery_codes), rows)
        await connection.execute(
            update(people)
            .where(people.c.id == person_id)
            .values(totp_secret=secret, totp_used_step=step, changed_at=datetime.now(UTC))
        )


async def remove_second_factor(store: Store, person: Person, by: Author) -> bool:
    """Remove somebody else's second factor, end their sessions and note it in the audit, all or nothing.

    Returns False where the person has none; then nothing was done.
    """
    now = datetime.now(UTC)
    has_one = (people.c.id == person.id, people.c.totp_secret.is_not(None))
    async with store.begin() as connection:
        done = await connection.execute(
            update(people).where(*has_one).values(totp_secret=None, totp_used_step=None, changed_at=now)
        )
        if not done.rowcount:
            return False
        await connection.execute(delete(recovery_codes).where(recovery_codes.c.person_id == person.id))
        await end_sessions_within(connection, person.id, "factor_removed", now)
        await connection.execute(delete(devices).where(devices.c.person_id == person.id))
        await append_within(connection, [by.entry("factor.remove", "person", person.id, name=person.name)])
    return True


async def recovery_codes_left(store: Store, person_id: str) -> int:
    unused = (recovery_codes.c.person_id == person_id, recovery_codes.c.used_at.is_(None))
    async with store.read() as connection:
        return int((await connection.execute(select(func.count()).where(*unused))).scalar_one())
