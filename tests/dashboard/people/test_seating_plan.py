"""The seating plan: each extension once, with team and seat, for those who may read the directory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.json_requests import get
from tests.support.sign_in import client

from kikimori_records.people import NewPerson, add

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from kikimori_records.store import Store


async def test_the_plan(url: str, store: Store, supervisor: ClientSession) -> None:
    placed: dict[str, Any] = {"team": "第一", "queue": "料金", "seat_row": 1, "seat_column": 2}
    await add(store, NewPerson("佐藤 美咲", extensions=frozenset({"3001", "3002"}), **placed))
    await add(store, NewPerson("伊藤 健太", extensions=frozenset({"3002"}), team="第二"))
    seats = {each["extension"]: each for each in (await get(supervisor, "/api/seating-plan"))["seats"]}
    assert seats["3001"] == {
        "extension": "3001",
        "name": "佐藤 美咲",
        "team": "第一",
        "queue": "料金",
        "row": 1,
        "column": 2,
    }
    shared = seats["3002"]
    assert (shared["name"], shared["team"], shared["row"]) == (None, "第一", 1)
    assert list(seats)[-1] not in {"3001", "3002"}, "those without a seat stand last"
    async with client(url, "operator") as operator, operator.get("/api/seating-plan") as answer:
        assert answer.status == 403
