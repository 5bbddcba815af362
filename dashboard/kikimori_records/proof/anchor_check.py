"""Comparison of the chain with the heads that places outside have. It reads files, so it runs in a thread."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori_records.proof.anchor import AnchorError
from kikimori_records.proof.anchor_file import NAME, heads_in
from kikimori_records.proof.findings import RecordFault, RecordFinding
from kikimori_records.proof.time_stamps import stamp_of, stamped_at

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.journal.anchor_settings import AnchorTable
    from kikimori_records.proof.queries import KeptAnchor
    from kikimori_records.proof.trees import ClosedTree

GIVEN = "given"
"""Place of a head that a person typed."""


@dataclass(slots=True)
class AnchorComparison:
    """Places that vouch for trees, by number."""

    confirmed: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Places whose head was compared and is the same, by the tree's number."""
    told: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """Places that got the head, likewise."""
    findings: list[RecordFinding] = field(default_factory=list)


def compare(
    trees: Sequence[ClosedTree], kept: Sequence[KeptAnchor], table: AnchorTable, given: Sequence[str]
) -> AnchorComparison:
    """Compare everything that can be compared here. `given`: heads that a person has on paper or in a mail."""
    found = AnchorComparison()
    by_number = {each.number: each for each in trees}
    for each in kept:
        found.told[each.number].add(f"{each.kind} {each.target}")
        tree = by_number.get(each.number)
        if tree is None:
            found.findings.append(
                RecordFinding(RecordFault.TREES_MISSING, number=each.number, what=each.target)
            )
        elif each.kind == "timestamp":
            _compare_stamp(found, each, tree, table)
    folders = {each.target for each in kept if each.kind == "file"}
    if table.folder is not None:
        folders.add(str(table.folder))
    for folder in sorted(folders):
        _compare_file(found, folder, by_number)
    for head in given:
        _compare_given(found, head, trees)
    return found


def _compare_stamp(found: AnchorComparison, kept: KeptAnchor, tree: ClosedTree, table: AnchorTable) -> None:
    if table.timestamps is None:
        return
    try:
        stamped_at(stamp_of(kept.receipt), bytes.fromhex(tree.head), table.timestamps.ca_file)
    except AnchorError as error:
        # Without library or certificates it can be compared elsewhere; anything else is no stamp of this head.
        if error.cause not in ("no_library", "authority_unreadable"):
            wrong = RecordFinding(RecordFault.STAMP_WRONG, tree.day, tree.number, what=kept.target)
            found.findings.append(wrong)
    else:
        found.confirmed[tree.number].add(f"{kept.kind} {kept.target}")


def _compare_file(found: AnchorComparison, folder: str, trees: dict[int, ClosedTree]) -> None:
    try:
        heads = heads_in(Path(folder) / NAME)
    except OSError:
        return
    place = f"file {folder}"
    outside: dict[int, set[str]] = defaultdict(set)
    for each in heads:
        if isinstance(each.get("number"), int) and isinstance(each.get("head"), str):
            outside[each["number"]].add(each["head"])
    for number, its in sorted(outside.items()):
        tree = trees.get(number)
        if tree is None:
            found.findings.append(RecordFinding(RecordFault.TREES_MISSING, number=number, what=folder))
        elif its == {tree.head}:
            found.confirmed[number].add(place)
        else:
            found.findings.append(RecordFinding(RecordFault.HEAD_DIFFERS, tree.day, number, what=folder))


def _compare_given(found: AnchorComparison, head: str, trees: Sequence[ClosedTree]) -> None:
    digits = "".join(head.split()).lower()
    its = [each.number for each in trees if each.head == digits]
    for number in its:
        found.confirmed[number].add(GIVEN)
    if not its:
        found.findings.append(RecordFinding(RecordFault.HEAD_UNKNOWN, what=head))
