"""Proposals to end a call, on both engines: one at a time, decided once, and not kept for ever."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from kikimori_records.endings import (
    EndingProposal,
    EndingState,
    NewProposal,
    begin_end,
    decide,
    finish_end,
    note_request,
    proposal_of,
    proposals_since,
    propose,
    requests_since,
    withdraw,
)
from kikimori_records.people import NewPerson, add
from kikimori_records.upkeep import remove_too_old

if TYPE_CHECKING:
    from kikimori_records.store import Store

NOW = datetime(2026, 11, 28, 9, tzinfo=UTC)
LATER = NOW + timedelta(minutes=1)
UNTIL = NOW + timedelta(minutes=5)


async def two(store: Store) -> tuple[str, str]:
    return (await add(store, NewPerson("木村"))).id, (await add(store, NewPerson("高橋"))).id


def new(person_id: str, at: datetime = NOW) -> NewProposal:
    return NewProposal("call-1", "abuse", None, 2, person_id, at, at + timedelta(minutes=5))


async def test_of_two_who_propose_at_once_one_does(store: Store) -> None:
    people = await two(store)
    found = await asyncio.gather(*(propose(store, new(each)) for each in people))
    assert found[0] == found[1]
    assert found[0].state is EndingState.PROPOSED
    # The next one is another proposal, once the first counts for nothing.
    assert (await propose(store, new(people[0], LATER))).id == found[0].id
    after = await propose(store, new(people[0], UNTIL))
    assert after.id != found[0].id
    assert await proposals_since(store, NOW) == [after]


async def test_it_is_decided_once_and_ended_once(store: Store) -> None:
    first, second = await two(store)
    proposal = await propose(store, new(first))
    done = await asyncio.gather(
        decide(store, proposal, EndingState.AGREED, second, LATER, UNTIL),
        decide(store, proposal, EndingState.REFUSED, second, LATER, UNTIL),
    )
    assert sorted(done) == [False, True]
    if done[1]:
        return  # refused first: nothing to end
    assert sorted(await asyncio.gather(*(begin_end(store, proposal, LATER, UNTIL) for _ in range(3)))) == [
        False,
        False,
        True,
    ]
    await finish_end(store, proposal, done=False, at=LATER, until=UNTIL)
    again = await proposal_of(store, "call-1")
    assert again is not None
    assert (again.state, again.name, again.second_name) == (EndingState.AGREED, "木村", "高橋")
    assert await begin_end(store, again, LATER, UNTIL)
    assert not await withdraw(store, again, LATER), "the order is under way"
    await finish_end(store, again, done=True, at=LATER, until=UNTIL)
    ended = await proposal_of(store, "call-1")
    assert ended is not None
    assert ended.state is EndingState.ENDED
    assert not ended.is_open(LATER)


async def test_one_that_is_withdrawn_expired_or_replaced_is_not_agreed_to(store: Store) -> None:
    first, second = await two(store)
    proposal = await propose(store, new(first))

    async def agrees(which: EndingProposal, at: datetime) -> bool:
        return await decide(store, which, EndingState.AGREED, second, at, UNTIL)

    assert not await agrees(proposal, UNTIL), "expired"
    assert await withdraw(store, proposal, LATER)
    assert not await agrees(proposal, LATER)
    replaced = await propose(store, new(first, LATER))
    assert not await agrees(proposal, LATER), "another reason, perhaps"
    assert await agrees(replaced, LATER)


async def test_requests_are_kept_by_call_and_old_rows_go(store: Store) -> None:
    first, _ = await two(store)
    await note_request(store, "call-1", first, NOW)
    await note_request(store, "call-1", None, LATER)
    await note_request(store, "call-2", first, LATER)
    await propose(store, new(first))
    assert await requests_since(store, NOW) == {"call-1": [NOW, LATER], "call-2": [LATER]}
    assert await requests_since(store, LATER) == {"call-1": [LATER], "call-2": [LATER]}
    await remove_too_old(store, NOW + timedelta(days=store.settings.note_days + 1))
    assert await requests_since(store, NOW) == {}
    assert await proposal_of(store, "call-1") is None
