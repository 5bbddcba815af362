"""Parts of a stopped, or lately excluded, call that earlier runs of its agent recorded: ordered to be erased.

An agent that is restarted in mid-call records the rest of the call in another run. Who then asks not to be recorded means
the whole call.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import exists, func, select

from kikimori_core.model.call import EndReason
from kikimori_records.audit.entry import ActorKind
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.journals.gathered import AGENT_ENDED, AGENT_LOST
from kikimori_records.journals.run_calls import MOST_SECONDS
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import HeldError, order
from kikimori_records.keeping.refused import note_refused
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.keeping.tables import erasures
from kikimori_records.people.changes import Author

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori_records.journals.incoming import IncomingJournals, RunKey
    from kikimori_records.journals.run_calls import CallProgress
    from kikimori_records.store import Store

log = structlog.get_logger()

REASON = "recording stopped during the call"
"""Reason that the order has in the audit and the list of erasures."""
EXCLUDED = "excluded extension, known later than the call"
GOES_ON = (AGENT_ENDED, AGENT_LOST, EndReason.SHUTDOWN.value)
"""Ends after which a call may go on in the agent's next run."""


class StoppedCallParts:
    """Orders of erasures for the calls that were stopped, as their journals come in."""

    def __init__(
        self,
        incoming: IncomingJournals,
        store: Store,
        folder: Path,
        is_unreadable: Callable[[RunKey, int], bool],
    ) -> None:
        """`folder`: that of the records; `is_unreadable` says that a call will not be in the history."""
        self._incoming = incoming
        self._store = store
        self._ledger = Ledger(folder)
        self._is_unreadable = is_unreadable

    async def order(self) -> set[tuple[RunKey, int]]:
        """Order the erasure of what is in the history of stopped calls' earlier parts; done again it changes nothing.

        Return the stopped calls that have a part that is not there yet: put them into the history later than it, as they
        are what is known of the wish.

        Raises:
            StoreError: the database is away.
            OSError: the disk.
        """
        held_back: set[tuple[RunKey, int]] = set()
        for key, journal in self._incoming.runs().items():
            for call, found in list(journal.calls.calls.items()):
                if not (found.stopped or found.erase_until) or found.parts_erased:
                    continue
                await self._order_recorded(key, found)
                if self._has_waiting_part(key, found):
                    held_back.add((key, call))
                else:
                    found.parts_erased = True
        return held_back

    def _has_waiting_part(self, key: RunKey, stopped: CallProgress) -> bool:
        return any(
            each.call_id == stopped.call_id and not self._is_unreadable(other, call)
            for other, journal in self._incoming.runs().items()
            if other.agent_id == key.agent_id and other.order < key.order
            for call, each in list(journal.calls.calls.items())
        )

    async def _order_recorded(self, key: RunKey, stopped: CallProgress) -> None:
        begin = stopped.started_at
        of_call = (
            calls.c.agent_id == key.agent_id,
            calls.c.call_id == stopped.call_id,
            calls.c.run != key.run,
            calls.c.started_at <= begin,
            calls.c.started_at >= begin - timedelta(seconds=MOST_SECONDS),
            calls.c.end_reason.in_(GOES_ON),
        )
        there = [calls.c.erased_at.is_(None), calls.c.sound != "stopped"]
        if not stopped.stopped:
            # What others had of the call before is theirs.
            there.append(func.coalesce(calls.c.operator_number, "") == "")
        reason = REASON if stopped.stopped else EXCLUDED
        ordered = exists(select(erasures.c.id).where(erasures.c.uid == calls.c.uid).correlate(calls))
        async with self._store.read() as connection:
            query = select(calls.c.uid).where(*of_call, *there, ~ordered)
            uids = list((await connection.execute(query)).scalars())
        by = stopped.stopped_by
        author = Author(ActorKind.PERSON, by) if by else Author(ActorKind.SYSTEM, "kikimori")
        for uid in uids:
            try:
                await order(self._store, self._ledger, KeepingSubject(uid=uid), reason, author)
            except HeldError:
                log.warning("stopped_call_held", uid=uid)
                await note_refused(self._store, uid, reason, author)
            else:
                log.info("stopped_call_ordered", uid=uid)
