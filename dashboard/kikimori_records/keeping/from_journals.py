"""Erasure of a call from the received journals, and from the records that were kept apart."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from kikimori_core.journal.erasing import without_call
from kikimori_core.journal.folder import segments_of
from kikimori_core.journal.framing import RECORD_HEADER, Record, encode, header_of
from kikimori_core.journal.whole_file import whole_file
from kikimori_records.folder import APART, INCOMING
from kikimori_records.journals.incoming import RunKey

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.journals.incoming import IncomingJournals


class ReceivedJournals:
    """Received journals of a folder of records, as erasures need them: an `OpenJournals`."""

    def __init__(self, incoming: IncomingJournals, folder: Path) -> None:
        """Use the journals that are loaded, in the folder of the records."""
        self._incoming = incoming
        self._folder = folder

    async def erase(self, agent_id: str, run: str, call_key: int) -> None:
        """Erase one call from every segment that holds some of it. Raises OSError."""
        key = RunKey(agent_id, run)
        # Also where it holds no segment now: more may come of a call whose agent was away for long.
        if key in self._incoming.runs() or await asyncio.to_thread(self._is_known, key):
            await self._incoming.within(key, lambda journal: journal.erase(call_key))
        await asyncio.to_thread(erase_apart, self._folder / APART / agent_id / run, call_key)

    def _is_known(self, key: RunKey) -> bool:
        return (self._folder / INCOMING / key.agent_id / key.run).is_dir()


def erase_apart(folder: Path, call_key: int) -> None:
    """Erase a call from the records of a run that were kept apart; see `journals.apart` for the files. Raises OSError."""
    for path in segments_of(folder):
        frames = path.read_bytes()
        changed = _without(frames, call_key)
        if changed != frames:
            with whole_file(path) as file:
                file.write(changed)


def _without(frames: bytes, call_key: int) -> bytes:
    """Return frames without a call's content; what cannot be read at the end stays."""
    made, at = bytearray(), 0
    while at + RECORD_HEADER <= len(frames):
        length, _, number, kind = header_of(frames, at)
        end = at + RECORD_HEADER + length
        changed = without_call(Record(number, kind, frames[at + RECORD_HEADER : end]), call_key)
        made += frames[at:end] if changed is None else encode(changed.number, changed.kind, changed.payload)
        at = end
    return bytes(made + frames[at:])
