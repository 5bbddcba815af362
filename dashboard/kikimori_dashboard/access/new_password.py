"""A password that somebody else sets: the person changes it at the next login."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from kikimori_dashboard.access.passwords import Passwords
from kikimori_records import people, sessions
from kikimori_records.audit.log import append
from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from kikimori_records.people import Person
    from kikimori_records.people.changes import Author
    from kikimori_records.store import Store


async def set_password(store: Store, person: Person, password: str, by: Author) -> None:
    """Set a person's password and end their sessions.

    Raises:
        StoreError: the password is refused, or the person has no login.
    """
    if person.login is None:
        raise StoreError.of("person_no_login", person=person.name)
    passwords = Passwords()
    try:
        if (fault := await passwords.fault_of(password, person.login)) is not None:
            raise StoreError.of(f"refused_{fault}")
        made = await passwords.hash(password)
    finally:
        passwords.close()
    await people.change(store, person.id, password_hash=made, must_change=True)
    await sessions.end_sessions_of(store, person.id, "password_set", datetime.now(UTC))
    await sessions.forget_devices(store, person.id)
    await append(store, by.entry("password.set", "person", person.id))
