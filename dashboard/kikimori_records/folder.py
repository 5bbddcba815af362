"""Folder of the records: sound, received journals, the list of erasures."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.journal.settings import RecordsTable
    from kikimori_records.settings import StoreSettings

NAME = "records"
INCOMING, APART, CALLS = "incoming", "apart", "calls"
"""Folders below it: received journals, their records with faults, files of recorded calls by day."""
SOUND, PEAKS, WINDOWS = "sound.flac", "peaks.bin", "windows.bin"
"""Files of a recorded call, beside its manifest."""
UNFINISHED = "."
"""Before the name of a call's folder while its files are being written."""


def records_folder(table: RecordsTable, store: StoreSettings) -> Path:
    """Return `[records] dir`, else the folder `records` beside the database; raises StoreError where that has none."""
    return table.dir or store.folder() / NAME
