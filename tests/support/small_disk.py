"""Small disks of their own, which a test can fill. Root alone may mount them."""

from __future__ import annotations

import os
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")


@contextmanager
def small_disk(folder: Path, size: str, mode: str = "1777") -> Iterator[Path]:
    """Mount a disk of a `size`, e.g. `600k`, in memory at a new folder."""
    folder.mkdir()
    options = f"size={size},mode={mode}"
    subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
