"""Claims and false alarms on both engines: the database decides between two, and nothing is forgotten."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from kikimori_records.alerts import claims, false_alarms
from kikimori_records.people import NewPerson, add
from kikimori_records.schema import false_alarms as false_alarms_table

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
ALERT = "call-1.run.shouting.1"


async def two(store: Store) -> tuple[str, str]:
    first, second = await add(store, NewPerson("木村")), await add(store, NewPerson("高橋"))
    return first.id, second.id


async def test_of_two_who_press_at_once_one_has_it_and_both_are_told_whom(store: Store) -> None:
    people = await two(store)
    for number in range(20):
        found = await asyncio.gather(*(claims.claim(store, f"alert-{number}", each, NOW) for each in people))
        assert found[0] == found[1]
        assert found[0].person_id in people
        assert found[0].name in ("木村", "高橋")
    assert len(await claims.open_claims(store)) == 20


async def test_of_two_who_press_at_once_on_a_released_one_too(store: Store) -> None:
    people = await two(store)
    for number in range(20):
        alert = f"alert-{number}"
        await claims.claim(store, alert, people[0], NOW)
        assert await claims.release(store, alert, people[0], "by_hand", NOW)
        found = await asyncio.gather(*(claims.claim(store, alert, each, NOW) for each in people))
        assert found[0] == found[1]


async def test_a_claim_is_released_by_its_owner_alone(store: Store) -> None:
    kimura, takahashi = await two(store)
    claimed = await claims.claim(store, ALERT, kimura, NOW)
    assert (await claims.claim(store, ALERT, takahashi, NOW + timedelta(seconds=1))) == claimed
    assert not await claims.release(store, ALERT, takahashi, "by_hand", NOW)
    assert await claims.release(store, ALERT, kimura, "page_gone", NOW)
    assert not await claims.release(store, ALERT, kimura, "by_hand", NOW)
    assert await claims.open_claims(store) == []
    later = await claims.claim(store, ALERT, takahashi, NOW + timedelta(minutes=1))
    assert (later.name, later.claimed_at) == ("高橋", NOW + timedelta(minutes=1))


async def test_a_false_alarm_is_marked_once_and_undone(store: Store) -> None:
    kimura, takahashi = await two(store)
    about: dict[str, Any] = {"alert_id": ALERT, "call_id": "call-1", "rule": "shouting"}
    marked = await false_alarms.mark(store, **about, reason="usual_voice", person_id=kimura, at=NOW)
    assert (marked.name, marked.reason) == ("木村", "usual_voice")
    again = await false_alarms.mark(store, **about, reason="noise", person_id=takahashi, at=NOW)
    assert again == marked
    assert await false_alarms.marks_of_call(store, "call-1") == {ALERT: marked}
    assert await false_alarms.marks_since(store, NOW) == {ALERT: marked}
    assert await false_alarms.marks_since(store, NOW + timedelta(seconds=1)) == {}
    assert await false_alarms.undo(store, ALERT, NOW + timedelta(minutes=1)) == marked
    assert await false_alarms.undo(store, ALERT, NOW) is None
    assert await false_alarms.marks_of_call(store, "call-1") == {}
    await false_alarms.mark(store, **about, reason="noise", person_id=takahashi, at=NOW)
    async with store.read() as connection:
        count = await connection.execute(select(func.count()).select_from(false_alarms_table))
        assert count.scalar_one() == 2
