"""Watch over the calls that pages have open: what changes in the database reaches them within two seconds."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from kikimori_core.cancellation import run_cancellable
from kikimori_records.calls.tables import recorded_calls
from kikimori_records.keeping.tables import removals
from kikimori_records.store_following import follow_store

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from kikimori_records.store import Store


LOOK_EVERY_S = 0.5


@dataclass(frozen=True, slots=True)
class CallStanding:
    """State of a recorded call that may change while somebody reads or hears it."""

    sound: str
    """As the database has it, see `docs/record.md`."""
    erased: bool
    removed: frozenset[str] = frozenset()
    """Kinds of data that were removed."""

    @property
    def plays(self) -> bool:
        """Return whether its sound may be sent."""
        return self.sound == "kept" and not self.erased

    def view(self) -> dict[str, Any]:
        """Return it as pages get it."""
        return {"sound": self.sound, "erased": self.erased, "removed": sorted(self.removed)}


GONE = CallStanding("erased", erased=True)


class OpenCalls:
    """Listeners by call; two queries each time for all of them, none while there are none."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._listeners: dict[str, list[Callable[[CallStanding], None]]] = {}

    @contextmanager
    def followed(self, uid: str, told: Callable[[CallStanding], None]) -> Iterator[None]:
        """Call `told` every `LOOK_EVERY_S` or so, as long as the context is open."""
        self._listeners.setdefault(uid, []).append(told)
        try:
            yield
        finally:
            self._listeners[uid].remove(told)
            if not self._listeners[uid]:
                del self._listeners[uid]

    async def keep(self) -> None:
        """Look until cancelled."""
        await follow_store(partial(run_cancellable, self.look), LOOK_EVERY_S, "open_calls_not_read")

    async def look(self) -> None:
        """Tell every listener how its call stands. Raises StoreError."""
        asked = list(self._listeners)
        if not asked:
            return
        found = await self._read(asked)
        for uid in asked:
            for told in tuple(self._listeners.get(uid, ())):
                told(found.get(uid, GONE))

    async def _read(self, uids: list[str]) -> dict[str, CallStanding]:
        calls = recorded_calls.c
        query = select(calls.uid, calls.sound, calls.erased_at).where(calls.uid.in_(uids))
        removed: dict[str, set[str]] = {}
        async with self._store.read() as connection:
            rows: list[Any] = list(await connection.execute(query))
            gone = select(removals.c.uid, removals.c.kind).where(removals.c.uid.in_(uids))
            for uid, kind in await connection.execute(gone):
                removed.setdefault(uid, set()).add(kind)
        return {
            uid: CallStanding(sound, erased_at is not None, frozenset(removed.get(uid, ())))
            for uid, sound, erased_at in rows
        }
