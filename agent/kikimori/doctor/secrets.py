"""Checks of password files: readable by the service, which is not root, as well as by the caller."""

from __future__ import annotations

import os
import stat
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori.checks.diagnosis import CheckState, Diagnosis
from kikimori_core.messages import both
from kikimori_core.wire.files import FileKind, named_files
from kikimori_core.wire.settings import secret_path

if TYPE_CHECKING:
    from kikimori.config import AgentConfig


def look_at_secrets(config: AgentConfig) -> list[Diagnosis]:
    """Check the secret files that are configured; a missing one is reported by the check that needs it."""
    found = []
    for named in named_files(config):
        if named.kind is not FileKind.SECRET:
            continue
        key, path = named.key, named.path
        try:
            mode = secret_path(path).stat().st_mode
        except OSError:
            continue
        if stat.S_ISREG(mode):
            found += _look_at(key, secret_path(path), mode, handed_over=path.parent == Path())
    return found


def _look_at(key: str, path: Path, mode: int, *, handed_over: bool) -> list[Diagnosis]:
    if mode & (stat.S_IROTH | stat.S_IWOTH):
        return [Diagnosis("passwords", CheckState.WARNING, *both("password_file_public", path=path, key=key))]
    if not handed_over and os.geteuid() == 0 and not mode & stat.S_IRGRP:
        return [
            Diagnosis(
                "passwords",
                CheckState.WARNING,
                *both("password_file_of_root", path=path, key=key, name=path.name),
            )
        ]
    return []
