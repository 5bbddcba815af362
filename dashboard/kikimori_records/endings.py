"""Proposals to end a call, and requests to stop noted by a press. Between two who press at once the database decides."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, not_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from kikimori_records.schema import endings, people, stop_requests

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection
    from sqlalchemy.sql import ColumnElement

    from kikimori_records.store import Store


class EndingState(StrEnum):
    """State of a proposal. One that is open and past its `expires_at` counts for nothing."""

    PROPOSED = "proposed"
    AGREED = "agreed"
    ENDING = "ending"
    """The order to the PBX is under way."""
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    ENDED = "ended"


OPEN = (EndingState.PROPOSED, EndingState.AGREED, EndingState.ENDING)


@dataclass(frozen=True, slots=True)
class EndingProposal:
    """The newest proposal to end a call."""

    id: str
    call_id: str
    state: EndingState
    reason: str
    """Id of a reason, see `config/ending-reasons.toml`."""
    words: str | None
    """The proposer's own words."""
    people: int
    """Number of people who decide: 1 or 2."""
    person_id: str
    name: str
    at: datetime
    expires_at: datetime
    second_id: str | None = None
    """Person who agreed or refused."""
    second_name: str | None = None
    second_at: datetime | None = None

    def is_open(self, now: datetime) -> bool:
        """Return whether it may still lead to the end of the call."""
        return self.state in OPEN and now < self.expires_at


@dataclass(frozen=True, slots=True)
class NewProposal:
    """Proposal that somebody makes."""

    call_id: str
    reason: str
    words: str | None
    people: int
    person_id: str
    at: datetime
    expires_at: datetime
    id: str = field(default_factory=lambda: uuid.uuid4().hex)


async def propose(store: Store, new: NewProposal) -> EndingProposal:
    """Propose to end a call, unless a proposal is open; return the one that stands, whosever it is."""
    row: dict[str, Any] = {
        "id": new.id,
        "state": EndingState.PROPOSED,
        "reason": new.reason,
        "words": new.words,
        "people": new.people,
        "person_id": new.person_id,
        "at": new.at,
        "expires_at": new.expires_at,
        "second_id": None,
        "second_at": None,
    }
    async with store.begin() as connection:
        # A second one waits here until the first is committed, and then changes nothing.
        await connection.execute(
            _insert(connection).values(call_id=new.call_id, **row).on_conflict_do_nothing()
        )
        await connection.execute(
            update(endings)
            .where(endings.c.call_id == new.call_id, not_(_is_open(new.at)), endings.c.id != row["id"])
            .values(**row)
        )
        found = await _proposals(connection, [new.call_id])
    return found[0]


async def decide(
    store: Store, proposal: EndingProposal, state: EndingState, person_id: str, at: datetime, until: datetime
) -> bool:
    """Agree to an open proposal, or refuse it; False when it is no longer as it was shown."""
    values = {"state": state, "second_id": person_id, "second_at": at, "expires_at": until}
    return await _change(store, proposal, (EndingState.PROPOSED,), at, values)


async def withdraw(store: Store, proposal: EndingProposal, at: datetime) -> bool:
    """Withdraw a proposal before the order to the PBX; False when it is no longer open."""
    before = (EndingState.PROPOSED, EndingState.AGREED)
    return await _change(store, proposal, before, at, {"state": EndingState.WITHDRAWN})


async def begin_end(store: Store, proposal: EndingProposal, at: datetime, until: datetime) -> bool:
    """Take an agreed proposal for the order to the PBX; False for all but the first of several at once."""
    values = {"state": EndingState.ENDING, "expires_at": until}
    return await _change(store, proposal, (EndingState.AGREED,), at, values)


async def finish_end(
    store: Store, proposal: EndingProposal, *, done: bool, at: datetime, until: datetime
) -> None:
    """Note what came of the order; one that failed may be given again `until` then."""
    state = EndingState.ENDED if done else EndingState.AGREED
    await _change(store, proposal, (EndingState.ENDING,), at, {"state": state, "expires_at": until})


async def proposals_since(store: Store, since: datetime) -> list[EndingProposal]:
    """Return the newest proposal of each call, of a time and later."""
    async with store.read() as connection:
        return await _proposals(connection, None, since)


async def proposal_of(store: Store, call_id: str) -> EndingProposal | None:
    """Return the newest proposal of a call."""
    async with store.read() as connection:
        found = await _proposals(connection, [call_id])
    return found[0] if found else None


async def note_request(store: Store, call_id: str, person_id: str | None, at: datetime) -> None:
    """Note that the customer was asked to stop; `person_id`: None = by an operator's PC."""
    row = {"id": uuid.uuid4().hex, "call_id": call_id, "person_id": person_id, "at": at}
    async with store.begin() as connection:
        await connection.execute(insert(stop_requests).values(**row))


async def requests_since(store: Store, since: datetime) -> dict[str, list[datetime]]:
    """Return the times of requests noted by a press, by call, oldest first."""
    query = (
        select(stop_requests.c.call_id, stop_requests.c.at)
        .where(stop_requests.c.at >= since)
        .order_by(stop_requests.c.at)
    )
    found: dict[str, list[datetime]] = {}
    async with store.read() as connection:
        for call_id, at in await connection.execute(query):
            found.setdefault(call_id, []).append(at)
    return found


async def _change(
    store: Store,
    proposal: EndingProposal,
    before: Collection[EndingState],
    now: datetime,
    values: dict[str, Any],
) -> bool:
    async with store.begin() as connection:
        done = await connection.execute(
            update(endings)
            .where(
                endings.c.call_id == proposal.call_id,
                endings.c.id == proposal.id,
                endings.c.state.in_(before),
                endings.c.expires_at > now,
            )
            .values(**values)
        )
    return bool(done.rowcount)


def _is_open(now: datetime) -> ColumnElement[bool]:
    return endings.c.state.in_(OPEN) & (endings.c.expires_at > now)


async def _proposals(
    connection: AsyncConnection, calls: Collection[str] | None, since: datetime | None = None
) -> list[EndingProposal]:
    row, second = endings.c, people.alias("second")
    query = (
        select(
            row.id,
            row.call_id,
            row.state,
            row.reason,
            row.words,
            row.people,
            row.person_id,
            people.c.name,
            row.at,
            row.expires_at,
            row.second_id,
            second.c.name,
            row.second_at,
        )
        .join(people, people.c.id == row.person_id)
        .outerjoin(second, second.c.id == row.second_id)
        .order_by(row.at)
    )
    if calls is not None:
        query = query.where(row.call_id.in_(calls))
    if since is not None:
        query = query.where(row.at >= since)
    found = []
    for each in await connection.execute(query):
        values = list(each)
        values[2] = EndingState(values[2])
        found.append(EndingProposal(*values))
    return found


def _insert(connection: AsyncConnection) -> sqlite.Insert | postgresql.Insert:
    """Return the engine's own insert: only these can pass over a row that is there already."""
    return sqlite.insert(endings) if connection.dialect.name == "sqlite" else postgresql.insert(endings)
