"""Errors of agent and dashboard that are meant for the person who runs them."""

from __future__ import annotations

import errno
from pathlib import Path
from typing import Self

from kikimori_core.messages import both, remedy, text


class KikimoriError(Exception):
    """A failure with its next step; shown as lines without a traceback."""

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step

    @classmethod
    def of(cls, code: str, /, **parameters: object) -> Self:
        """Return an error with the texts of a code, see `kikimori_core.messages`."""
        message, next_step = both(code, **parameters)
        return cls(message, next_step=next_step)


class ConfigError(KikimoriError):
    """A fault of a configuration file. `message` names file, key and reason."""

    exit_code = 2


def secret_fault(error: OSError | UnicodeDecodeError, file: Path, keys: str) -> tuple[str, str]:
    """Return message and remedy for an unreadable password file; `keys`: see `secret_next_step`."""
    reason = error.strerror if isinstance(error, OSError) else text("not_text")
    return text("file_reason", file=file, reason=reason), secret_next_step(error, keys)


def secret_next_step(error: BaseException, keys: str) -> str:
    """Return the remedy for an unreadable password file. `keys`: its name, e.g. `[mqtt] password_file`.

    The units hand over the files of `/etc/kikimori` as systemd's credentials, empty ones where there is none.
    """
    name = getattr(error, "filename", None)
    if not isinstance(error, OSError) or name is None:
        return remedy("secret_first_line", keys=keys)
    path = Path(name)
    if path.is_relative_to("/run/credentials"):
        path = Path("/etc/kikimori") / path.name
    match error.errno:
        case errno.ENOENT:
            return remedy("secret_missing", keys=keys, path=path)
        case errno.ENODATA:
            return remedy("secret_empty", path=path)
        case errno.EACCES:
            return remedy("secret_no_right", keys=keys, name=path.name)
        case _:
            return remedy("secret_other", keys=keys)
