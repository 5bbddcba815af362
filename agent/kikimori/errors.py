"""Errors meant for the person who runs the program.

KikimoriError          anything below; shown as one line with the next step, exit code 1
├── ConfigError        a configuration file is wrong: names file, key and reason; exit code 2
├── AudioFileError     a recording cannot be read
└── …                  each stage adds its own where a caller must tell it apart
"""

from __future__ import annotations


class KikimoriError(Exception):
    """What went wrong, and what to do next."""

    exit_code = 1

    def __init__(self, message: str, *, next_step: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.next_step = next_step


class ConfigError(KikimoriError):
    """A configuration file is wrong. `message` names file, key and reason."""

    exit_code = 2


class AudioFileError(KikimoriError):
    """A recording cannot be read."""
