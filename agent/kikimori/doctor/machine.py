"""The machine itself: cores, clock, disk."""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import WITHIN_S, Diagnosis, State
from kikimori.private_files import make_private

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
        return Diagnosis(
            "state folder",
            State.FAULT,
            f"{folder} cannot be written: {error.strerror}",
            "if it is the service's: sudo kikimori doctor; else set state_dir to a folder of this user"
            if isinstance(error, PermissionError)
            else "set state_dir to a folder that can be written",
        )
    free = shutil.disk_usage(folder).free
    if free < ENOUGH_DISK:
        return Diagnosis(
            "state folder",
            State.WARNING,
            f"{folder} has {free / 1e6:.0f} MB left",
            "free some space: alerts wait there while the broker is away",
        )
    return Diagnosis("state folder", State.OK, f"{folder}, {free / 1e9:.0f} GB free")


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
        return Diagnosis("clock", State.OK, "this system does not say whether it is synchronised")
    match answer.decode(errors="replace").strip():
        case "yes":
            return Diagnosis("clock", State.OK, "synchronised")
        case "no":
            return Diagnosis(
                "clock",
                State.WARNING,
                "not synchronised: the times in records may be wrong",
                "timedatectl set-ntp true, or install chrony",
            )
        case _:
            return Diagnosis("clock", State.OK, "this system does not say whether it is synchronised")


def look_at_machine(config: AgentConfig) -> Diagnosis:
    cores = os.cpu_count() or 1
    if config.speech.enabled and config.speech.engine == "vosk" and config.speech.threads > cores:
        return Diagnosis(
            "machine",
            State.WARNING,
            f"{config.speech.threads} recognisers on {cores} cores",
            "set [speech] threads to the cores or fewer; `kikimori bench calls` measures",
        )
    return Diagnosis(
        "machine", State.OK, f"{cores} cores; `kikimori bench calls` says how many calls it carries"
    )
