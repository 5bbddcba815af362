"""Records of an office for tests: received journals and the worker that finishes calls, on a store and a folder."""

from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.journal.writing import MAX_BYTES
from kikimori_records.journals.finishing import Finishing
from kikimori_records.journals.incoming import LOST_AFTER_S, IncomingJournals
from kikimori_records.journals.segment_limits import SegmentLimits

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.told_calls import ToldRun

    from kikimori_records.keeping.room import SoundRoom
    from kikimori_records.keeping.shaping import RowShaping
    from kikimori_records.store import Store


@dataclass
class RecordsOffice:
    """An open folder of records."""

    incoming: IncomingJournals
    finishing: Finishing
    folder: Path

    @classmethod
    @asynccontextmanager
    async def opened(
        cls,
        store: Store,
        folder: Path,
        *,
        segment_bytes: int = MAX_BYTES,
        shaping: RowShaping | None = None,
        room: SoundRoom | None = None,
        lost_after_s: float = LOST_AFTER_S,
    ) -> AsyncIterator[RecordsOffice]:
        incoming = IncomingJournals(folder, limits=SegmentLimits(segment_bytes), lost_after_s=lost_after_s)
        await incoming.load()
        shape = shaping.shape if shaping else None
        try:
            yield cls(incoming, Finishing(incoming, store, folder, shape=shape, room=room), folder)
        finally:
            await incoming.close()

    def segments(self) -> list[Path]:
        return sorted((self.folder / "incoming").rglob("*.kkj"))


async def delivered(incoming: IncomingJournals, told: ToldRun, *, pieces: int = 50, first: int = 0) -> int:
    """Deliver the records from `first` on, so many at a time; return the position."""
    for begin in range(first, len(told.records), pieces):
        await incoming.deliver(told.agent_id, told.run, begin, told.frames(begin, begin + pieces))
    return await incoming.position(told.agent_id, told.run)
