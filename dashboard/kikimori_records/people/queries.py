"""Queries of the directory. Every function takes the store, or a connection of a transaction that does more."""

from __future__ import annotations

import uuid
from dataclasses import asdict
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from kikimori_records.errors import StoreError
from kikimori_records.people.person import ROLES, NewPerson, Person, plain_login
from kikimori_records.schema import people, person_extensions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import RowMapping
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.store import Store

CHANGEABLE = frozenset(people.c.keys()) - {"id", "created_at", "changed_at"} | {"extensions"}


class DuplicateLoginError(StoreError):
    """Another person has this login."""


class UnknownPersonError(StoreError):
    """Nobody has this id."""


async def add(store: Store, new: NewPerson) -> Person:
    """Add a person and return the row; raises DuplicateLoginError, ValueError for an unknown role."""
    async with store.begin() as connection:
        return await add_within(connection, new)


async def add_within(connection: AsyncConnection, new: NewPerson) -> Person:
    """Add a person within a transaction; see `add`."""
    now = datetime.now(UTC)
    person_id = uuid.uuid4().hex
    row = {name: value for name, value in asdict(new).items() if name != "extensions"}
    row |= {"id": person_id, "created_at": now, "changed_at": now} | _kept(row)
    try:
        await connection.execute(insert(people).values(**row))
    except IntegrityError:
        raise _duplicate(new.login) from None
    await _set_extensions(connection, person_id, new.extensions)
    found = await within_by_id(connection, person_id)
    assert found is not None  # noqa: S101  (inserted in this transaction)
    return found


async def change(store: Store, person_id: str, **changed: Any) -> Person:
    """Change columns of a person, `extensions` too; see `change_within`."""
    async with store.begin() as connection:
        return await change_within(connection, person_id, **changed)


async def change_within(connection: AsyncConnection, person_id: str, **changed: Any) -> Person:
    """Change columns of a person within a transaction and return the row.

    Raises:
        UnknownPersonError: nobody has this id.
        DuplicateLoginError: another person has this login.
        ValueError: an unknown column or role.
    """
    if unknown := changed.keys() - CHANGEABLE:
        raise ValueError(f"no columns of a person: {', '.join(sorted(unknown))}")
    row = {name: value for name, value in changed.items() if name != "extensions"}
    row |= {"changed_at": datetime.now(UTC)} | _kept(row)
    try:
        done = await connection.execute(update(people).where(people.c.id == person_id).values(**row))
    except IntegrityError:
        raise _duplicate(changed.get("login")) from None
    if not done.rowcount:
        raise UnknownPersonError.of("no_such_person")
    if "extensions" in changed:
        await _set_extensions(connection, person_id, changed["extensions"])
    found = await within_by_id(connection, person_id)
    assert found is not None  # noqa: S101  (changed in this transaction)
    return found


async def list_people(store: Store, *, disabled: bool = False) -> list[Person]:
    """Return everybody by name; with `disabled` those too who were."""
    query = select(people).order_by(people.c.name, people.c.id)
    if not disabled:
        query = query.where(people.c.disabled_at.is_(None))
    async with store.read() as connection:
        rows = (await connection.execute(query)).mappings().all()
        extensions: dict[str, set[str]] = {}
        for person_id, extension in await connection.execute(select(person_extensions)):
            extensions.setdefault(person_id, set()).add(extension)
    return [_person(row, extensions.get(row["id"], ())) for row in rows]


async def person_by_id(store: Store, person_id: str) -> Person | None:
    async with store.read() as connection:
        return await within_by_id(connection, person_id)


async def person_by_login(store: Store, login: str) -> Person | None:
    """Return the person with this login, disabled or not; None where there is none."""
    query = select(people).where(people.c.login == plain_login(login))
    async with store.read() as connection:
        return await _one(connection, query)


async def within_by_id(connection: AsyncConnection, person_id: str) -> Person | None:
    return await _one(connection, select(people).where(people.c.id == person_id))


async def _one(connection: AsyncConnection, query: Any) -> Person | None:
    row = (await connection.execute(query)).mappings().one_or_none()
    if row is None:
        return None
    own = select(person_extensions.c.extension).where(person_extensions.c.person_id == row["id"])
    return _person(row, (await connection.execute(own)).scalars())


async def _set_extensions(connection: AsyncConnection, person_id: str, extensions: Iterable[str]) -> None:
    await connection.execute(delete(person_extensions).where(person_extensions.c.person_id == person_id))
    if rows := [{"person_id": person_id, "extension": each} for each in sorted(set(extensions))]:
        await connection.execute(insert(person_extensions), rows)


def _kept(row: dict[str, Any]) -> dict[str, Any]:
    """Return those columns that are kept in another form than they are given."""
    kept: dict[str, Any] = {}
    if row.get("login") is not None:
        kept["login"] = plain_login(row["login"])
    if "roles" in row:
        kept["roles"] = sorted(set(row["roles"]))
        if unknown := set(kept["roles"]) - set(ROLES):
            raise ValueError(f"no roles: {', '.join(sorted(unknown))}")
    return kept


def _duplicate(login: str | None) -> DuplicateLoginError:
    return DuplicateLoginError.of("login_taken", login=login)


def _person(row: RowMapping, extensions: Iterable[str]) -> Person:
    return Person(**{**row, "roles": frozenset(row["roles"]), "extensions": frozenset(extensions)})
