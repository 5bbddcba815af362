"""Check of the chain of trees, and of how far places outside vouch for it. Pure."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING

from kikimori_records.proof.findings import RecordFault, RecordFinding, Standing, Stretch
from kikimori_records.proof.merkle import root_of
from kikimori_records.proof.verify_alone import START

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from kikimori_records.proof.queries import Leaf
    from kikimori_records.proof.trees import ClosedTree


def broken_links(trees: Sequence[ClosedTree]) -> list[RecordFinding]:
    """Return the trees that do not follow from the one before, or whose head is not theirs."""
    found = []
    previous, number = START.hex(), 0
    for each in trees:
        follows = each.number == number + 1 and each.previous_head == previous
        if not follows or _expected(each) != each.head:
            found.append(RecordFinding(RecordFault.TREE_ALTERED, each.day, each.number))
        previous, number = each.head, each.number
    return found


def _expected(tree: ClosedTree) -> str | None:
    try:
        return tree.expected_head
    except ValueError:
        return None


def altered_leaves(tree: ClosedTree, leaves: Sequence[Leaf]) -> list[RecordFinding]:
    """Return that a tree's leaves do not lead to its root."""
    try:
        root = root_of([bytes.fromhex(each.leaf) for each in leaves]).hex()
    except ValueError:
        root = None
    in_place = [each.position for each in leaves] == list(range(tree.count))
    if root == tree.root and in_place:
        return []
    return [RecordFinding(RecordFault.LEAVES_ALTERED, tree.day, tree.number)]


def stretches(
    trees: Sequence[ClosedTree],
    broken: set[int],
    confirmed: Mapping[int, set[str]],
    told: Mapping[int, set[str]],
) -> list[Stretch]:
    """Return the stretches of trees that stand alike, in their order.

    A head vouches for all trees before it up to the last broken link.

    Args:
        trees: All trees.
        broken: Numbers of those that do not follow from the one before.
        confirmed: Places whose head was compared, by the tree's number.
        told: Places that got the head, likewise.
    """
    standing: dict[int, tuple[Standing, tuple[str, ...]]] = {}
    by_confirmed: set[str] = set()
    by_told: set[str] = set()
    for each in reversed(trees):
        by_confirmed = by_confirmed | confirmed.get(each.number, set())
        by_told = by_told | told.get(each.number, set())
        if by_confirmed:
            standing[each.number] = Standing.CONFIRMED, tuple(sorted(by_confirmed | by_told))
        elif by_told:
            standing[each.number] = Standing.TOLD, tuple(sorted(by_told))
        else:
            standing[each.number] = Standing.UNANCHORED, ()
        if each.number in broken:
            by_confirmed, by_told = set(), set()
    made = []
    for (how, places), group in groupby(trees, key=lambda each: standing[each.number]):
        alike = list(group)
        days = sorted(each.day for each in alike)
        made.append(Stretch(how, days[0], days[-1], len(alike), places))
    return made
