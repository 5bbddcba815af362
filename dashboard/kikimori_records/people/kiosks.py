"""Kiosks: operators' PCs, each bound to an extension by a one-time code of an administrator.

A code is kept as its hash. It is good for ten minutes and for one PC.
"""

from __future__ import annotations

import hashlib
import secrets
import unicodedata
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from kikimori_records.audit.entry import ActorKind
from kikimori_records.audit.log import append_within
from kikimori_records.people.changes import Author
from kikimori_records.schema import kiosk_codes, kiosks

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

CODE_LASTS = timedelta(minutes=10)
LETTERS = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
"""Letters of codes, without those that look like others (0 and O, 1 and I): 40 bits in eight of them."""
LENGTH = 8


@dataclass(frozen=True, slots=True)
class KioskCode:
    """A code that may still be used. What it is, is known only when it is made."""

    code_hash: str
    extension: str
    created_at: datetime
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Kiosk:
    """An operator's PC."""

    id: str
    extension: str
    name: str
    created_at: datetime
    revoked_at: datetime | None = None


def new_code() -> str:
    return "".join(secrets.choice(LETTERS) for _ in range(LENGTH))


def code_hash(code: str) -> str:
    """Return the hash of a code as somebody types it: small letters, full-width ones, with a dash or spaces."""
    plain = unicodedata.normalize("NFKC", code).upper()
    return hashlib.sha256("".join(each for each in plain if each in LETTERS).encode()).hexdigest()


async def make_code(store: Store, extension: str, by: Author, at: datetime) -> tuple[str, KioskCode]:
    """Make a code; return it, which is kept nowhere, and its row."""
    code = new_code()
    row = KioskCode(code_hash(code), extension, at, at + CODE_LASTS)
    async with store.begin() as connection:
        await connection.execute(
            insert(kiosk_codes).values(
                code_hash=row.code_hash,
                extension=extension,
                created_by=by.id,
                created_at=at,
                expires_at=row.expires_at,
            )
        )
        await append_within(connection, [by.entry("kiosk_code.make", "extension", extension)])
    return code, row


async def open_codes(store: Store, at: datetime) -> list[KioskCode]:
    """Return the codes that may still be used, the newest first."""
    async with store.read() as connection:
        return await _open(connection, at)


async def revoke_code(store: Store, hashed: str, by: Author, at: datetime) -> bool:
    """Make a code void; False when it was used or void already."""
    async with store.begin() as connection:
        found = [each for each in await _open(connection, at) if each.code_hash == hashed]
        if not found:
            return False
        await connection.execute(
            update(kiosk_codes).where(kiosk_codes.c.code_hash == hashed).values(revoked_at=at)
        )
        await append_within(connection, [by.entry("kiosk_code.revoke", "extension", found[0].extension)])
    return True


async def use_code(store: Store, code: str, name: str, at: datetime) -> Kiosk | None:
    """Use a code up and make the kiosk of a PC, both or neither; None when there is no such code (any more)."""
    hashed = code_hash(code)
    async with store.begin() as connection:
        done = await connection.execute(
            update(kiosk_codes)
            .where(
                kiosk_codes.c.code_hash == hashed,
                kiosk_codes.c.used_at.is_(None),
                kiosk_codes.c.revoked_at.is_(None),
                kiosk_codes.c.expires_at > at,
            )
            .values(used_at=at)
        )
        if not done.rowcount:
            return None
        query = select(kiosk_codes.c.extension, kiosk_codes.c.created_by)
        row = (await connection.execute(query.where(kiosk_codes.c.code_hash == hashed))).one()
        kiosk = Kiosk(uuid.uuid4().hex, row.extension, name, at)
        await connection.execute(
            insert(kiosks).values(
                id=kiosk.id, extension=kiosk.extension, name=name, created_by=row.created_by, created_at=at
            )
        )
        by = Author(ActorKind.KIOSK, name or f"operator {kiosk.extension}", kiosk.id)
        await append_within(
            connection, [by.entry("kiosk.bind", "kiosk", kiosk.id, extension=kiosk.extension)]
        )
    return kiosk


async def list_kiosks(store: Store) -> list[Kiosk]:
    """Return the kiosks that are bound, by extension."""
    query = select(kiosks.c.id, kiosks.c.extension, kiosks.c.name, kiosks.c.created_at, kiosks.c.revoked_at)
    query = query.where(kiosks.c.revoked_at.is_(None)).order_by(kiosks.c.extension, kiosks.c.created_at)
    async with store.read() as connection:
        return [Kiosk(*row) for row in await connection.execute(query)]


async def revoke_kiosk(store: Store, kiosk_id: str, by: Author, at: datetime) -> bool:
    """Unbind a PC: its session ends; False when it was unbound already."""
    async with store.begin() as connection:
        done = await connection.execute(
            update(kiosks).where(kiosks.c.id == kiosk_id, kiosks.c.revoked_at.is_(None)).values(revoked_at=at)
        )
        if not done.rowcount:
            return False
        await append_within(connection, [by.entry("kiosk.revoke", "kiosk", kiosk_id)])
    return True


async def _open(connection: AsyncConnection, at: datetime) -> list[KioskCode]:
    query = (
        select(
            kiosk_codes.c.code_hash,
            kiosk_codes.c.extension,
            kiosk_codes.c.created_at,
            kiosk_codes.c.expires_at,
        )
        .where(
            kiosk_codes.c.used_at.is_(None),
            kiosk_codes.c.revoked_at.is_(None),
            kiosk_codes.c.expires_at > at,
        )
        .order_by(kiosk_codes.c.created_at.desc())
    )
    return [KioskCode(*row) for row in await connection.execute(query)]
