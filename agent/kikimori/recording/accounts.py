"""Accounts of the calls of a run: heard = recorded + excluded + stopped + not written for want of disk."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.journal.events import RecordingStatus

if TYPE_CHECKING:
    from kikimori.recording.entries import EndEntry


class CallAccounts:
    """Samples written and lost of each running call, and the outcome of those that have ended. Of the journal's thread."""

    def __init__(self) -> None:
        self.ended: dict[str, int] = {"heard": 0, **dict.fromkeys(map(str, RecordingStatus), 0)}
        """Calls that have ended: all, and by `RecordingStatus`."""
        self.incomplete = 0
        """Recorded calls of which some sound is missing."""
        self._written: dict[int, int] = {}
        self._lost: dict[int, int] = {}

    def wrote(self, lengths: dict[int, int]) -> None:
        """Count written samples, by call."""
        _add(self._written, lengths)

    def lost(self, lengths: dict[int, int]) -> None:
        """Count samples that were not written, by call."""
        _add(self._lost, lengths)

    def settle(self, end: EndEntry) -> tuple[RecordingStatus, int, int]:
        """Count a call that has ended; return what was recorded of it, and the samples written and lost."""
        written = self._written.pop(end.call, 0)
        lost = self._lost.pop(end.call, 0) + end.lost_samples
        status = end.status
        if status is RecordingStatus.EXCLUDED and written:
            # Only a part of it was excluded.
            status = RecordingStatus.RECORDED
        if status in (RecordingStatus.RECORDED, RecordingStatus.NO_DISK):
            status = RecordingStatus.NO_DISK if lost and not written else RecordingStatus.RECORDED
            self.incomplete += bool(lost and written)
        self.ended["heard"] += 1
        self.ended[str(status)] += 1
        return status, written, lost


def _add(sums: dict[int, int], lengths: dict[int, int]) -> None:
    for call, samples in lengths.items():
        sums[call] = sums.get(call, 0) + samples
