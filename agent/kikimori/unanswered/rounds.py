"""Rounds of ringing: each superior at most once for one call for help. Pure: no clock, no PBX."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from kikimori_core.wire.messages import Party

MOST_ROUNDS = 1000
MOST_FOLLOWERS = 9


@dataclass(slots=True)
class AlarmRound:
    """One call for help: the superiors who were rung for it."""

    rung: set[str] = field(default_factory=set)
    under_way: bool = False
    heard_by: str = ""
    """Number of the superior who has heard of it; "" = none yet."""


class AlarmRounds:
    """Rounds by call and alert; the oldest are forgotten."""

    def __init__(self, most: int = MOST_ROUNDS) -> None:
        self._most = most
        self._rounds: OrderedDict[tuple[str, str], AlarmRound] = OrderedDict()

    def of(self, call_id: str, about: str) -> AlarmRound:
        """Return the round of a call for help; a new one at its first ringing."""
        key = call_id, about
        found = self._rounds.setdefault(key, AlarmRound())
        self._rounds.move_to_end(key)
        while len(self._rounds) > self._most:
            self._rounds.popitem(last=False)
        return found


def next_superior(
    listed: Sequence[Party], rung: Collection[str], in_use: Collection[str]
) -> tuple[Party | None, str]:
    """Return the superior to ring next; without one, why there is none.

    Args:
        listed: Those who may be rung now, in the order of the directory.
        rung: Numbers that were rung in this round.
        in_use: Numbers of telephones that are in use.
    """
    if not listed:
        return None, "nobody_open"
    left = [each for each in listed if each.number and each.number not in rung]
    if not left:
        return None, "nobody_left"
    free = next((each for each in left if each.number not in in_use), None)
    return free, "" if free is not None else "nobody_free"


def followers(listed: Sequence[Party], target: str, in_use: Collection[str]) -> tuple[str, ...]:
    """Return whom to ring, one after another, when a superior does not answer: the rest of the list, from there on.

    Nobody follows a target that is no superior, as somebody meant that telephone.
    """
    numbers = [each.number for each in listed if each.number]
    if target not in numbers:
        return ()
    at = numbers.index(target)
    free = [each for each in (*numbers[at + 1 :], *numbers[:at]) if each not in in_use]
    return tuple(free[:MOST_FOLLOWERS])
