"""Reasons for false alarms, from `config/false-alarms.toml`: words for people are data."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import kikimori_config

FILE = "false-alarms.toml"


@dataclass(frozen=True, slots=True)
class FalseReason:
    """A reason that a person gives with one tap."""

    id: str
    ja: str
    en: str


@cache
def false_reasons() -> tuple[FalseReason, ...]:
    """Return the reasons in the order of their buttons."""
    path = Path(next(iter(kikimori_config.__path__))) / FILE
    document = tomllib.loads(path.read_text(encoding="utf-8"))
    return tuple(FalseReason(**each) for each in document["reasons"])
