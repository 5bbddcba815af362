"""Levels of a call for pages that draw it, in whole dB.

`{"s": media seconds, role: leg, …}`; a leg is `[dB, dB over the calm voice or null, effort 0…100]`, with a fourth member,
1, where it is noise and no voice; silence is left out. A row has no `s`, and of a voice as it usually is the dB alone.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

MARKED_OVER_CALM_DB = 4
RAISED = 0.6
"""Values from which a voice is more than usual: a row tells them, and its meter shows them."""

_encode = json.JSONEncoder(ensure_ascii=False).encode

if TYPE_CHECKING:
    from kikimori_core.wire.messages import CallLevels, LegLevel


class EncodedLevels:
    """JSON of a call's levels as a member of an object, made once however many pages draw them."""

    __slots__ = ("_card", "_card_of", "_row", "_row_of", "key")

    def __init__(self, call_id: str) -> None:
        self.key = _encode(call_id)
        """JSON of the call's id."""
        self._card_of: CallLevels | None = None
        self._row_of: CallLevels | None = None
        self._card = ""
        self._row = ""

    def card(self, levels: CallLevels) -> str:
        """Return the member for a card."""
        if levels is not self._card_of:
            self._card_of = levels
            legs = "".join(
                [f',"{role.value}":{_leg(leg)}' for role, leg in levels.legs.items() if _told(leg)]
            )
            self._card = f'{self.key}:{{"s":{round(levels.media_s, 1)}{legs}}}'
        return self._card

    def row(self, levels: CallLevels) -> str:
        """Return the member for a row: the same text as long as nothing is to be drawn anew."""
        if levels is not self._row_of:
            self._row_of = levels
            legs = ",".join(
                [f'"{role.value}":{_short(leg)}' for role, leg in levels.legs.items() if _told(leg)]
            )
            self._row = f"{self.key}:{{{legs}}}"
        return self._row


def _told(leg: LegLevel) -> bool:
    """Return whether there is anything to hear: most legs are silent at any moment."""
    return leg.speaking or leg.noise


def _leg(leg: LegLevel) -> str:
    """Return the JSON of a leg that is told of, formatted by hand: it changes ten times a second."""
    if not leg.speaking:
        return "[null,null,0,1]"
    over = "null" if leg.over_calm_db is None else round(leg.over_calm_db)
    return f"[{round(leg.level_db)},{over},{round(100 * leg.effort)}{',1' if leg.noise else ''}]"


def _short(leg: LegLevel) -> str:
    usual = leg.over_calm_db is None or leg.over_calm_db < MARKED_OVER_CALM_DB
    if leg.speaking and not leg.noise and usual and leg.effort < RAISED:
        return str(round(leg.level_db))
    return _leg(leg)
