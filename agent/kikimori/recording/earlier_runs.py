"""Journals that earlier runs of the agent left: repaired, and what was to be erased from them is erased."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kikimori_core.journal.folder import SUFFIX
from kikimori_core.journal.framing import DamageCode
from kikimori_core.journal.repairing import repair

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.recording.erasing import CallEraser

log = structlog.get_logger()


@dataclass(slots=True)
class EarlierRuns:
    """Findings in the journals of earlier runs."""

    repaired: int = 0
    """Runs whose last record was cut, as after a crash."""
    damaged: int = 0
    """Runs with other damage, or that could not be read."""


def look_at_earlier_runs(root: Path, run: str, eraser: CallEraser) -> EarlierRuns:
    """Repair the journals in `root` of all runs but `run`. Never raises for what is in them.

    A file that the erasing of a call had not finished is removed; it is made anew.
    """
    found = EarlierRuns()
    try:
        folders = sorted(each for each in root.iterdir() if each.is_dir() and each.name != run)
    except OSError:
        return found
    for folder in folders:
        try:
            for unfinished in folder.glob(f"*{SUFFIX}.new"):
                unfinished.unlink()
            done = repair(folder)
        except OSError as error:
            log.error("journal_not_repaired", run=folder.name, error=type(error).__name__)
            found.damaged += 1
            continue
        worse = [each for each in done.damage if each.code is not DamageCode.CUT]
        if done.cut_bytes:
            log.warning(
                "journal_repaired", run=folder.name, cut_bytes=done.cut_bytes, records=done.next_number
            )
            found.repaired += 1
        if worse or done.set_aside:
            log.error("journal_damaged", run=folder.name, codes=[str(each.code) for each in worse])
            found.damaged += 1
        eraser.resume(folder)
    return found
