"""The directory at work: read from the store, shown on the pages, told to the agents.

While the database is away what was read last goes on, in the agents even without a dashboard.
"""

from __future__ import annotations

import asyncio
import unicodedata
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import func, select

from kikimori_core.wire.directory import zone_of
from kikimori_core.wire.opening_hours import next_opening
from kikimori_records.audit.entry import ActorKind
from kikimori_records.errors import StoreError
from kikimori_records.people import list_people
from kikimori_records.people.changes import Author
from kikimori_records.people.for_agents import next_number, read_directory
from kikimori_records.people.own_roles import own_roles_since
from kikimori_records.people.seatings import SeatingSource, seated_at, sit_down
from kikimori_records.people.superiors import import_former, list_superiors
from kikimori_records.schema import people, seatings, superiors

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from kikimori_core.wire.directory import Directory
    from kikimori_core.wire.messages import Party
    from kikimori_dashboard.broker.directory_outlet import DirectoryOutlet
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.people import Person
    from kikimori_records.people.seatings import Seating
    from kikimori_records.people.superiors import SuperiorRow
    from kikimori_records.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 2.0
"""Interval in s between looks whether something changed: a command or another dashboard may have changed it."""
OWN_ROLES_SHOWN = timedelta(hours=24)
READ_EVERY_S = 60.0
"""Interval in s at which everything is read again: a seating ends by the clock."""


class DirectoryDesk:
    """Directory of one dashboard."""

    def __init__(
        self,
        store: Store,
        site: str,
        time_zone: str,
        state: SiteState,
        outlet: DirectoryOutlet,
        *,
        former: Party | None = None,
        changed: Callable[[], None] = lambda: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`former`: the `[pbx] superior` of the configuration file, where it is written there; `changed`: see `Live`."""
        self._changed = changed
        self._store = store
        self._site = site
        self._zone = time_zone
        self._state = state
        self._outlet = outlet
        self._former = former
        self._now = now
        self._mark: tuple[object, ...] = ()
        self._read_at = float("-inf")
        self._told: Directory | None = None
        self._superiors: list[SuperiorRow] = []
        self._own_roles: list[dict[str, Any]] = []
        self._seated: dict[str, Seating] = {}
        self._by_name: dict[str, Person | None] = {}
        """Operators by their name without spaces; None for a name of several."""

    async def keep(self) -> None:
        """Follow the store until cancelled."""
        while True:
            try:
                await self.look()
            except StoreError as error:
                log.debug("directory_not_read", error=type(error).__name__)
            self._show_superiors()
            await asyncio.sleep(LOOK_EVERY_S)

    async def look(self) -> None:
        """Read the directory if it changed, and have it told; raises StoreError."""
        if self._former is not None and self._former.number:
            if await import_former(self._store, self._former.number, self._former.name):
                log.info("superior_imported")
            self._former = None
        await self._note_named_by_pbx()
        mark = await self._changed_mark()
        now_s = asyncio.get_running_loop().time()
        if mark == self._mark and now_s - self._read_at < READ_EVERY_S:
            return
        self._seated = await seated_at(self._store, self._now())
        seated = {extension: each.name for extension, each in self._seated.items()}
        found = await read_directory(self._store, self._site, self._zone, seated)
        self._superiors = await list_superiors(self._store)
        self._by_name = _by_name(await list_people(self._store))
        self._own_roles = [
            {"name": each.name, "added": list(each.added), "at": each.at.isoformat()}
            for each in await own_roles_since(self._store, self._now() - OWN_ROLES_SHOWN)
        ]
        if self._told is None or _content(found) != _content(self._told):
            number = await next_number(self._store, self._now())
            self._outlet.show(found.model_copy(update={"number": number}))
            self._told = found
        self._mark, self._read_at = mark, now_s
        self._show_superiors()

    async def _note_named_by_pbx(self) -> None:
        """Note who sits where by the names that the PBX tells; what was chosen or corrected there goes before it."""
        for entry in list(self._state.calls.values()):
            operator = entry.state.operator
            if not operator.number or not operator.name or operator.named_by is not None:
                continue
            person = self._by_name.get(_plain(operator.name))
            known = self._seated.get(operator.number)
            if (
                person is None
                or (known and known.source != SeatingSource.PBX)
                or (known and known.person_id == person.id)
            ):
                continue
            by = Author(ActorKind.SYSTEM, "PBX")
            now = self._now()
            self._seated[operator.number] = await sit_down(
                self._store, operator.number, person.id, SeatingSource.PBX, by, now
            )

    def _show_superiors(self) -> None:
        moment = self._now().astimezone(zone_of(self._zone))
        shown = [
            {
                "id": each.id,
                "name": each.name,
                "number": each.number,
                "open": each.is_open(moment),
                "person_id": each.person_id,
            }
            for each in self._superiors
        ]
        names_people = bool(self._told and self._told.operators)
        if self._state.directory.show(
            shown, self._own_roles, names_people=names_people, help_=help_now(self._superiors, moment)
        ):
            self._changed()

    async def _changed_mark(self) -> tuple[object, ...]:
        """Return something that differs after every change."""
        async with self._store.read() as connection:
            rows = await connection.execute(select(superiors).order_by(superiors.c.id))
            counted = select(func.count(people.c.id), func.max(people.c.changed_at))
            seats = select(
                func.count(seatings.c.id), func.count(seatings.c.until), func.max(seatings.c.changed_at)
            )
            return (
                str(rows.all()),
                *(await connection.execute(counted)).one(),
                *(await connection.execute(seats)).one(),
            )


def help_now(superiors: list[SuperiorRow], moment: datetime) -> dict[str, str | None] | None:
    """Return what the pages say of help before it is called; see `SiteDirectory.help`."""
    if not superiors:
        return None
    first = next((each for each in superiors if each.is_open(moment)), None)
    if first is not None:
        return {"name": first.name, "opens_at": None}
    opening = [at for each in superiors if (at := next_opening(each.hours, moment)) is not None]
    return {"name": None, "opens_at": min(opening).isoformat() if opening else None}


def _by_name(people: Iterable[Person]) -> dict[str, Person | None]:
    found: dict[str, Person | None] = {}
    for each in people:
        if "operator" in each.roles:
            name = _plain(each.name)
            found[name] = None if name in found else each
    return found


def _plain(name: str) -> str:
    return "".join(unicodedata.normalize("NFKC", name).split())


def _content(directory: Directory) -> Directory:
    return directory.model_copy(update={"number": 1, "made_at": datetime.min.replace(tzinfo=UTC)})
