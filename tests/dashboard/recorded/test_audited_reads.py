"""Whatever shows words, notes or customers is in the audit, also when it is asked for otherwise than the pages do."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest
from tests.dashboard.recorded.conftest import BY, history_office
from tests.support.heard_calls import add_heard
from tests.support.sign_in import client
from tests.support.stores import audited, audited_until

from kikimori_records.callers.changes import add_customer
from kikimori_records.callers.fields import NumberReader
from kikimori_records.callers.key import office_pseudonyms
from kikimori_records.people import person_by_login

if TYPE_CHECKING:
    from pathlib import Path

KEY = "{key}"
READS: list[tuple[str, str, str, dict[str, Any], str]] = [
    # who, method, path, what is sent, and the entry
    ("admin", "GET", "/api/audit?before=2147483647", {}, "audit.open"),
    ("records", "POST", "/api/history/find", {"json": {"words": "洗濯機", "before": 2**62}}, "history.find"),
    ("supervisor", "POST", "/api/history/count", {"json": {"caller": "0912345678"}}, "history.find"),
    ("supervisor", "GET", "/api/history/c-1.r1", {}, "recording.open"),
    ("supervisor", "GET", "/api/history/c-1.r1/marks", {}, "recording.open"),
    ("supervisor", "GET", "/api/history/c-1.r1/peaks", {}, "recording.open"),
    ("supervisor", "GET", f"/api/callers/{KEY}", {}, "caller.open"),
    ("supervisor", "GET", f"/api/callers/{KEY}?before=2099-01-01T00:00:00Z/x", {}, "caller.open"),
    ("supervisor", "POST", f"/api/callers/{KEY}/customer", {"json": {}}, "caller.open"),
    ("supervisor", "GET", "/api/customers", {}, "customer.open"),
    (
        "supervisor",
        "POST",
        "/api/customers/import?dry_run=1",
        {"data": b"number,name\n0355550100,x\n", "headers": {"Content-Type": "text/csv"}},
        "customer.open",
    ),
]


@pytest.mark.parametrize(("login", "method", "path", "sent", "action"), READS)
async def test_each_way_to_read_is_noted(
    folder: Path, login: str, method: str, path: str, sent: dict[str, Any], action: str
) -> None:
    async with history_office(folder) as office:
        await add_heard(office.store, folder, seconds=12)
        numbers = NumberReader(await office_pseudonyms(office.store, folder))
        known = await add_customer(office.store, {"name": "架空 太郎"}, [numbers.one("0355550100")], BY)
        reader = await person_by_login(office.store, login)
        assert reader is not None
        async with client(office.url, login) as http:
            for _twice in range(2):
                async with http.request(method, path.replace(KEY, known.keys[0]), **sent) as answer:
                    assert answer.status == 200, await answer.text()
        found = await audited_until(office.store, action, 1)
        assert {each["actor_id"] for each in found} == {reader.id}
        others = [each["action"] for each in await audited(office.store) if each["actor_id"] == reader.id]
        assert set(others) == {action}


async def test_the_employee_sees_who_opened_and_played_their_recorded_calls(folder: Path) -> None:
    """Theirs is a call in which they are known to have sat there, else one at their extension."""
    async with history_office(folder) as office:
        operator = await person_by_login(office.store, "operator")
        other = await person_by_login(office.store, "both")
        assert operator is not None
        assert other is not None
        await office.change("operator", extensions=frozenset({"204"}))
        at_extension = await add_heard(office.store, folder, "at-extension", seconds=12)
        elsewhere = await add_heard(
            office.store, folder, "elsewhere", seconds=12, operator_number="299", person_id=operator.id
        )
        of_other = await add_heard(office.store, folder, "other", seconds=12, person_id=other.id)
        async with client(office.url, "records") as http:
            for uid in (at_extension, elsewhere, of_other):
                async with http.get(f"/api/history/{uid}") as answer:
                    assert answer.status == 200
                async with http.post(f"/api/history/{uid}/play", json={}) as answer:
                    assert answer.status == 200
                async with http.post(f"/api/history/{uid}/notes", json={"text": "折り返し"}) as answer:
                    assert answer.status == 200
        await audited_until(office.store, "note.add", 3)
        # The dashboard reads changes of people again some seconds after a command made them.
        async with client(office.url, "operator") as http:
            for _ in range(150):
                if (await (await http.get("/api/me")).json())["extensions"] == ["204"]:
                    break
                await asyncio.sleep(0.2)
        shown = {}
        for login in ("operator", "both"):
            async with client(office.url, login) as http, http.get("/api/my-record") as answer:
                entries = (await answer.json())["entries"]
            shown[login] = {
                (each["action"], each["object_id"]) for each in entries if each["object_kind"] == "call"
            }
        actions = ("recording.open", "recording.play", "note.add")
        assert shown["operator"] == {(each, uid) for each in actions for uid in (at_extension, elsewhere)}
        assert shown["both"] == {(each, of_other) for each in actions}
