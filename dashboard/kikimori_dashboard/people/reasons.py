"""Reasons that people give with one tap, from `config/`: words for people are data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import kikimori_config

FALSE_ALARMS = "false-alarms.toml"
HELP = "help-reasons.toml"


@dataclass(frozen=True, slots=True)
class ReasonChoice:
    """A reason that a person gives with one tap."""

    id: str
    ja: str
    en: str


def false_reasons() -> tuple[ReasonChoice, ...]:
    """Return the reasons for false alarms in the order of their buttons."""
    return _reasons(FALSE_ALARMS)


def help_reasons() -> tuple[ReasonChoice, ...]:
    """Return the reasons for a call for help in the order of their buttons."""
    return _reasons(HELP)


def choice_of(reasons: tuple[ReasonChoice, ...], wanted: object) -> ReasonChoice | None:
    """Return the reason of an id; None when there is none."""
    return next((each for each in reasons if each.id == wanted), None)


@cache
def _reasons(file: str) -> tuple[ReasonChoice, ...]:
    path = Path(next(iter(kikimori_config.__path__))) / file
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(ReasonChoice(**each) for each in document["reasons"])
