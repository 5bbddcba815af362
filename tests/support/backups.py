"""Backups for tests."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any

from kikimori_records.backup import back_up

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_records.settings import StoreSettings


def written(
    settings: StoreSettings, folder: Path, keys: Path | None = None, records: Path | None = None, **more: Any
) -> IO[bytes]:
    """Write a backup into a file of `folder`, and return it open."""
    file = folder / "backup.jsonl"
    with file.open("wb") as out:
        back_up(settings, out, keys, records, **more)
    return file.open("rb")
