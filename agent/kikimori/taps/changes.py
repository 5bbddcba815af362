"""Changes of a running call that a tap reads in its PBX's events."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.model.call import Role


@dataclass(frozen=True, slots=True)
class HoldChanged:
    """The operator's telephone put the customer on hold or took them back."""

    call_id: str
    on_hold: bool


@dataclass(frozen=True, slots=True)
class DigitPressed:
    """A party pressed a key."""

    call_id: str
    role: Role
    digit: str
