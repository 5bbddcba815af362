"""Errors of agent and dashboard that are meant for the person who runs them."""

from __future__ import annotations

import errno
from pathlib import Path


class KikimoriError(Exception):
    """A failure with its next step; shown as lines without a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class ConfigError(KikimoriError):
    """A fault of a configuration file. `message` names file, key and reason."""

    exit_code = 2


def secret_next_step(error: BaseException, keys: str) -> str:
    """Return the remedy for an unreadable password file. `keys`: its name, e.g. `[mqtt] password_file`.

    The units hand over the files of `/etc/kikimori` as systemd's credentials, empty ones where there is none.
    """
    name = getattr(error, "filename", None)
    if not isinstance(error, OSError) or name is None:
        return f"check {keys}: the file holds the password in its first line"
    path = Path(name)
    if path.is_relative_to("/run/credentials"):
        path = Path("/etc/kikimori") / path.name
    match error.errno:
        case errno.ENOENT:
            return f"check {keys}; to make the file: sudo install -m 600 /dev/null {path} && sudoedit {path}"
        case errno.ENODATA:
            return f"write the password into the first line: sudoedit {path}, then restart"
        case errno.EACCES:
            return f'by hand use sudo; for the service write the bare name in {keys}: "{path.name}" (config/pbx/README.md, Passwords)'
        case _:
            return f"check {keys}"
