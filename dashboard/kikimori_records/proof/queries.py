"""Questions about closed trees, their leaves and their anchors."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from kikimori_records.proof.tables import record_anchors, record_leaves, record_trees
from kikimori_records.proof.trees import ClosedTree

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy.ext.asyncio import AsyncConnection


@dataclass(frozen=True, slots=True)
class KeptAnchor:
    """Note that a tree's head was kept elsewhere."""

    number: int
    kind: str
    target: str
    at: datetime
    receipt: str | None = None


@dataclass(frozen=True, slots=True)
class Leaf:
    """Place of a call in a tree."""

    number: int
    position: int
    uid: str
    leaf: str


async def trees(connection: AsyncConnection, *, after: int = 0, most: int | None = None) -> list[ClosedTree]:
    """Return the closed trees with a higher number, the first `most` or all of them, in their order."""
    c = record_trees.c
    query = select(record_trees).where(c.number > after).order_by(c.number).limit(most)
    return [ClosedTree(**row) for row in (await connection.execute(query)).mappings()]


async def last_tree(connection: AsyncConnection) -> ClosedTree | None:
    """Return the last closed tree."""
    query = select(record_trees).order_by(record_trees.c.number.desc()).limit(1)
    row = (await connection.execute(query)).mappings().one_or_none()
    return None if row is None else ClosedTree(**row)


async def is_closed(connection: AsyncConnection, day: str) -> bool:
    """Return whether a day has a tree."""
    query = select(record_trees.c.number).where(record_trees.c.day == day).limit(1)
    return (await connection.execute(query)).scalar() is not None


async def parts_by_day(connection: AsyncConnection) -> dict[str, int]:
    """Return the number of the last part of each closed day."""
    query = select(record_trees.c.day, func.max(record_trees.c.part).label("last")).group_by(
        record_trees.c.day
    )
    return {row.day: row.last for row in await connection.execute(query)}


async def leaves(connection: AsyncConnection, number: int) -> list[Leaf]:
    """Return the leaves of a tree in their order."""
    c = record_leaves.c
    query = select(c.number, c.position, c.uid, c.leaf).where(c.number == number).order_by(c.position)
    return [Leaf(*row) for row in await connection.execute(query)]


async def leaf_of_call(connection: AsyncConnection, uid: str) -> Leaf | None:
    """Return the place of a call; None while its day is not closed."""
    c = record_leaves.c
    row = (
        await connection.execute(select(c.number, c.position, c.uid, c.leaf).where(c.uid == uid))
    ).one_or_none()
    return None if row is None else Leaf(*row)


async def anchors(connection: AsyncConnection, *, after: int = 0) -> list[KeptAnchor]:
    """Return the notes on heads kept elsewhere, of trees with a higher number, in the order of the trees."""
    c = record_anchors.c
    query = (
        select(c.number, c.kind, c.target, c.at, c.receipt)
        .where(c.number > after)
        .order_by(c.number, c.kind, c.target)
    )
    return [KeptAnchor(*row) for row in await connection.execute(query)]


async def last_anchored(connection: AsyncConnection, kind: str, target: str) -> int:
    """Return the number of the last tree that a target has; 0 = none."""
    c = record_anchors.c
    query = select(func.max(c.number)).where(c.kind == kind, c.target == target)
    return int((await connection.execute(query)).scalar() or 0)


async def note_anchors(connection: AsyncConnection, kept: list[KeptAnchor]) -> None:
    """Note that heads were kept elsewhere."""
    if kept:
        await connection.execute(insert(record_anchors), [asdict(each) for each in kept])
