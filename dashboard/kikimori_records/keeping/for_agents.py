"""Erasures as agents are told of them: keys of the calls that are to be erased from their journals too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kikimori_core.journal.sink import MOST_ERASED
from kikimori_records.calls.tables import recorded_calls as calls
from kikimori_records.keeping.days import DataKind
from kikimori_records.keeping.tables import removals

if TYPE_CHECKING:
    from kikimori_records.store import Store


async def erased_calls(store: Store, agent_id: str, run: str) -> tuple[int, ...]:
    """Return the keys of a run's calls that were erased by an order, the newest ones. Raises StoreError.

    What was removed for its age is left out: an agent has deleted it long before.
    """
    query = (
        select(calls.c.call_key)
        .join(removals, (removals.c.uid == calls.c.uid) & (removals.c.kind == DataKind.CALL.value))
        .where(removals.c.erasure_id.is_not(None), calls.c.call_key.is_not(None))
        .where(calls.c.agent_id == agent_id, calls.c.run == run)
        .order_by(calls.c.call_key.desc())
        .limit(MOST_ERASED)
    )
    async with store.read() as connection:
        return tuple((await connection.execute(query)).scalars())
