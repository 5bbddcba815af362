"""Person and team of a recorded call: who sat at the operator's extension when the call began."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from kikimori_records.people.seatings import covering
from kikimori_records.schema import people, seatings

if TYPE_CHECKING:
    from sqlalchemy.ext.asyncio import AsyncConnection

    from kikimori_records.calls.rows import CallRows


async def attribute(connection: AsyncConnection, rows: CallRows) -> None:
    """Put person and team into the call's row; both are empty where nobody is known to have sat there."""
    rows.call |= {"person_id": None, "team": None}
    extension = rows.call["operator_number"]
    if not extension:
        return
    found = await covering(connection, rows.call["started_at"], seatings.c.extension == extension)
    if not found or found[-1].person_id is None:
        return
    query = select(people.c.team).where(people.c.id == found[-1].person_id)
    team = (await connection.execute(query)).scalar_one_or_none()
    rows.call |= {"person_id": found[-1].person_id, "team": team}
