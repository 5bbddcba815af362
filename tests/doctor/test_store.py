"""The doctor's look at the database."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, text, update
from tests.support.stores import opened

from kikimori.doctor.store import look_at_store
from kikimori_core.model.diagnosis import CheckState
from kikimori_records import people
from kikimori_records.audit import log
from kikimori_records.audit.entry import ActorKind, AuditEntry
from kikimori_records.people import NewPerson
from kikimori_records.schema import record_accounts
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
        (found,) = [each for each in await look_at_store(settings) if each.check == "people"]
        assert (found.state, "kikimori user first" in found.next_step) == (CheckState.WARNING, True)
        await people.add(
            store, NewPerson("木村", login="kimura", password_hash="x", roles=frozenset({"admin"}))
        )
        checks = ("store folder", "store disk", "database", "schema", "people", "audit", "received journals")
        good = dict.fromkeys(checks, "ok")
        assert await states(settings) == good
        counts = {
            "heard": 9,
            "recorded": 8,
            "excluded": 0,
            "stopped": 1,
            "no_disk": 0,
            "running": 0,
            "missing": 0,
        }
        now = datetime.now(UTC)
        row = {"day": now.date().isoformat(), "agent_id": "a", "checked_at": now, **counts}
        async with store.begin() as connection:
            await connection.execute(insert(record_accounts).values(**row))
        assert await states(settings) == good | {"record accounts": "ok"}
        async with store.begin() as connection:
            await connection.execute(update(record_accounts).values(recorded=6, missing=2))
        (found,) = [each for each in await look_at_store(settings) if each.check == "record accounts"]
        assert found.state is CheckState.WARNING
        assert "of 9 calls that were heard on 1 days 2 are neither" in str(found.detail)
        async with store.begin() as connection:
            await connection.execute(delete(record_accounts))
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
