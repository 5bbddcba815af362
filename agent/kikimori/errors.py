"""Errors meant for the person who runs the program.

KikimoriError          anything below; shown as one line with the next step, exit code 1
├── ConfigError        a configuration file is wrong: names file, key and reason; exit code 2
├── AudioFileError     a recording cannot be read
└── …                  each stage adds its own where a caller must tell it apart
"""

from __future__ import annotations

import errno
from pathlib import Path

from kikimori_wire.errors import ConfigError, KikimoriError

__all__ = ["AudioFileError", "ConfigError", "KikimoriError", "secret_next_step"]


class AudioFileError(KikimoriError):
    """A recording cannot be read."""


def place_of(error: BaseException) -> str:
    """Return the file and line in which an error was raised: what a log may say, as its text may quote a caller."""
    at = error.__traceback__
    if at is None:
        return ""
    while at.tb_next is not None:
        at = at.tb_next
    return f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"


def first_of(error: BaseException) -> BaseException:
    """Return the first error of a group, or the error itself where it is none."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def secret_next_step(error: BaseException, keys: str) -> str:
    """Return what to do about a password's file that cannot be read. `keys`: where it is named, e.g. `[mqtt] password_file`.

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
