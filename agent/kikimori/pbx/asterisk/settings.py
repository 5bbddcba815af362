"""What control of Asterisk is told by the configuration; `[pbx]` and `[asterisk]` put together."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from pathlib import Path

EXTENSION = re.compile(r"[0-9A-Za-z*#+._-]{1,64}(@[0-9A-Za-z_-]{1,64})?")


@dataclass(frozen=True, slots=True)
class Sound:
    """An announcement."""

    name: str
    title: str
    file: str
    """As Playback() takes it, without its ending."""


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Times are seconds."""

    superior: str
    ring_s: float
    longest_hold_s: float
    after_hold: Literal["operator", "superior"]
    keep_operator: bool
    announcements: tuple[Sound, ...]
    dial: str
    """How an extension is called, `{extension}` stands for it: `Local/{extension}@from-internal`."""
    music: str
    """A class of musiconhold.conf."""
    book: Path
    """File in which customers on hold are remembered."""

    def dial_string(self, extension: str | None) -> str:
        """Return what Dial() rings for an extension; empty for one that is unknown or no extension.

        `204@office` names its context itself.
        """
        if not extension or not EXTENSION.fullmatch(extension):
            return ""
        return f"Local/{extension}" if "@" in extension else self.dial.replace("{extension}", extension)

    @property
    def hold_s(self) -> int:
        return math.ceil(self.longest_hold_s)

    @property
    def ringing_s(self) -> int:
        return math.ceil(self.ring_s)
