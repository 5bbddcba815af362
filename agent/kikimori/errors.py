"""Errors meant for the person who runs the program.

KikimoriError          anything below; shown as one line with the next step, exit code 1
├── ConfigError        a configuration file is wrong: names file, key and reason; exit code 2
├── AudioFileError     a recording cannot be read
└── …                  each stage adds its own where a caller must tell it apart
"""

from __future__ import annotations

import errno
import os
import ssl
from pathlib import Path

from kikimori_core.errors import ConfigError, KikimoriError, secret_fault, secret_next_step

__all__ = ["AudioFileError", "ConfigError", "KikimoriError", "secret_fault", "secret_next_step"]


class AudioFileError(KikimoriError):
    """A recording cannot be read."""


def place_of(error: BaseException) -> str:
    """Return the file and line in which an error was raised, for a log: its text may quote a caller."""
    at = error.__traceback__
    if at is None:
        return ""
    while at.tb_next is not None:
        at = at.tb_next
    return f"{Path(at.tb_frame.f_code.co_filename).name}:{at.tb_lineno}"


def network_reason(error: Exception) -> str:
    """Return why a connection was not made: the system's own words, which are known in each language, where it has some.

    `str` of such an error names the address again, and the library's settings.
    """
    if isinstance(getattr(error, "os_error", error), ssl.SSLError) or not isinstance(error, OSError):
        return str(error) or type(error).__name__
    if error.errno is not None and error.errno in errno.errorcode:
        return os.strerror(error.errno)
    return error.strerror or str(error) or type(error).__name__


def first_of(error: BaseException) -> BaseException:
    """Return the first error of a group, or the error itself where it is none."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
