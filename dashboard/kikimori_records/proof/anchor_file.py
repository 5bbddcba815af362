"""Heads in a file of another machine, whose folder is mounted here: one line of JSON each, appended."""

from __future__ import annotations

import asyncio
import json
import os
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kikimori_records.proof.anchor import AnchorError
from kikimori_records.proof.queries import KeptAnchor

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from kikimori_records.proof.trees import ClosedTree

NAME = "kikimori-heads.jsonl"
MOST_BYTES = 64 * 1024 * 1024
"""Size up to which a file of heads is read: 200,000 days."""


class FileAnchor:
    """Keeper of heads in a file."""

    kind = "file"

    def __init__(self, folder: Path) -> None:
        self.target = str(folder)
        self._path = folder / NAME

    async def keep(self, trees: Sequence[ClosedTree]) -> list[KeptAnchor]:
        try:
            await asyncio.to_thread(self._append, trees)
        except OSError as error:
            raise AnchorError(f"file_{type(error).__name__}") from None
        now = datetime.now(UTC)
        return [KeptAnchor(each.number, self.kind, self.target, now) for each in trees]

    def _append(self, trees: Sequence[ClosedTree]) -> None:
        """Append what is not there yet, and wait until the disk has it. The folder is never made: it would be our own."""
        there = {(each.get("number"), each.get("head")) for each in heads_in(self._path)}
        lines = [json.dumps(each.fields()) + "\n" for each in trees if (each.number, each.head) not in there]
        handle = os.open(self._path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o644)
        with os.fdopen(handle, "ab") as file:
            if file.tell() and not _ends_with_newline(self._path):
                lines.insert(0, "\n")
            file.write("".join(lines).encode())
            file.flush()
            os.fsync(file.fileno())


def heads_in(path: Path) -> list[dict[str, Any]]:
    """Return the heads in a file, those of lines that are whole; none where there is no file. Raises OSError."""
    try:
        with path.open("rb") as file:
            content = file.read(MOST_BYTES)
    except FileNotFoundError:
        return []
    found = []
    for line in content.splitlines():
        try:
            head = json.loads(line)
        except ValueError:
            continue
        if isinstance(head, dict):
            found.append(head)
    return found


def _ends_with_newline(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
