"""Name of the user at the terminal, for records of what commands did."""

from __future__ import annotations

import getpass
import os


def terminal_user() -> str:
    """Return the name of the user at the terminal, also behind sudo; the number of one that has no name."""
    try:
        return os.environ.get("SUDO_USER") or getpass.getuser()
    except (KeyError, OSError):
        return str(os.getuid())
