"""Queries of sessions."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from kikimori_records.schema import sessions
from kikimori_records.sessions.session import Session

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store


async def add_session(store: Store, session: Session) -> None:
    async with store.begin() as connection:
        await connection.execute(insert(sessions).values(**asdict(session)))


async def session_by_hash(store: Store, token_hash: str) -> Session | None:
    """Return a session, open or ended; None where there is none."""
    async with store.read() as connection:
        found = await connection.execute(select(sessions).where(sessions.c.token_hash == token_hash))
        row = found.mappings().one_or_none()
    return None if row is None else Session(**row)


async def sessions_of(store: Store, person_id: str) -> list[Session]:
    """Return a person's sessions, the latest first."""
    query = select(sessions).where(sessions.c.person_id == person_id).order_by(sessions.c.created_at.desc())
    async with store.read() as connection:
        return [Session(**row) for row in (await connection.execute(query)).mappings()]


async def touch_sessions(store: Store, used: Mapping[str, datetime]) -> None:
    """Note the last use of sessions, by the hash of their token."""
    if not used:
        return
    async with store.begin() as connection:
        for token_hash, at in used.items():
            await connection.execute(
                update(sessions)
                .where(sessions.c.token_hash == token_hash, sessions.c.used_at < at)
                .values(used_at=at)
            )


async def end_session(store: Store, token_hash: str, reason: str, at: datetime) -> bool:
    """End a session; False where it had ended, or there is none."""
    async with store.begin() as connection:
        done = await connection.execute(
            update(sessions)
            .where(sessions.c.token_hash == token_hash, sessions.c.ended_at.is_(None))
            .values(ended_at=at, end_reason=reason)
        )
    return bool(done.rowcount)


async def end_sessions_of(store: Store, person_id: str, reason: str, at: datetime) -> list[str]:
    """End all open sessions of a person; return the hashes of their tokens."""
    async with store.begin() as connection:
        return await end_sessions_within(connection, person_id, reason, at)


async def end_sessions_within(
    connection: AsyncConnection, person_id: str, reason: str, at: datetime
) -> list[str]:
    """End all open sessions of a person, within a transaction; return the hashes of their tokens."""
    open_ones = (sessions.c.person_id == person_id, sessions.c.ended_at.is_(None))
    ended = (await connection.execute(select(sessions.c.token_hash).where(*open_ones))).scalars().all()
    await connection.execute(update(sessions).where(*open_ones).values(ended_at=at, end_reason=reason))
    return list(ended)
