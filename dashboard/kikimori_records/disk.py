"""SQLite's file: on this machine's own disk, for its user alone."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterable

MOUNTS = Path("/proc/self/mountinfo")
OF_THE_NETWORK = re.compile(
    r"nfs\d?|cifs|smb\w*|afs|coda|ncpfs|9p|ceph|glusterfs|lustre|gfs2?|ocfs2|beegfs|virtiofs"
    r"|fuse\.(sshfs|glusterfs|ceph\w*|s3fs|rclone|davfs\w*|smbnetfs|curlftpfs|gcsfuse)|davfs\w*"
)
"""Kinds of file systems that other machines may write too, or whose locks are those of the other end."""


def require_local(folder: Path, mounts: Path = MOUNTS) -> None:
    """Raise StoreError where the folder lies on a network file system; says nothing where that cannot be told."""
    try:
        lines = mounts.read_text(encoding="utf-8", errors="surrogateescape").splitlines()
    except OSError:
        return
    kind = kind_of_mount(folder.resolve(), lines)
    if OF_THE_NETWORK.fullmatch(kind):
        raise StoreError.of("store_on_network", folder=folder, kind=kind)


def kind_of_mount(folder: Path, lines: Iterable[str]) -> str:
    """Return the kind of the file system that holds a folder, from the lines of `mountinfo`; empty = unknown."""
    found, depth = "", -1
    for line in lines:
        before, dash, after = line.partition(" - ")
        fields = before.split()
        if not dash or len(fields) < 5:
            continue
        # Spaces and their like stand there as octal numbers.
        point = Path(re.sub(r"\\([0-7]{3})", lambda code: chr(int(code[1], 8)), fields[4]))
        # Of two mounts at one point the later one is seen.
        if folder.is_relative_to(point) and len(point.parts) >= depth:
            found, depth = after.split()[0], len(point.parts)
    return found


def make_private(file: Path) -> None:
    """Make the file for this user alone where there is none; SQLite gives the ones beside it the same rights."""
    with suppress(FileExistsError):
        os.close(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
