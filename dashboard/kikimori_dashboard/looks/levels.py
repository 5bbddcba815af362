"""Levels of a call for pages that draw it, in whole dB.

`{"s": media seconds, role: leg, …}`; a leg is null in silence, else `[dB, dB over the calm voice or null, effort 0…100]`,
with a fourth member, 1, where it is noise and no voice.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori_core.wire.messages import CallLevels, LegLevel


class EncodedLevels:
    """JSON of a call's levels, made once however many pages draw them."""

    __slots__ = ("_legs", "_levels", "_timed")

    def __init__(self) -> None:
        self._levels: CallLevels | None = None
        self._legs = ""
        self._timed = ""

    def legs(self, levels: CallLevels) -> str:
        """Return the JSON without the time: the same text as long as nothing is to be drawn anew."""
        self._encode(levels)
        return self._legs

    def timed(self, levels: CallLevels) -> str:
        """Return the JSON with the time in the call."""
        self._encode(levels)
        return self._timed

    def _encode(self, levels: CallLevels) -> None:
        if levels is self._levels:
            return
        self._levels = levels
        legs = ",".join([f'"{role.value}":{_leg(leg)}' for role, leg in levels.legs.items()])
        self._legs = f"{{{legs}}}"
        self._timed = f'{{"s":{round(levels.media_s, 1)}{"," if legs else ""}{legs}}}'


def _leg(leg: LegLevel) -> str:
    """Return a leg's JSON, formatted by hand: it changes ten times a second."""
    if not leg.speaking:
        return "[null,null,0,1]" if leg.noise else "null"
    over = "null" if leg.over_calm_db is None else round(leg.over_calm_db)
    return f"[{round(leg.level_db)},{over},{round(100 * leg.effort)}{',1' if leg.noise else ''}]"
