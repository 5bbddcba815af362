"""Three people to try in the demo, each with a link that signs them in once and a password for later."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_dashboard.access.links import demo_link
from kikimori_dashboard.access.passwords import Passwords
from kikimori_records.people import NewPerson, add

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_records.store import Store

NAMES = {"supervisor": "課長 木村", "operator": "応対者", "admin": "管理者 森"}
"""Names by login, which is the role too."""


@dataclass(frozen=True, slots=True)
class DemoPerson:
    """Somebody of the demo's office."""

    login: str
    name: str
    link: str
    """Path that signs them in once."""


async def add_people(store: Store, extensions: Sequence[str], name: str) -> tuple[str, list[DemoPerson]]:
    """Add supervisor, operator and administrator; return their common password, and the people.

    `extensions` and `name`: of the operator.
    """
    password = secrets.token_urlsafe(9)
    passwords = Passwords()
    try:
        password_hash = await passwords.hash(password)
    finally:
        passwords.close()
    found = []
    for login, known in NAMES.items():
        operator = login == "operator"
        person = await add(
            store,
            NewPerson(
                name if operator else known,
                login,
                frozenset({login}),
                frozenset(extensions) if operator else frozenset(),
                password_hash=password_hash,
            ),
        )
        found.append(DemoPerson(login, person.name, await demo_link(store, person.id)))
    return password, found
