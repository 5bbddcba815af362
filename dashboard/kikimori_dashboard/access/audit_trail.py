"""Entries of the audit, written in their order in the background: no press waits for the database.

Those that came meanwhile are written together, so that somebody who presses as fast as the server answers leaves no entry out.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import structlog

from kikimori_records.audit import log as audit_log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.waiting import one_more
from kikimori_records.people.changes import Author

if TYPE_CHECKING:
    from kikimori_dashboard.access.who import Principal
    from kikimori_records.audit.waiting import LeftOut
    from kikimori_records.store import Store

log = structlog.get_logger()

MOST_WAITING = 10_000
"""Entries in memory; beyond them an entry is counted and lost, which log and audit tell."""


class AuditTrail:
    """Writes what people do into the audit."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: asyncio.Queue[AuditEntry] = asyncio.Queue(MOST_WAITING)
        self._writing: list[AuditEntry] = []
        self._lost: LeftOut | None = None

    def note(
        self,
        who: Principal | None,
        action: str,
        *,
        outcome: str = "done",
        about: tuple[str, str] | None = None,
        **details: Any,
    ) -> None:
        """Note something that was done, or refused.

        Args:
            who: None = somebody who is not signed in.
            action: Noun and verb, e.g. `session.begin`.
            outcome: `done`, `refused`, `failed`, or an agent's answer.
            about: Kind and id of the object.
            details: No words of a call, no secrets.
        """
        entry = self.entry(who, action, outcome=outcome, about=about, **details)
        try:
            self._waiting.put_nowait(entry)
        except asyncio.QueueFull:
            self._lose(action)

    @staticmethod
    def entry(
        who: Principal | None,
        action: str,
        *,
        outcome: str = "done",
        about: tuple[str, str] | None = None,
        **details: Any,
    ) -> AuditEntry:
        """Return an entry without noting it; see `note`."""
        by = Author(ActorKind.SYSTEM, "") if who is None else author_of(who)
        return AuditEntry(
            action,
            by.kind,
            by.name,
            by.id,
            object_kind=about[0] if about else None,
            object_id=about[1] if about else None,
            outcome=outcome,
            details=details,
        )

    async def write(self) -> None:
        """Write the entries until cancelled."""
        while True:
            self._writing = [await self._waiting.get(), *self._more(audit_log.AT_ONCE - 1)]
            await audit_log.append(self._store, *self._writing)
            self._writing = []

    async def finish(self) -> None:
        """Write what still waits: the dashboard stops. An entry that was half written is known by its id."""
        left = self._writing or self._more(audit_log.AT_ONCE)
        while left:
            await audit_log.append(self._store, *left)
            left = self._more(audit_log.AT_ONCE)

    def _more(self, most: int) -> list[AuditEntry]:
        """Take further entries that wait, and behind the last of them that some were lost."""
        found = [self._waiting.get_nowait() for _ in range(min(most, self._waiting.qsize()))]
        if self._lost is not None and self._waiting.empty():
            found.append(audit_log.left_out(*self._lost))
            self._lost = None
        return found

    def _lose(self, action: str) -> None:
        if self._lost is None:
            log.error("audit_entry_lost", action=action)
        self._lost = one_more(self._lost)


def author_of(who: Principal) -> Author:
    """Return somebody as the author of changes."""
    kind = ActorKind.KIOSK if who.kiosk_id is not None else ActorKind.PERSON
    return Author(kind, who.name, who.person_id or who.kiosk_id)
