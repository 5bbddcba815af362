"""Agglomerative clustering of turns into demands, by the mean log odds between two groups (average linkage)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.judging.acts.weights import likelihood

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from kikimori_core.judging.demands.turns import DemandTurn

LEAST_ODDS = -2.0
"""Log odds below which a turn is no demand, whatever it is like."""


class _Groups:
    """Groups of turns, with the probability that each two are the same demand; a join recomputes its own row alone."""

    def __init__(self, turns: Sequence[DemandTurn], early: float) -> None:
        """`early`: factor of the probability where one of two groups is a single turn without an answer."""
        self.members = [[each] for each in turns]
        count = len(turns)
        self._total, self._number = np.zeros((count, count)), np.zeros((count, count))
        """Sum and number of the log odds between the turns of two groups."""
        place = {each: at for at, each in enumerate(turns)}
        for at, each in enumerate(turns):
            for other, tie in each.ties.items():
                there = place.get(other)
                if there is not None:
                    self._total[at, there], self._number[at, there] = tie.odds, 1.0
        self._alone = np.array([likelihood(each.in_call) for each in turns])
        self._early, self._factor = np.array([not each.replies for each in turns]), early
        self._likely = self._likelihoods(slice(None))
        np.fill_diagonal(self._likely, 0.0)

    def _likelihoods(self, at: slice | int) -> NDArray[np.float64]:
        total, number = self._total[at], self._number[at]
        mean = np.where(number > 0, total / np.maximum(number, 1.0), -np.inf)
        alone, early = self._alone[at, ..., None], self._early[at, ..., None]
        likely: NDArray[np.float64] = alone * self._alone / (1.0 + np.exp(-mean))
        likely[early | self._early] *= self._factor
        return likely

    def likeliest(self) -> tuple[int, int, float]:
        """Return the two groups that are likeliest one, with the probability."""
        one, other = divmod(int(self._likely.argmax()), len(self.members))
        return one, other, float(self._likely[one, other])

    def join(self, one: int, other: int) -> None:
        """Put the second group into the first."""
        for table in (self._total, self._number):
            table[one] += table[other]
            table[:, one] += table[:, other]
            table[other], table[:, other] = 0.0, 0.0
        self._alone[one], self._early[one] = 1.0, False
        self.members[one] += self.members[other]
        self.members[other] = []
        row = self._likelihoods(one)
        row[one] = 0.0
        self._likely[one], self._likely[:, one] = row, row
        self._likely[other], self._likely[:, other] = 0.0, 0.0


def groups(turns: Sequence[DemandTurn], bar: float, early_bar: float) -> list[list[DemandTurn]]:
    """Return the turns of each demand that was made twice or more.

    Args:
        turns: Of a call, in order, with their ties.
        bar: Probability above which two groups are one; that of a single turn is multiplied by how likely it is a demand.
        early_bar: The same of a single turn that was not answered yet.
    """
    kept = [each for each in turns if each.in_call > LEAST_ODDS]
    found: list[list[DemandTurn]] = []
    for near in _connected(kept, math.log(bar / (1 - bar))):
        part = _Groups(near, bar / early_bar)
        while True:
            one, other, likely = part.likeliest()
            if likely < bar:
                break
            part.join(one, other)
        found += [sorted(each, key=_number) for each in part.members if len(each) > 1]
    return sorted(found, key=lambda each: _number(each[0]))


def _connected(turns: Sequence[DemandTurn], least: float) -> Iterator[list[DemandTurn]]:
    """Yield the sets of turns that may become one group: two or more, connected by ties of at least `least` log odds.

    Turns without such a tie never join, as a mean is at most its greatest term.
    """
    left = set(turns)
    for first in turns:
        found: list[DemandTurn] = []
        last = {first} & left
        while last:
            left -= last
            found += last
            last = {other for each in last for other, tie in each.ties.items() if tie.odds >= least} & left
        if len(found) > 1:
            yield sorted(found, key=_number)


def _number(turn: DemandTurn) -> int:
    return turn.number
