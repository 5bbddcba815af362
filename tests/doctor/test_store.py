"""The doctor's look at the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from tests.support.stores import opened

from kikimori.doctor.store import look_at_store
from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from pathlib import Path


async def states(settings: StoreSettings) -> dict[str, str]:
    return {each.check: str(each.state) for each in await look_at_store(settings)}


async def test_a_database_is_examined_while_it_is_used(tmp_path: Path) -> None:
    settings = StoreSettings(dir=tmp_path / "data")
    assert await states(settings) == {"store folder": "ok", "database": "ok"}
    assert not (tmp_path / "data").exists()
    async with opened(settings) as store:
        for number in range(3):
            await log.append(store, AuditEntry(f"a{number}", ActorKind.SYSTEM, "x"))
        good = dict.fromkeys(("store folder", "store disk", "database", "schema", "people", "audit"), "ok")
        assert await states(settings) == good
        async with store.begin() as connection:
            await connection.execute(text("DROP TRIGGER audit_unchanged"))
            await connection.execute(text("UPDATE audit SET outcome = 'refused' WHERE number = 2"))
        assert await states(settings) == good | {"audit": "fault"}


async def test_a_server_that_does_not_answer_and_a_password_file_that_is_not_there(tmp_path: Path) -> None:
    url = "postgresql://kikimori@127.0.0.1:1/kikimori"
    assert (await states(StoreSettings(url=url, dir=tmp_path)))["database"] == "fault"
    missing = StoreSettings(url=url, dir=tmp_path, password_file=tmp_path / "missing")
    (fault,) = [each for each in await look_at_store(missing) if each.state == "fault"]
    assert "missing" in fault.detail
    assert fault.next_step
