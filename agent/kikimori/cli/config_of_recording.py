"""Lines of `kikimori config check` about recordings: whether there are any, and how long the disk lasts."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from kikimori.cli.terminal import show, warn
from kikimori.recording.room import used_bytes
from kikimori_core.journal.forecast import forecast
from kikimori_core.messages import both, remedy, text

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_core.journal.settings import RecordingTable, RecordsTable


def say_recording(recording: RecordingTable, records: RecordsTable, journals: Path, kept: Path) -> None:
    """Print what is recorded and for how long the disk lasts; warn where that is less than `days`.

    Args:
        recording: What the office decided.
        records: Where the records service is.
        journals: Folder of an agent's journals, whose disk counts where the service is elsewhere.
        kept: Folder of the records service.
    """
    if recording.enabled is None:
        show(text("recording_undecided"))
        show(remedy("recording_undecided"))
        return
    if not recording.enabled:
        show(text("check_recording_off"))
        return
    folder = kept if records.url is None else journals
    free = _free_bytes(folder)
    ahead = forecast(recording, free, used_bytes(folder) if records.url is None else 0)
    given = {
        "calls": recording.calls_at_once,
        "path": folder,
        "free": _gb(free),
        "max_gb": f"{recording.max_gb:g}",
        "days": recording.days,
    }
    if records.url is not None:
        show(text("check_recording_journal", url=records.url, hours=_count(ahead.hours), **given))
        return
    given |= {
        "hours": f"{recording.hours_a_day:g}",
        "per_day": _gb(ahead.bytes_a_day),
        "lasts": _count(ahead.days),
    }
    show(text("check_recording", **given))
    if recording.days is not None and ahead.days < recording.days:
        warn(*both("check_recording_short", **given))


def _free_bytes(folder: Path) -> int:
    """Return the free bytes of the disk on which a folder is, or will be made; 0 where that cannot be told."""
    for each in (folder, *folder.parents):
        try:
            return shutil.disk_usage(each).free
        except OSError:
            continue
    return 0


def _gb(size: float) -> str:
    return f"{size / 1e9:.1f}" if size < 1e11 else f"{size / 1e9:.0f}"


def _count(number: float) -> str:
    return f"{number:.1f}" if number < 10 else f"{number:.0f}"
