"""Calls heard = recorded + excluded + stopped + not written for want of disk; what is missing is a problem."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from tests.support.recorded import TOKYO, call_row, keep_calls, tokyo

from kikimori_core.journal.anchor_settings import AnchorTable
from kikimori_records.proof.accounts import DayAccounts, accounts_since, count_day
from kikimori_records.proof.days import day_of
from kikimori_records.proof.keeper import ProofKeeper
from kikimori_records.proof.office import RecordedOffice

if TYPE_CHECKING:
    from typing import Any

    from kikimori_records.proof.accounts import OpenCall
    from kikimori_records.store import Store

NAMES = ("heard", "recorded", "excluded", "stopped", "no_disk", "running", "missing")


def numbered(key: int, day: int, **more: Any) -> dict[str, Any]:
    run = more.get("run", "run-1")
    return call_row(
        f"{more.get('agent_id', 'agent-1')}-{run}-{key}", tokyo(day, 10, key % 60), call_key=key, **more
    )


async def counted(
    store: Store, day: int, open_calls: frozenset[OpenCall] = frozenset()
) -> dict[str, list[int]]:
    async with store.read() as connection:
        found = await count_day(connection, day_of(tokyo(day), TOKYO), TOKYO, open_calls, tokyo(day, 23))
    return {each.agent_id: [each.fields()[name] for name in NAMES] for each in found}


async def test_each_call_is_in_one_account(store: Store) -> None:
    states = ("kept", "erased", "none", "excluded", "excluded", "stopped", "no_disk")
    await keep_calls(store, *(numbered(key, 10, sound=state) for key, state in enumerate(states)))
    await keep_calls(store, numbered(0, 10, agent_id="agent-2"), numbered(7, 11))
    assert await counted(store, 10) == {"agent-1": [7, 3, 2, 1, 1, 0, 0], "agent-2": [1, 1, 0, 0, 0, 0, 0]}
    assert await counted(store, 11) == {"agent-1": [1, 1, 0, 0, 0, 0, 0]}
    assert await counted(store, 12) == {}


async def test_a_number_without_a_call_is_missing_on_the_day_of_the_next_one(store: Store) -> None:
    await keep_calls(store, numbered(2, 10), numbered(5, 10), numbered(8, 11), numbered(0, 11, run="run-2"))
    assert await counted(store, 10) == {"agent-1": [6, 2, 0, 0, 0, 0, 4]}
    assert await counted(store, 11) == {"agent-1": [4, 2, 0, 0, 0, 0, 2]}
    # Of the two one is still running.
    running = frozenset({("agent-1", "run-1", 7), ("agent-1", "run-1", 99), ("agent-2", "run-1", 6)})
    assert await counted(store, 11, running) == {"agent-1": [4, 2, 0, 0, 0, 1, 1]}


@pytest.mark.parametrize("late", [False, True])
async def test_a_missing_call_is_a_problem_until_it_arrives(store: Store, *, late: bool) -> None:
    now = [tokyo(11, 9)]
    keeper = ProofKeeper(store, AnchorTable(), RecordedOffice(), clock=lambda: now[-1])
    await keep_calls(store, numbered(0, 10), numbered(2, 10))
    await keeper.once()
    (problem,) = keeper.problems()
    assert (problem.code, problem.parameters["day"], problem.parameters["missing"]) == (
        "record_missing",
        "2026-11-10",
        "1",
    )
    if late:
        await keep_calls(store, numbered(1, 10))
    now.append(tokyo(11, 10))
    await keeper.once()
    assert len(keeper.problems()) == int(not late)
    async with store.read() as connection:
        (kept,) = await accounts_since(connection, "2026-11-10")
    assert isinstance(kept, DayAccounts)
    assert (kept.heard, kept.missing) == (3, int(not late))
