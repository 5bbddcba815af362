"""Trees that were closed, each with its place in the chain of heads. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_records.proof.merkle import root_of
from kikimori_records.proof.verify_alone import START, head_hash, spaced

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime


@dataclass(frozen=True, slots=True)
class ClosedTree:
    """Tree over the calls of a day; `part` 0 holds what was there when the day was closed, later ones what came afterwards."""

    number: int
    """Place in the chain, from 1."""
    day: str
    part: int
    count: int
    root: str
    previous_head: str
    head: str
    closed_at: datetime

    @classmethod
    def after(
        cls, last: ClosedTree | None, day: str, part: int, leaves: Sequence[bytes], closed_at: datetime
    ) -> ClosedTree:
        """Return the tree over leaves that continues the chain after `last`, None = the first one."""
        number = 1 if last is None else last.number + 1
        previous = START if last is None else bytes.fromhex(last.head)
        root = root_of(leaves)
        head = head_hash(previous, number, day, part, len(leaves), root)
        return cls(number, day, part, len(leaves), root.hex(), previous.hex(), head.hex(), closed_at)

    @property
    def expected_head(self) -> str:
        """Return the head as it follows from the other fields."""
        previous, root = bytes.fromhex(self.previous_head), bytes.fromhex(self.root)
        return head_hash(previous, self.number, self.day, self.part, self.count, root).hex()

    def fields(self) -> dict[str, Any]:
        """Return the tree as JSON, as it is sent to other machines and exported."""
        return {
            "number": self.number,
            "day": self.day,
            "part": self.part,
            "count": self.count,
            "root": self.root,
            "previous_head": self.previous_head,
            "head": self.head,
            "closed_at": self.closed_at.isoformat(timespec="seconds"),
        }

    def printed_head(self) -> str:
        """Return the head in groups of 8 digits."""
        return spaced(self.head)
