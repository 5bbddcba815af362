"""Parts of a call that earlier runs of the agent recorded, for a call whose recording is stopped after a restart."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import structlog

from kikimori.recording.erasing import ALL
from kikimori.recording.stopped_calls import LONGEST
from kikimori_core.journal.events import CallBegun
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import JournalError, Kind
from kikimori_core.journal.reading import Located, locate

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.recording.erasing import CallEraser

log = structlog.get_logger()


class EarlierParts:
    """Journals of the runs before this one, as erasures by call id need them."""

    def __init__(self, root: Path, run: str, eraser: CallEraser) -> None:
        """`root`: folder of all journals of the agent; `run`: the present run."""
        self._root = root
        self._run = run
        self._eraser = eraser
        self._tasks: set[asyncio.Task[None]] = set()

    def erase_soon(self, call_id: str) -> None:
        """Have what earlier runs recorded of a call erased from their journals, in a thread.

        What they have delivered the records service erases, as it is told that the recording was stopped.
        """
        task = asyncio.create_task(asyncio.to_thread(self._erase, call_id), name="earlier-parts")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def aclose(self) -> None:
        """Wait until every part that was looked for is noted to be erased."""
        await asyncio.gather(*self._tasks)

    def _erase(self, call_id: str) -> None:
        try:
            for folder in sorted(each for each in self._root.iterdir() if each.is_dir()):
                if folder.name != self._run:
                    for call in _keys_of(folder, call_id):
                        self._eraser.add(folder, call, ALL)
        except OSError as error:
            log.error("earlier_parts_not_erased", error=type(error).__name__)


def _keys_of(folder: Path, call_id: str) -> list[int]:
    """Return the keys of the calls with an id that began within the last day, in the segments of a run."""
    oldest = datetime.now(UTC) - LONGEST
    found = []
    for path in segments_of(folder):
        if path.stat().st_mtime < oldest.timestamp():
            continue
        for each in locate(path):
            if isinstance(each, Located) and each.record.kind == Kind.CALL_BEGUN:
                try:
                    begun = CallBegun.from_payload(each.record.payload)
                except JournalError:
                    continue
                if begun.call_id == call_id and begun.started_at > oldest:
                    found.append(begun.call)
    return found
