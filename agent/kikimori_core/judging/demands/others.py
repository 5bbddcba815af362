"""Signs of a turn from the other turns of its call: how likely these are demands, and the same demand."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from kikimori_core.judging.acts.weights import likelihood

if TYPE_CHECKING:
    from kikimori_core.judging.demands.turns import DemandTurn

LIKELIEST = 3
"""Other turns that are summed up."""
_NAMES = ("likeliest", "likely", "demand and near", "near", "demand refused alike", "demand")
SIDES = ("before", "after")


class TurnTie(NamedTuple):
    """Comparison of two turns."""

    odds: float
    """Log odds that both make the same demand."""
    near: float
    """Cosine of their meanings."""
    refused_alike: float
    """Greatest cosine of their refusals' meanings."""


def signs_in_call(turn: DemandTurn) -> dict[str, float]:
    """Return the signs that an answered turn is a demand: its own, and those from the turns that it was compared with."""
    signs = {**turn.signs}
    for side in SIDES:
        tied = [
            (tie, likelihood(other.odds))
            for other, tie in turn.ties.items()
            if (other.number < turn.number) == (side == SIDES[0])
        ]
        if not tied:
            continue
        likely = sorted((likelihood(tie.odds) * demands for tie, demands in tied), reverse=True)
        found = (
            likely[0],
            sum(likely[:LIKELIEST]),
            max(demands * tie.near for tie, demands in tied),
            max(tie.near for tie, _ in tied),
            max(demands * tie.refused_alike for tie, demands in tied),
            max(demands for _, demands in tied),
        )
        signs |= {f"{name} {side}": value for name, value in zip(_NAMES, found, strict=True)}
    return signs
