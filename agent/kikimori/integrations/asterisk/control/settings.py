"""Settings of Asterisk's control: `[pbx]` and `[asterisk]` put together, in Asterisk's form."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from kikimori.control import pbx_settings

EXTENSION = re.compile(r"[0-9A-Za-z*#+._-]{1,64}(@[0-9A-Za-z_-]{1,64})?")


@dataclass(frozen=True, slots=True)
class AsteriskControlSettings(pbx_settings.ControlSettings):
    """`dial` is e.g. `Local/{extension}@from-internal`, `music` a class of musiconhold.conf."""

    sounds: str = "kikimori"
    """Folder of the announcement for superiors: whole, or below the folder of the language among Asterisk's sounds."""

    def dial_string(self, extension: str | None) -> str:
        """Return the dial string of an extension; empty for an unknown or invalid one.

        `204@office` names its context itself.
        """
        if not extension or not EXTENSION.fullmatch(extension):
            return ""
        return f"Local/{extension}" if "@" in extension else self.dial.replace("{extension}", extension)

    @property
    def hold_s(self) -> int:
        return math.ceil(self.longest_hold_s)

    @property
    def chain_s(self) -> int:
        """Return the seconds in which one superior after another is rung for a customer on hold."""
        return math.ceil(self.longest_chain_s)

    @property
    def ringing_s(self) -> int:
        return math.ceil(self.ring_s)
