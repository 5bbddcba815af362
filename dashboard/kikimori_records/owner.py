"""Identity of a folder's owner, taken by a command of root's: its files then belong to the service's user."""

from __future__ import annotations

import ctypes
import os
from typing import TYPE_CHECKING

from kikimori_records.errors import StoreError

if TYPE_CHECKING:
    from pathlib import Path

PR_SET_KEEPCAPS = 8
CAPABILITY_VERSION = 0x20080522
READ_SEARCH, OVERRIDE = 2, 1
"""Numbers of the capabilities CAP_DAC_READ_SEARCH and CAP_DAC_OVERRIDE."""


def become_owner(folder: Path) -> None:
    """Take the identity of a folder's owner for good, where this process is root's and the folder is another user's.

    Call it before the first thread is started. systemd keeps the folders of its own users below one that only root may
    pass; for this alone the right to pass folders is kept.

    Raises:
        StoreError: the system does not let this process do so.
    """
    if os.geteuid() != 0 or not folder.is_dir():
        return
    owner = folder.stat()
    if owner.st_uid == 0:
        return
    below_private = any(each.stat().st_mode & 0o001 == 0 for each in folder.resolve().parents)
    library = ctypes.CDLL(None, use_errno=True)
    try:
        if below_private:
            library.prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0)
        os.setgroups([])
        os.setgid(owner.st_gid)
        os.setuid(owner.st_uid)
    except OSError as error:
        raise StoreError.of(
            "store_owner_refused", folder=folder, user=owner.st_uid, reason=error.strerror
        ) from error
    if below_private and not (_keep(library, READ_SEARCH) or _keep(library, OVERRIDE)):
        raise StoreError.of("store_owner_away", folder=folder, user=owner.st_uid)


def _keep(library: ctypes.CDLL, capability: int) -> bool:
    """Keep one capability and no other; False where this process has not got it."""
    header = (ctypes.c_uint32 * 2)(CAPABILITY_VERSION, 0)
    bits = 1 << capability
    # Effective, permitted, inheritable; twice, for those beyond 32.
    kept = (ctypes.c_uint32 * 6)(bits, bits, 0, 0, 0, 0)
    return bool(library.capset(header, kept) == 0)
