"""Record of the journal before it has a number."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.journal.framing import encode_parts

if TYPE_CHECKING:
    from collections.abc import Sequence


@dataclass(frozen=True, slots=True)
class JournalRecord:
    """A record that has no number yet."""

    kind: int
    payload: Sequence[bytes | memoryview]
    """In parts."""


def frames_of(records: list[JournalRecord], first: int) -> list[bytes | memoryview]:
    """Return the bytes of records, the first of which has the number `first`, in parts."""
    parts: list[bytes | memoryview] = []
    for number, each in enumerate(records, first):
        parts += encode_parts(number, each.kind, each.payload)
    return parts
