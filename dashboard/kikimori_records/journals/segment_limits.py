"""Limits of the segments of received journals."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from kikimori_core.journal.writing import MAX_BYTES


@dataclass(frozen=True, slots=True)
class SegmentLimits:
    """Size of a segment, and the age from which it is compacted."""

    max_bytes: int = MAX_BYTES
    compacted_after: timedelta = timedelta(minutes=10)
    """Most calls are over before."""
