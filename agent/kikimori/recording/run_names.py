"""Names of an agent's runs, in the order in which they began: journals are sent, and calls are taken for ended, by it.

A name is the time of the start. A clock that is set back between two runs would give the later one the earlier name: a
machine without a battery begins in the past, and one whose clock runs in local time is nine hours ahead in Japan until the
network sets it right.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import structlog

from kikimori_core.model.alert import name_of_number, run_name
from kikimori_core.wire.private_file import write_private

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

log = structlog.get_logger()

_NAME = re.compile(r"[0-9a-z]{1,16}")


def next_run_name(state: Path, journals: Path, agent_id: str, started_at: datetime) -> str:
    """Return the name of a run that begins now, later than those of all earlier runs. Blocks for a moment.

    A disk that cannot be read or written is logged, and the clock alone decides.

    Args:
        state: Folder of the agent's state, in which the name is kept.
        journals: Folder with a folder for each run that was not sent whole.
        agent_id: The agent's id.
        started_at: Time of the start.
    """
    path = state / f"last-run-{agent_id}"
    name = run_name(started_at)
    try:
        last = max((*_kept(path), *_sent_not(journals)), key=_number, default="0")
        if _number(last) >= _number(name):
            log.warning("clock_set_back", run=name, last_run=last)
            name = name_of_number(_number(last) + 1)
        write_private(path, name)
    except OSError as error:
        log.error("run_name_not_kept", error=type(error).__name__)
    return name


def _kept(path: Path) -> Iterator[str]:
    try:
        name = path.read_text("ascii").strip()
    except (FileNotFoundError, UnicodeDecodeError):
        return
    if _NAME.fullmatch(name):
        yield name


def _sent_not(journals: Path) -> Iterator[str]:
    try:
        names = [each.name for each in journals.iterdir()]
    except FileNotFoundError:
        return
    yield from filter(_NAME.fullmatch, names)


def _number(name: str) -> int:
    return int(name, 36)
