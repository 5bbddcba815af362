"""A dashboard whose history has a call with sound."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.browser import dashboard, dashboard_settings, store_of_people

from kikimori_core.journal.settings import RecordsTable
from kikimori_core.wire.settings import BrokerSettings
from kikimori_records.audit.entry import ActorKind
from kikimori_records.keeping.erasing import erase_due
from kikimori_records.keeping.ledger import Ledger
from kikimori_records.keeping.orders import order
from kikimori_records.keeping.pseudonyms import Pseudonyms
from kikimori_records.keeping.subject import KeepingSubject
from kikimori_records.people import person_by_login
from kikimori_records.people.changes import Author, change_person

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori_records.store import Store

BY = Author(ActorKind.PROGRAM, "test")


@dataclass
class HistoryOffice:
    """A running dashboard with its database and the folder of its records."""

    url: str
    store: Store
    folder: Path

    async def order_erasure(self, uid: str) -> None:
        """Order the erasure of a call, which a records service that runs carries out."""
        await order(self.store, Ledger(self.folder), KeepingSubject(uid=uid), "本人の申し出", BY)

    async def erase(self, uid: str) -> None:
        """Erase a call, as `kikimori records erase` does."""
        await self.order_erasure(uid)
        assert await erase_due(self.store, self.folder, Pseudonyms.load(self.folder)) == 1

    async def change(self, login: str, **values: Any) -> None:
        """Change somebody's roles or team, as a command beside the dashboard does."""
        person = await person_by_login(self.store, login)
        assert person is not None
        await change_person(self.store, person.id, values, BY)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "records"
    made.mkdir()
    return made


@asynccontextmanager
async def history_office(folder: Path, **records: Any) -> AsyncIterator[HistoryOffice]:
    """Run a dashboard without a broker; `records`: keys of `[records]`."""
    table = RecordsTable.model_validate({"dir": folder, **records})
    settings = dashboard_settings(BrokerSettings(port=1), records=table)
    async with store_of_people() as store, dashboard(settings, store=store) as url:
        yield HistoryOffice(url, store, folder)
