"""Journals that earlier runs of the agent left: repaired, and what was to be erased from them is erased."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from kikimori_core.journal.folder import SUFFIX
from kikimori_core.journal.framing import DamageCode
from kikimori_core.journal.repairing import repair

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.recording.erasing import CallEraser

log = structlog.get_logger()


def look_at_earlier_runs(root: Path, run: str, eraser: CallEraser) -> int:
    """Repair the journals in `root` of all runs but `run`; return how many are damaged, or could not be read.

    A last record that was cut, as after a crash, is no damage. Never raises for what is in them.
    A file that the erasing of a call had not finished is removed; it is made anew.
    """
    damaged = 0
    try:
        folders = sorted(each for each in root.iterdir() if each.is_dir() and each.name != run)
    except OSError:
        return damaged
    for folder in folders:
        try:
            for unfinished in folder.glob(f"*{SUFFIX}.new"):
                unfinished.unlink()
            done = repair(folder)
        except OSError as error:
            log.error("journal_not_repaired", run=folder.name, error=type(error).__name__)
            damaged += 1
            continue
        worse = [each for each in done.damage if each.code is not DamageCode.CUT]
        if done.cut_bytes:
            log.warning(
                "journal_repaired", run=folder.name, cut_bytes=done.cut_bytes, records=done.next_number
            )
        if worse or done.set_aside:
            log.error("journal_damaged", run=folder.name, codes=[str(each.code) for each in worse])
            damaged += 1
        eraser.resume(folder)
    return damaged
