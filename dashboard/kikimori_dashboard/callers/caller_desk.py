"""Callers of ringing and running calls, looked up in the database when a call appears, and told to pages and agents.

No page waits for it: a call is shown at once, and the caller's line when the answer is there. While the database is away or slow
nothing is known, and what was read stays with its call.
"""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori_core.wire.evidence import MOST_DAYS
from kikimori_dashboard.site.changes import PicturePart
from kikimori_dashboard.site.known_caller import KnownCaller, known_caller
from kikimori_records.callers.contacts import counts_of, days_of, last_contacts
from kikimori_records.callers.key import office_pseudonyms
from kikimori_records.callers.queries import customers_of
from kikimori_records.errors import StoreAwayError, StoreError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from kikimori_dashboard.site.call_entry import CallEntry
    from kikimori_dashboard.site.changes import Key
    from kikimori_dashboard.site.ringing_book import RingingEntry
    from kikimori_dashboard.site.state import SiteState
    from kikimori_records.keeping.pseudonyms import Pseudonyms
    from kikimori_records.store import Store

log = structlog.get_logger()

LOOK_EVERY_S = 0.25
READ_EVERY_S = 20.0
"""Interval in s at which the callers of all these calls are read again: an entry was changed, or a caller erased."""
WITHIN_S = 2.0
AT_ONCE = 200
"""Most callers in one look."""


class CallerDesk:
    """Callers of one dashboard's calls."""

    def __init__(
        self,
        store: Store,
        folder: Callable[[], Path],
        state: SiteState,
        changed: Callable[[], None],
        tell: Callable[[str, str, KnownCaller], None] = lambda _agent_id, _call_id, _known: None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`folder`: returns the folder of the records; `tell`: called with agent, call and caller after each reading."""
        self._store = store
        self._folder = folder
        self._state = state
        self._changed = changed
        self._tell = tell
        self._now = now
        self._pseudonyms: Pseudonyms | None = None
        self._numbers: dict[Key, str | None] = {}
        """Number by which each call was looked up."""
        self._all_at = float("-inf")
        self._fault = ""

    async def pseudonyms(self) -> Pseudonyms:
        """Return the office's pseudonyms; raises StoreError, OSError."""
        if self._pseudonyms is None:
            self._pseudonyms = await office_pseudonyms(self._store, self._folder())
        return self._pseudonyms

    def read_again(self) -> None:
        """Have all calls looked up anew, e.g. after a change of the customers' list."""
        self._all_at = float("-inf")

    async def keep(self) -> None:
        """Follow the calls until cancelled."""
        while True:
            pause_s = LOOK_EVERY_S
            try:
                await self.look()
                self._fault = ""
            except StoreAwayError:
                pause_s = WITHIN_S
            except (StoreError, OSError) as error:
                pause_s = READ_EVERY_S
                if str(error) != self._fault:
                    self._fault = str(error)
                    log.warning("callers_not_known", error=type(error).__name__, reason=self._fault)
            await asyncio.sleep(pause_s)

    async def look(self) -> None:
        """Look up the callers of calls that are new, or whose caller became known; raises StoreError, OSError."""
        present = self._present()
        self._numbers = {key: number for key, number in self._numbers.items() if key in present}
        now_s = asyncio.get_running_loop().time()
        every = now_s - self._all_at >= READ_EVERY_S
        numbers = {
            key: number for key, number in present.items() if every or self._numbers.get(key, "") != number
        }
        if not numbers:
            return
        pseudonyms = await self.pseudonyms()
        keys = {call: key for call, number in numbers.items() if (key := pseudonyms.of(number))}
        callers = sorted(set(keys.values()))
        found: dict[str, KnownCaller] = {}
        for at in range(0, len(callers), AT_ONCE):
            found |= await self._read(callers[at : at + AT_ONCE])
        for call, number in numbers.items():
            self._numbers[call] = number
            self._show(call, found.get(keys.get(call, "")))
        if every:
            self._all_at = now_s

    async def _read(self, keys: Collection[str]) -> dict[str, KnownCaller]:
        async with self._store.read(within_s=WITHIN_S) as connection:
            customers = await customers_of(connection, keys)
            every = {each for customer in customers.values() for each in customer.keys} | set(keys)
            counts = await counts_of(connection, every)
            last = await last_contacts(connection, counts)
            days = await days_of(connection, counts, self._now(), MOST_DAYS)
        found = {}
        for key in keys:
            customer = customers.get(key)
            own = (key,) if customer is None else customer.keys
            made = known_caller(
                key,
                customer,
                (counts.get(each, 0) for each in own),
                (last.get(each, ()) for each in own),
                (days.get(each, ()) for each in own),
            )
            if customer is not None or made.contacts:
                found[key] = made
        return found

    def _present(self) -> dict[Key, str | None]:
        """Return the callers' numbers of all calls, those that ring first: somebody is about to answer."""
        state = self._state
        found = {
            (PicturePart.RINGING, call_id): entry.call.caller.number
            for call_id, entry in state.ringing.calls.items()
        }
        return found | {
            (PicturePart.CALLS, call_id): entry.state.caller.number for call_id, entry in state.calls.items()
        }

    def _show(self, call: Key, known: KnownCaller | None) -> None:
        """Show a call's caller; nothing where it ended meanwhile."""
        part, call_id = call
        calls: Mapping[str, CallEntry | RingingEntry] = self._state.calls
        if part is PicturePart.RINGING:
            calls = self._state.ringing.calls
        entry = calls.get(call_id)
        if entry is None:
            return
        if known is not None and known.days:
            self._tell(entry.agent_id, call_id, known)
        if entry.known != known:
            entry.known = known
            self._state.changes.touch(part, call_id)
            self._changed()
