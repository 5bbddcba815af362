"""Counts of what the second opinion did with the words of calls."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class FindingCounts:
    """Numbers of doubts and tones in calls, each counted once however often its words are read."""

    doubted: int = 0
    """Finds in utterances that were taken for harmless."""
    tones: int = 0
    """Utterances, or sentences of two, that had a tone."""

    def add(self, *, doubted: int = 0, tones: int = 0) -> None:
        self.doubted += doubted
        self.tones += tones

    def counters(self) -> dict[str, int]:
        """Return what health shows."""
        return {"phrases_doubted": self.doubted, "tones_noticed": self.tones}
