"""Errors of agent and dashboard that are meant for the person who runs them."""

from __future__ import annotations


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
