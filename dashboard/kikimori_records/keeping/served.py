"""Keeping beside a records service, or without one: commands that remove at once what they may."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from itertools import chain
from typing import TYPE_CHECKING

from kikimori_records.errors import StoreError
from kikimori_records.journals.incoming import IncomingJournals
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.from_journals import ReceivedJournals
from kikimori_records.keeping.ledger import Ledger, lacking
from kikimori_records.keeping.orders import order_by_id
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.reconciling import reconcile

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable
    from pathlib import Path

    from kikimori_records.keeping.erasing import OpenJournals
    from kikimori_records.keeping.ledger import Line
    from kikimori_records.keeping.orders import ErasureOrder
    from kikimori_records.store import Store

SERVICE_WITHIN_S = 60.0
"""Time in s within which a running service erases what was ordered."""
LOOK_EVERY_S = 0.5


async def erase_now(store: Store, folder: Path, made: ErasureOrder) -> ErasureOrder:
    """Carry out an order, or wait until the records service that runs has done so; return the order as it is then.

    Raises:
        OSError, StoreError: it is ordered; the service carries it out.
    """
    try:
        async with journals_of(folder) as journals:
            await _erase(store, folder, journals)
    except ServiceRunsError:
        until = asyncio.get_running_loop().time() + SERVICE_WITHIN_S
        while asyncio.get_running_loop().time() < until:
            found = await order_by_id(store, made.id)
            if found is None or found.done_at is not None:
                break
            await asyncio.sleep(LOOK_EVERY_S)
    return await order_by_id(store, made.id) or made


async def erase_again(store: Store, folder: Path, lists: Iterable[Iterable[Line]] = ()) -> int:
    """Erase after a restore what was erased before it, and return the number of calls.

    Args:
        store: The open database.
        folder: The folder of the records.
        lists: Lists of erasures from elsewhere, of a time after the backup.

    Raises:
        OSError, StoreError: not all is erased; the records service does it when it starts.
    """
    ledger = Ledger(folder)
    new = lacking(chain.from_iterable(lists), await asyncio.to_thread(ledger.lines))
    await asyncio.to_thread(ledger.append, new)
    await reconcile(store, ledger)
    async with journals_of(folder) as journals:
        return await _erase(store, folder, journals)


class ServiceRunsError(StoreError):
    """A records service uses the folder."""


@asynccontextmanager
async def journals_of(folder: Path) -> AsyncIterator[OpenJournals]:
    """Give the received journals of a folder that no service uses. Raises ServiceRunsError, OSError."""
    incoming = IncomingJournals(folder)
    try:
        await incoming.load()
    except StoreError as error:
        raise ServiceRunsError(error.message, next_step=error.next_step) from None
    try:
        yield ReceivedJournals(incoming, folder)
    finally:
        await incoming.close()


async def _erase(store: Store, folder: Path, journals: OpenJournals) -> int:
    pseudonyms = await asyncio.to_thread(Pseudonyms.load, folder)
    return await erase_due(store, folder, pseudonyms, journals)
