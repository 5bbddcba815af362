"""Files of a recorded call on this machine, or the reason why its sound cannot be heard here. Everything here blocks."""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, BinaryIO

from kikimori_records.errors import StoreError
from kikimori_records.folder import SOUND, records_folder
from kikimori_records.keeping.call_files import folder_of

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.journal.settings import RecordsTable
    from kikimori_records.calls.queries import RecordedCall
    from kikimori_records.settings import StoreSettings


class SoundState(StrEnum):
    """State of a call's sound at this dashboard: it can be heard, or the reason why not."""

    KEPT = "kept"
    EXCLUDED = "excluded"
    STOPPED = "stopped"
    NO_DISK = "no_disk"
    NONE = "none"
    ERASED = "erased"
    ELSEWHERE = "elsewhere"
    """The records' folder is on another machine."""
    NOT_READABLE = "not_readable"
    """The dashboard's user may not read the file."""
    GONE = "gone"
    """The file is missing in the records' folder."""
    AWAY = "away"
    """The records service, which has it, does not answer."""
    NOT_TRUSTED = "not_trusted"
    """The records service does not trust this dashboard's key."""


@dataclass(frozen=True, slots=True)
class OpenFile:
    """An open file of a call; whoever takes it closes it."""

    file: BinaryIO
    size: int
    etag: str


class SoundPlace:
    """Folder of the records as this dashboard finds it. Everything here blocks."""

    def __init__(self, records: RecordsTable, store: StoreSettings) -> None:
        self._records = records
        self._store = store

    def state_of(self, call: RecordedCall) -> SoundState:
        """Return whether the sound can be heard; a word for `sound` that this version does not know means no sound."""
        found = self.open_kept(call, SOUND)
        if isinstance(found, SoundState):
            return found
        found.file.close()
        return SoundState.KEPT

    def open_kept(self, call: RecordedCall, name: str) -> OpenFile | SoundState:
        """Return a file of a call that has sound, opened, or why there is none."""
        if call.erased_at is not None:
            return SoundState.ERASED
        if call.sound != SoundState.KEPT:
            return next((each for each in SoundState if each == call.sound), SoundState.NONE)
        return self.open(call, name)

    def open(self, call: RecordedCall, name: str) -> OpenFile | SoundState:
        """Return a file of a call, opened, or why there is none."""
        try:
            folder = records_folder(self._records, self._store)
            if not folder.is_dir():
                return SoundState.ELSEWHERE
            if call.sound_path is None:
                return SoundState.GONE
            return _opened(folder_of(folder, call.sound_path) / name, call)
        except StoreError:
            return SoundState.ELSEWHERE
        except FileNotFoundError:
            return SoundState.GONE
        except OSError:
            return SoundState.NOT_READABLE


def _opened(path: Path, call: RecordedCall) -> OpenFile:
    file = path.open("rb")
    found = os.fstat(file.fileno())
    # A finished call's files never change; a restored one has the same content and another time.
    name = f"{call.uid} {call.manifest_hash} {path.name} {found.st_size}"
    return OpenFile(file, found.st_size, f'"{hashlib.sha256(name.encode()).hexdigest()[:32]}"')
