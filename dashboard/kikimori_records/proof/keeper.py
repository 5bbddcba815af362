"""Task of the records service that closes days and has their heads kept outside."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog
from sqlalchemy.exc import SQLAlchemyError

from kikimori_core.cancellation import run_cancellable, run_whole
from kikimori_records.errors import StoreError
from kikimori_records.proof import queries
from kikimori_records.proof.anchor_file import FileAnchor
from kikimori_records.proof.anchor_mail import MailAnchor
from kikimori_records.proof.anchor_post import PostAnchor
from kikimori_records.proof.anchoring import FIRST_RETRY_S, AnchorDelivery
from kikimori_records.proof.closing import close_days
from kikimori_records.proof.days import last_closed_day
from kikimori_records.proof.time_stamps import TimeStampAnchor

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import tzinfo

    from kikimori_core.journal.anchor_settings import AnchorTable
    from kikimori_core.messages import Language
    from kikimori_core.wire.problem import Problem
    from kikimori_records.proof.anchor import Anchor
    from kikimori_records.store import Store

log = structlog.get_logger()

EVERY_S = 60.0


class ProofKeeper:
    """Closing of days and anchoring of their heads, for one site."""

    def __init__(
        self,
        store: Store,
        anchors: AnchorTable,
        site: str,
        language: Language,
        zone: tzinfo,
        *,
        every_s: float = EVERY_S,
        first_retry_s: float = FIRST_RETRY_S,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        """`site`: name in mails; `clock`: the time by which days end."""
        self._store = store
        self._zone = zone
        self._every_s = every_s
        self._clock = clock
        places = anchors_of(anchors, site, language, zone)
        self._deliveries = [AnchorDelivery(each, first_retry_s=first_retry_s) for each in places]

    def problems(self) -> list[Problem]:
        """Return which places get no heads, and why."""
        return [found for each in self._deliveries if (found := each.problem) is not None]

    async def run(self) -> None:
        """Close and anchor until cancelled."""
        while True:
            try:
                await run_cancellable(self.once)
            except (StoreError, SQLAlchemyError) as error:
                # The store tells of itself; the days are closed when it is back.
                log.warning("record_days_wait", error=type(error).__name__)
            await asyncio.sleep(self._every_s)

    async def once(self) -> None:
        """Close what is due, and give each place what it has not. Raises StoreError."""
        await run_whole(self._close)
        given = (each.give(self._store) for each in self._deliveries)
        # All have ended then: one that goes on beside the next round would write the same notes.
        for found in await asyncio.gather(*given, return_exceptions=True):
            if isinstance(found, BaseException):
                raise found

    async def _close(self) -> None:
        now = self._clock()
        async with self._store.read() as connection:
            parts = await queries.parts_by_day(connection)
        # Once a day: what comes later is in the next night's supplements, not in a tree for each call.
        if last_closed_day(now, self._zone).isoformat() not in parts:
            for each in await close_days(self._store, now, self._zone):
                log.info("record_day_closed", day=each.day, part=each.part, calls=each.count)


def anchors_of(table: AnchorTable, site: str, language: Language, zone: tzinfo) -> Iterator[Anchor]:
    """Give each place that is configured."""
    if table.folder is not None:
        yield FileAnchor(table.folder)
    if table.url is not None:
        yield PostAnchor(table.url, table.ca_file, table.token_file)
    if table.mail is not None:
        yield MailAnchor(table.mail, site, language, zone)
    if table.timestamps is not None:
        yield TimeStampAnchor(table.timestamps)
