"""Raw frames of a run from a number on, as they are sent on; what is damaged is replaced, so that no number is missing."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kikimori_core.journal.damage import Damage
from kikimori_core.journal.folder import first_of, segments_of
from kikimori_core.journal.framing import DamageCode, JournalError, Kind, encode
from kikimori_core.journal.reading import Located, Owner, locate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


_NOT_OURS = {DamageCode.OTHER_AGENT, DamageCode.FROM_FUTURE}


class RawFrames:
    """Frames of the segments in `folder`, also while a writer appends to the last one.

    Remembers its place, so that the next `take` need not read a segment from its begin.
    """

    def __init__(self, folder: Path, owner: Owner | None = None) -> None:
        """`owner`: whose they must be; None = anybody's."""
        self._folder = folder
        self._owner = owner
        self._place: tuple[Path, int, int] | None = None

    def take(self, number: int, at_most: int) -> tuple[int, int, bytes]:
        """Return first number, count and bytes of whole frames from `number` on; `at_most` bytes, but one record at least.

        Nothing (count 0) when `number` is not written yet. A record that cannot be read becomes a `NOTE_GAP` of the same
        number. Where the oldest segment begins after `number`, the first number is that segment's.

        Raises:
            JournalError: `other_agent` or `from_future`, for a segment that is not ours to send or to lose.
            OSError: the disk.
        """
        frames: list[bytes] = []
        size = 0
        first = number
        try:
            for at, frame in self._frames(number):
                if not frames:
                    first = at
                elif size + len(frame) > at_most:
                    break
                frames.append(frame)
                size += len(frame)
        except JournalError:
            # What stands before that segment is sent first.
            if not frames:
                raise
        return first, len(frames), b"".join(frames)

    def _frames(self, number: int) -> Iterator[tuple[int, bytes]]:
        """Give number and bytes of each frame from `number` on, without a gap after the first."""
        paths = segments_of(self._folder)
        firsts = [first_of(path) for path in paths]
        begin = max((at for at, first in enumerate(firsts) if first <= number), default=0)
        for at in range(begin, len(paths)):
            following = firsts[at + 1] if at + 1 < len(paths) else None
            wanted = max(number, firsts[at])
            for each, frame in self._of_segment(paths[at], wanted, following):
                yield each, frame
                number = each + 1

    def _of_segment(self, path: Path, number: int, following: int | None) -> Iterator[tuple[int, bytes]]:
        """Give the frames of a segment from `number` on; `following`: the next one's first, None = it may still grow."""
        start = None
        if self._place is not None and self._place[0] == path and self._place[2] <= number:
            start = self._place[1:]
        why = DamageCode.CUT
        for each in _located(path, start, self._owner):
            if isinstance(each, Damage):
                why = each.code
                if each.offset == 0 and why in _NOT_OURS:
                    raise JournalError(why, path.name)
                continue
            record = each.record
            if record.number < number:
                continue
            yield from gap_frames(number, record.number, why)
            self._place = (path, each.offset, record.number)
            yield record.number, each.frame
            number = record.number + 1
        if following is not None:
            yield from gap_frames(number, following, why)


def _located(path: Path, start: tuple[int, int] | None, owner: Owner | None) -> Iterator[Located | Damage]:
    """Give what stands from a known place on; from the begin where that record stands elsewhere now.

    Erasing a call moves the records behind it.
    """
    if start is not None:
        found = locate(path, owner=owner, start=start)
        first = next(found, None)
        if isinstance(first, Located) and first.record.number == start[1]:
            yield first
            yield from found
            return
    yield from locate(path, owner=owner)


def gap_frames(number: int, end: int, why: str) -> Iterator[tuple[int, bytes]]:
    """Give number and bytes of a record for each that is missing from a number to before another."""
    payload = json.dumps({"records_lost": 1, "why": why}, separators=(",", ":")).encode()
    for lost in range(number, end):
        yield lost, encode(lost, Kind.NOTE_GAP, payload)
