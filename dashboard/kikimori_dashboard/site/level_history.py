"""Levels of a call in its last minute, for the picture of both voices on a card."""

from __future__ import annotations

import json
from collections import deque
from typing import TYPE_CHECKING

from kikimori_core.wire.messages import Role

if TYPE_CHECKING:
    from kikimori_core.wire.messages import CallLevels, LegLevel

STEPS_PER_S = 2
KEPT_S = 60
KEPT_STEPS = KEPT_S * STEPS_PER_S

_ROLES = (Role.CUSTOMER, Role.OPERATOR, Role.MIXED)
_Step = tuple[int, *tuple[int | None, ...]]

_encode = json.JSONEncoder(separators=(",", ":")).encode


class LevelHistory:
    """At most `KEPT_S` seconds in steps of half a second, each with its last report."""

    __slots__ = ("_last", "_step", "_steps", "run")

    def __init__(self) -> None:
        self.run = object()
        """Another one after the agent was restarted and counts the seconds of the call anew."""
        self._step = -1
        """Number of the step of `_last` since the begin of the call."""
        self._last: CallLevels | None = None
        self._steps: deque[_Step] = deque(maxlen=KEPT_STEPS - 1)
        """Steps that are over: the number, then level and effort of each role."""

    def add(self, levels: CallLevels) -> None:
        """Take a report. It costs next to nothing within a step: every call reports several times a second."""
        step = int(levels.media_s * STEPS_PER_S)
        if step != self._step:
            if step < self._step:
                self._steps.clear()
                self.run = object()
            elif self._last is not None:
                self._steps.append(_numbers(self._step, self._last))
            self._step = step
        self._last = levels

    def to_json(self) -> str | None:
        """Return `{"step_s", "end_s", "legs": {role: {"db": […], "effort": […]}}}`, null where nobody spoke; None for nothing yet."""
        if self._last is None:
            return None
        oldest = self._step - KEPT_STEPS + 1
        steps = [each for each in (*self._steps, _numbers(self._step, self._last)) if each[0] >= oldest]
        first = steps[0][0]
        known = {each[0]: each for each in steps}
        silent = (0, *[None] * (2 * len(_ROLES)))
        columns = list(
            zip(*[known.get(number, silent) for number in range(first, self._step + 1)], strict=True)
        )
        legs = {
            role.value: {"db": columns[1 + 2 * place], "effort": columns[2 + 2 * place]}
            for place, role in enumerate(_ROLES)
            if role in self._last.legs or any(each is not None for each in columns[1 + 2 * place])
        }
        return _encode({"step_s": 1 / STEPS_PER_S, "end_s": (self._step + 1) / STEPS_PER_S, "legs": legs})


def _numbers(step: int, levels: CallLevels) -> _Step:
    found: list[int | None] = []
    for role in _ROLES:
        found += _level_and_effort(levels.legs.get(role))
    return (step, *found)


def _level_and_effort(leg: LegLevel | None) -> tuple[int | None, int | None]:
    if leg is None or not leg.speaking:
        return (None, None)
    return (round(leg.level_db), round(100 * leg.effort))
