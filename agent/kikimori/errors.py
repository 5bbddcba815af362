"""Errors meant for the person who runs the program.

KikimoriError          anything below; shown as one line with the next step, exit code 1
├── ConfigError        a configuration file is wrong: names file, key and reason; exit code 2
├── AudioFileError     a recording cannot be read
└── …                  each stage adds its own where a caller must tell it apart
"""

from __future__ import annotations

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


def first_of(error: BaseException) -> BaseException:
    """Return the first error of a group, or the error itself where it is none."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
