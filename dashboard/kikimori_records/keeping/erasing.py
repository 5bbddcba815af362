"""Carrying out of erasures: of what is there, of what arrives later, and of received journals. It may be cut off anywhere."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Protocol

import structlog
from sqlalchemy import exists, insert, select, update

from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.audit.log import append_within
from kikimori_records.callers.changes import remove_within
from kikimori_records.callers.erasing import listed_although_erased
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.orders import carried_out, due, order_by_id
from kikimori_records.keeping.removal import RemovalCause, overwrite_deleted, remove
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.keeping.tables import erasures, legal_holds, removals
from kikimori_records.keeping.traces import forget_traces

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.keeping.orders import ErasureOrder
    from kikimori_records.keeping.pseudonyms import Pseudonyms
    from kikimori_records.store import Store

log = structlog.get_logger()

AT_ONCE = 20
"""Calls of one order in one transaction."""
JOURNAL = "journal"
"""Kind of removal: the call is erased from the received journals too."""


class OpenJournals(Protocol):
    """Received journals whose calls are not all finished."""

    async def erase(self, agent_id: str, run: str, call_key: int) -> None:
        """Erase one call's sound and words from every segment that holds some of it; nothing where none does.

        Raises:
            OSError: the disk.
        """
        ...


async def erase_due(
    store: Store,
    folder: Path,
    pseudonyms: Pseudonyms,
    journals: OpenJournals | None = None,
    at: datetime | None = None,
) -> int:
    """Erase every call that an order covers, and return the number.

    Args:
        store: The open database.
        folder: The folder of the records.
        pseudonyms: Those of this folder's key.
        journals: Received journals; None where another program has them, which then erases the calls from them.
        at: Time at which a hold must not have ended to keep its calls; None = now.

    Raises:
        OSError: a file cannot be removed; it is tried again at the next run.
        StoreError: the database is away, likewise.
    """
    await name_callers(store, pseudonyms)
    await _erase_customers(store)
    count = 0
    orders: dict[str, ErasureOrder | None] = {}
    while found := await due(store, at or datetime.now(UTC), AT_ONCE):
        for order_id in sorted({each for _, each in found}):
            if order_id not in orders:
                orders[order_id] = await order_by_id(store, order_id)
            if (order := orders[order_id]) is None:
                continue
            cause = RemovalCause(order.ordered_by, order.reason, datetime.now(UTC), order.id)
            uids = [uid for uid, its in found if its == order_id]
            await remove(store, folder, DataKind.CALL, uids, cause)
            count += len(uids)
    if journals is not None:
        await _erase_from_journals(store, journals)
    await _finish(store, late=count, with_journals=journals is not None)
    return count


async def _erase_customers(store: Store) -> None:
    """Erase customers whom a restored backup holds again."""
    if not (ids := await listed_although_erased(store)):
        return
    async with store.begin() as connection:
        await overwrite_deleted(connection)
        await remove_within(connection, ids)


async def name_callers(store: Store, pseudonyms: Pseudonyms) -> None:
    """Give the calls that have a number and no pseudonym theirs."""
    async with store.read() as connection:
        query = select(calls.c.uid, calls.c.caller_number)
        rows = await connection.execute(
            query.where(calls.c.caller_number.is_not(None), calls.c.caller_key.is_(None))
        )
        found = [(uid, key) for uid, number in rows if (key := pseudonyms.of(number)) is not None]
    for at in range(0, len(found), AT_ONCE):
        async with store.begin() as connection:
            for uid, key in found[at : at + AT_ONCE]:
                await connection.execute(update(calls).where(calls.c.uid == uid).values(caller_key=key))


async def _erase_from_journals(store: Store, journals: OpenJournals) -> None:
    """Erase from the received journals the calls whose rows are erased, each once."""
    done = select(removals.c.uid).where(removals.c.uid == calls.c.uid, removals.c.kind == JOURNAL)
    query = (
        select(calls.c.uid, calls.c.agent_id, calls.c.run, calls.c.call_key, removals.c.erasure_id)
        .join(removals, (removals.c.uid == calls.c.uid) & (removals.c.kind == DataKind.CALL.value))
        .where(removals.c.erasure_id.is_not(None), ~exists(done.correlate(calls)))
    )
    async with store.read() as connection:
        found = (await connection.execute(query)).all()
    for each in found:
        if each.call_key is not None:
            await journals.erase(each.agent_id, each.run, each.call_key)
        row = {"uid": each.uid, "kind": JOURNAL, "at": datetime.now(UTC), "erasure_id": each.erasure_id}
        async with store.begin() as connection:
            await connection.execute(insert(removals).values(**row))


async def _finish(store: Store, *, late: int, with_journals: bool) -> None:
    """Note the orders that are done now."""
    orders = await carried_out(store) if with_journals else []
    if orders or late:
        await forget_traces(store)
    now = datetime.now(UTC)
    for each in orders:
        async with store.begin() as connection:
            # The number was only kept to show what is held.
            former = (legal_holds.c.caller_key == each.caller_key, legal_holds.c.at <= each.at)
            await connection.execute(update(legal_holds).where(*former).values(caller_number=None))
            await connection.execute(update(erasures).where(erasures.c.id == each.id).values(done_at=now))
            subject = KeepingSubject(each.uid, each.caller_key)
            entry = AuditEntry(
                "records.erased",
                ActorKind.SYSTEM,
                "kikimori",
                None,
                subject.kind,
                subject.name,
                details={"erasure": each.id, "calls": each.calls},
            )
            await append_within(connection, [entry])
        log.info("records_erased", calls=each.calls)
