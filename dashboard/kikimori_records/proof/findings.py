"""Findings of a check of the record: what was changed, and how far places outside vouch for the rest. Pure."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any


class RecordFault(StrEnum):
    """Stable code of something that was changed."""

    TREE_ALTERED = "tree_altered"
    """A closed tree, or its place in the chain, is not as it was made."""
    LEAVES_ALTERED = "leaves_altered"
    """The leaves of a tree do not lead to its root: one was changed, added or removed."""
    TREES_MISSING = "trees_missing"
    """A place outside has a later head than the last one here."""
    HEAD_DIFFERS = "head_differs"
    """A place outside has another head for this tree."""
    HEAD_UNKNOWN = "head_unknown"
    """The head that was given is none of this record."""
    STAMP_WRONG = "stamp_wrong"
    """A kept time stamp does not stamp the head of its tree."""
    CALL_MISSING = "call_missing"
    """A call of a closed day is gone without an erasure."""
    LEAF_DIFFERS = "leaf_differs"
    """Salt or hash of the manifest of a call are not those of its leaf."""
    FILE_ALTERED = "file_altered"
    FILE_MISSING = "file_missing"
    FILE_ADDED = "file_added"
    """A file or folder among the records that no call has."""
    FILE_UNREADABLE = "file_unreadable"
    ROWS_ALTERED = "rows_altered"
    """The call, its lines, alerts or events in the database are not those of the manifest."""


@dataclass(frozen=True, slots=True)
class RecordFinding:
    """Something that was changed."""

    code: RecordFault
    day: str | None = None
    number: int | None = None
    """Number of the tree."""
    uid: str | None = None
    what: str | None = None
    """File relative to the records' folder, part of the rows, or place outside."""

    def fields(self) -> dict[str, Any]:
        """Return what is known of it."""
        return {name: value for name, value in asdict(self).items() if value is not None}


class Standing(StrEnum):
    """Strength with which places outside vouch for a tree."""

    CONFIRMED = "confirmed"
    """A head from outside was compared now, and is the same."""
    TOLD = "told"
    """Its head was sent, and can be compared by those who got it."""
    UNANCHORED = "unanchored"
    """Nothing outside vouches for it: whoever could write the disk could have made it anew."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Trees that follow each other and stand alike."""

    standing: Standing
    first_day: str
    last_day: str
    trees: int
    places: tuple[str, ...] = ()
    """Places that vouch, as kind and target."""


@dataclass(slots=True)
class RecordReport:
    """Result of a check."""

    trees: int = 0
    calls: int = 0
    """Calls in the trees that were looked at."""
    whole: int = 0
    """Of these: calls whose files and rows are all there and as they were."""
    erased: int = 0
    """Of these: erased by order; leaf and order are kept."""
    expired: int = 0
    """Of these: removed for their age, as a whole or in parts."""
    waiting: int = 0
    """Calls that are in no tree yet: of today, and late ones."""
    stretches: list[Stretch] = field(default_factory=list)
    findings: list[RecordFinding] = field(default_factory=list)

    def fields(self) -> dict[str, Any]:
        """Return the report as JSON; anchored and unanchored stretches apart."""
        made = {
            name: getattr(self, name) for name in ("trees", "calls", "whole", "erased", "expired", "waiting")
        }
        for standing in Standing:
            made[standing.value] = [
                {name: value for name, value in asdict(each).items() if name != "standing"}
                for each in self.stretches
                if each.standing is standing
            ]
        return {**made, "findings": [each.fields() for each in self.findings], "unchanged": not self.findings}
