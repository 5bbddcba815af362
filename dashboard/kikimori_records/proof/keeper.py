"""Task of the records service that closes days, has their heads kept outside, and adds up what was heard."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from kikimori_core.cancellation import run_cancellable, run_whole
from kikimori_core.wire.problem import Problem
from kikimori_records.errors import StoreError
from kikimori_records.proof import queries
from kikimori_records.proof.accounts import count_day, keep_accounts
from kikimori_records.proof.anchor_file import FileAnchor
from kikimori_records.proof.anchor_mail import MailAnchor
from kikimori_records.proof.anchor_post import PostAnchor
from kikimori_records.proof.anchoring import FIRST_RETRY_S, AnchorDelivery
from kikimori_records.proof.closing import close_days
from kikimori_records.proof.days import day_of, last_closed_day
from kikimori_records.proof.time_stamps import TimeStampAnchor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from collections.abc import Set as AbstractSet

    from kikimori_core.journal.anchor_settings import AnchorTable
    from kikimori_records.proof.accounts import DayAccounts, OpenCall
    from kikimori_records.proof.anchor import Anchor
    from kikimori_records.proof.office import RecordedOffice
    from kikimori_records.store import Store

log = structlog.get_logger()

EVERY_S = 60.0
ACCOUNTS_EVERY = timedelta(minutes=10)
ACCOUNT_DAYS = 4
"""Days that are added up again, today among them: agents ship late."""


class ProofKeeper:
    """Closing of days, anchoring of their heads, and accounts, for one office."""

    def __init__(
        self,
        store: Store,
        anchors: AnchorTable,
        office: RecordedOffice,
        open_calls: Callable[[], AbstractSet[OpenCall]] = frozenset,
        *,
        every_s: float = EVERY_S,
        first_retry_s: float = FIRST_RETRY_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`open_calls`: calls that have begun and are not in the history yet; `clock`: the time by which days end."""
        self._store = store
        self._zone = office.zone
        self._open_calls = open_calls
        self._every_s = every_s
        self._clock = clock
        self._account_at = datetime.min.replace(tzinfo=UTC)
        self._missing: list[DayAccounts] = []
        places = anchors_of(anchors, office)
        self._deliveries = [AnchorDelivery(each, first_retry_s=first_retry_s) for each in places]

    def problems(self) -> list[Problem]:
        """Return which places get no heads and why, and the days on which calls are missing."""
        missing = [
            Problem.of(
                "record_missing", day=each.day, agent=each.agent_id, missing=each.missing, heard=each.heard
            )
            for each in self._missing
        ]
        return missing + [found for each in self._deliveries if (found := each.problem) is not None]

    async def run(self) -> None:
        """Close, anchor and add up until cancelled."""
        while True:
            try:
                await run_cancellable(self.once)
            except (StoreError, SQLAlchemyError) as error:
                # The store tells of itself; the days are closed when it is back.
                log.warning("record_days_wait", error=type(error).__name__)
            await asyncio.sleep(self._every_s)

    async def once(self) -> None:
        """Do what is due. Raises StoreError."""
        await run_whole(self._close)
        if (now := self._clock()) >= self._account_at:
            await run_whole(lambda: self._account(now))
            self._account_at = now + ACCOUNTS_EVERY
        given = (each.give(self._store) for each in self._deliveries)
        # All have ended then: one that goes on beside the next round would write the same notes.
        for found in await asyncio.gather(*given, return_exceptions=True):
            if isinstance(found, BaseException):
                raise found

    async def _close(self) -> None:
        now = self._clock()
        async with self._store.read() as connection:
            is_closed = await queries.is_closed(connection, last_closed_day(now, self._zone).isoformat())
        # Once a day: what comes later is in the next night's supplements, not in a tree for each call.
        if not is_closed:
            for each in await close_days(self._store, now, self._zone):
                log.info("record_day_closed", day=each.day, part=each.part, calls=each.count)

    async def _account(self, now: datetime) -> None:
        """Add up the last days; where one does not add up, it is a problem."""
        missing = []
        for back in range(ACCOUNT_DAYS):
            day = day_of(now, self._zone) - timedelta(days=back)
            # Before the question: a call that is put into the history meanwhile is counted at least once.
            open_calls = self._open_calls()
            async with self._store.read() as connection:
                found = await count_day(connection, day, self._zone, open_calls, now)
            async with self._store.begin() as connection:
                await keep_accounts(connection, day.isoformat(), found)
            missing += [each for each in found if each.missing]
        known = {(each.day, each.agent_id, each.missing) for each in self._missing}
        for each in missing:
            if (each.day, each.agent_id, each.missing) not in known:
                log.error("record_missing", day=each.day, calls=each.missing)
        self._missing = missing


def anchors_of(table: AnchorTable, office: RecordedOffice) -> Iterator[Anchor]:
    """Give each place that is configured."""
    if table.folder is not None:
        yield FileAnchor(table.folder)
    if table.url is not None:
        yield PostAnchor(table.url, table.ca_file, table.token_file)
    if table.mail is not None:
        yield MailAnchor(table.mail, office.site, office.language, office.zone)
    if table.timestamps is not None:
        yield TimeStampAnchor(table.timestamps)
