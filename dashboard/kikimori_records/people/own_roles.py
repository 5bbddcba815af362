"""Roles that people gave to themselves, from the audit: supervisors are shown them for a while."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from kikimori_records.schema import audit

if TYPE_CHECKING:
    from datetime import datetime

    from kikimori_records.store import Store


@dataclass(frozen=True, slots=True)
class OwnRoles:
    """A change of somebody's own roles."""

    name: str
    added: tuple[str, ...]
    at: datetime


async def own_roles_since(store: Store, since: datetime) -> list[OwnRoles]:
    """Return the roles that people gave to themselves since a time, the oldest first."""
    query = (
        select(audit.c.actor_name, audit.c.details, audit.c.at)
        .where(audit.c.action == "person.change", audit.c.at >= since)
        .order_by(audit.c.number)
    )
    found = []
    async with store.read() as connection:
        for name, details, at in await connection.execute(query):
            if details.get("own"):
                before, after = details["changed"]["roles"]
                if added := tuple(sorted(set(after) - set(before))):
                    found.append(OwnRoles(name, added, at))
    return found
