"""Changes of people, each with its entry in the audit: both are in the database, or neither."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.log import append_within
from kikimori_records.errors import StoreError
from kikimori_records.people.plan import PLAIN, Differences, differences, first_values
from kikimori_records.people.queries import UnknownPersonError, add_within, change_within, within_by_id
from kikimori_records.schema import people
from kikimori_records.sessions.queries import end_sessions_within

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.people.person import NewPerson, Person
    from kikimori_records.people.plan import ImportPlan, PersonPlan
    from kikimori_records.store import Store


DISPLAY = frozenset({"wall"})
"""Roles of a display and of nobody else."""


class LastAdminError(StoreError):
    """The change would leave an office without anybody who may change people."""


@dataclass(frozen=True, slots=True)
class Author:
    """Somebody who changes people, as the audit names them."""

    kind: ActorKind
    name: str
    id: str | None = None

    def entry(self, action: str, kind: str, object_id: str, **details: Any) -> AuditEntry:
        return AuditEntry(action, self.kind, self.name, self.id, kind, object_id, details=details)


async def add_person(store: Store, new: NewPerson, by: Author) -> Person:
    """Add a person; raises DuplicateLoginError."""
    async with store.begin() as connection:
        person = await add_within(connection, new)
        await append_within(connection, [_added(person, new, by)])
    return person


async def change_person(
    store: Store,
    person_id: str,
    values: Mapping[str, Any],
    by: Author,
    *,
    disabled: bool | None = None,
) -> Person:
    """Change columns of `plan.PLAIN`, and whether the person is disabled; what is the same is no change.

    Raises:
        UnknownPersonError: nobody has this id.
        DuplicateLoginError: another person has this login.
        LastAdminError: the last administrator would be none.
    """
    async with store.begin() as connection:
        person = await within_by_id(connection, person_id)
        if person is None:
            raise UnknownPersonError.of("no_such_person")
        changed, entries = await _changed_within(connection, person, values, disabled, by)
        await _require_admin(connection, [person])
        await append_within(connection, entries)
    return changed


async def import_people(store: Store, plan: ImportPlan, by: Author) -> None:
    """Carry out a whole plan in one transaction; raises as `change_person` does, and then nothing was done."""
    async with store.begin() as connection:
        entries: list[AuditEntry] = []
        for each in plan.change:
            entries += await _carried_out(connection, each, by)
        for each in plan.add:
            if each.new is not None:
                entries.append(_added(await add_within(connection, each.new), each.new, by))
        await _require_admin(connection, [each.person for each in plan.change if each.person])
        await append_within(connection, entries)


async def _carried_out(connection: AsyncConnection, plan: PersonPlan, by: Author) -> list[AuditEntry]:
    """Change one person of a plan, as they are now: the plan may be some minutes old."""
    person = await within_by_id(connection, plan.person.id) if plan.person else None
    if person is None:
        raise UnknownPersonError.of("person_gone", person=plan.title)
    _, entries = await _changed_within(connection, person, plan.values, plan.disabled, by)
    return entries


async def _changed_within(
    connection: AsyncConnection,
    person: Person,
    values: Mapping[str, Any],
    disabled: bool | None,
    by: Author,
) -> tuple[Person, list[AuditEntry]]:
    if unknown := values.keys() - set(PLAIN):
        raise ValueError(f"no columns that are changed here: {', '.join(sorted(unknown))}")
    changed = differences(person, values)
    columns = {each: values[each] for each in changed}
    entries = []
    if changed:
        more = {"own": True} if by.id == person.id and "roles" in changed else {}
        entries.append(_entry("person.change", person, changed, by, **more))
    if disabled is not None and disabled != (person.disabled_at is not None):
        columns["disabled_at"] = datetime.now(UTC) if disabled else None
        entries.append(_entry("person.disable" if disabled else "person.enable", person, {}, by))
    if not columns:
        return person, []
    if disabled or ("roles" in changed and person.roles == DISPLAY):
        # Those of a display last a year: they are not to become somebody's who may press. And who is enabled again signs in.
        reason = "disabled" if disabled else "rights_changed"
        await end_sessions_within(connection, person.id, reason, datetime.now(UTC))
    return await change_within(connection, person.id, **columns), entries


def _added(person: Person, new: NewPerson, by: Author) -> AuditEntry:
    return _entry("person.add", person, first_values(new), by)


def _entry(action: str, person: Person, changed: Differences, by: Author, **more: Any) -> AuditEntry:
    said = {column: [old, new] for column, (old, new) in changed.items()}
    return by.entry(action, "person", person.id, name=person.name, changed=said, **more)


async def _require_admin(connection: AsyncConnection, before: Iterable[Person]) -> None:
    """Raise LastAdminError if one of these was an administrator and none is left who can sign in."""
    if not any("admin" in each.roles and each.disabled_at is None for each in before):
        return
    query = select(people.c.roles).where(people.c.disabled_at.is_(None), people.c.login.is_not(None))
    found = (await connection.execute(query)).scalars()
    if not any("admin" in roles for roles in found):
        raise LastAdminError.of("last_admin")
