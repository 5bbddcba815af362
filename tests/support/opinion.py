"""Copies of the shipped model of the second opinion, with other bars."""

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING

from kikimori.config import BUILTIN_OPINION

if TYPE_CHECKING:
    from pathlib import Path


def altered_opinion(folder: Path, **fields: object) -> Path:
    """Copy the shipped model into a folder, with other fields in its note; return the folder."""
    shutil.copytree(BUILTIN_OPINION, folder, dirs_exist_ok=True)
    note = json.loads((folder / "model.json").read_text(encoding="utf-8")) | fields
    (folder / "model.json").write_text(json.dumps(note), encoding="utf-8")
    return folder
