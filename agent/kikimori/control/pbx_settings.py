"""Settings of PBX control: `[pbx]`, and the PBX's own table for `dial` and `music`."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from kikimori_core.wire.messages import Action

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.control.pbx_control import PbxRequest


LONGEST_CHAIN_S = 300.0
"""Longest time in s of ringing one superior after another, however long a customer may be on hold."""


@dataclass(frozen=True, slots=True)
class AnnouncementFile:
    """An announcement."""

    name: str
    title: str
    file: str
    """Name of the sound as the PBX has it: for Asterisk's Playback() without its ending."""


@dataclass(frozen=True, slots=True)
class ControlSettings:
    """Times are seconds."""

    superior: str
    ring_s: float
    longest_hold_s: float
    after_hold: Literal["operator", "superior"]
    keep_operator: bool
    """True = an operator stays in a transferred call."""
    announcements: tuple[AnnouncementFile, ...]
    dial: str
    """Dial string of an extension, for which `{extension}` stands."""
    music: str
    """Sound for a customer on hold, as the PBX names it."""
    book: Path
    """File in which customers on hold are remembered."""
    language: Literal["ja", "en"] = "ja"
    """Language of the announcement for a superior who is rung."""
    listed_superior: Callable[[], str | None] = field(default=lambda: None)
    """Return the number of the directory's superior at this moment; None = `superior` counts."""

    @property
    def superior_now(self) -> str:
        """Return the extension or queue of the superior to ask at this moment."""
        return self.listed_superior() or self.superior

    @property
    def longest_chain_s(self) -> float:
        """Return the seconds in which one superior after another is rung for a customer on hold."""
        return min(self.longest_hold_s, LONGEST_CHAIN_S)

    def keeps_operator(self, request: PbxRequest) -> bool:
        """Return whether the operator stays on the line.

        Who is only put on hold comes back: their operator waits for them, however transfers are configured. The press
        itself may say otherwise.
        """
        if request.keep_operator is not None:
            return request.keep_operator
        return request.action is Action.HOLD or self.keep_operator
