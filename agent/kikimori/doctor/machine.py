"""The machine itself: cores, clock, disk."""

from __future__ import annotations

import asyncio
import errno
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import WITHIN_S, CheckState, Diagnosis
from kikimori.private_files import make_private
from kikimori_core.messages import both

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.config import AgentConfig

ENOUGH_DISK = 1_000_000_000
"""Bytes of free disk: room for models and an outbox of days."""


def look_at_state_folder(folder: Path) -> Diagnosis:
    try:
        make_private(folder)
        with tempfile.TemporaryFile(dir=folder) as file:
            file.write(b"kikimori")
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            code = "state_folder_full"
        elif isinstance(error, PermissionError):
            code = "state_folder_no_right"
        else:
            code = "state_folder_not_written"
        return Diagnosis("state folder", CheckState.FAULT, *both(code, folder=folder, reason=error.strerror))
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK:
        return Diagnosis(
            "state folder",
            CheckState.WARNING,
            *both("disk_nearly_full", folder=folder, free=f"{free / 1e6:.0f}"),
        )
    return Diagnosis(
        "state folder", CheckState.OK, *both("state_folder_good", folder=folder, free=f"{free / 1e9:.0f}")
    )


async def look_at_clock() -> Diagnosis:
    """Check the clock by systemd; without it no statement is made."""
    try:
        process = await asyncio.create_subprocess_exec(
            "timedatectl",
            "show",
            "--property=NTPSynchronized",
            "--value",
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
        )
        async with asyncio.timeout(WITHIN_S):
            answer, _ = await process.communicate()
    except (OSError, TimeoutError):
        return Diagnosis("clock", CheckState.OK, *both("clock_unknown"))
    match answer.decode(errors="replace").strip():
        case "yes":
            return Diagnosis("clock", CheckState.OK, *both("clock_good"))
        case "no":
            return Diagnosis("clock", CheckState.WARNING, *both("clock_wrong"))
        case _:
            return Diagnosis("clock", CheckState.OK, *both("clock_unknown"))


def look_at_machine(config: AgentConfig) -> Diagnosis:
    cores = os.cpu_count() or 1
    if config.speech.enabled and config.speech.engine == "vosk" and config.speech.threads > cores:
        return Diagnosis(
            "machine",
            CheckState.WARNING,
            *both("too_many_recognisers", threads=config.speech.threads, cores=cores),
        )
    return Diagnosis("machine", CheckState.OK, *both("machine_good", cores=cores))
