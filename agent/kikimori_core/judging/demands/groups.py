"""Turns joined to demands: what is likeliest the same first, by the mean of all log odds between two groups."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from kikimori_core.judging.acts.weights import likelihood

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.demands.turns import DemandTurn

LEAST_ODDS = -2.0
"""Log odds below which a turn is no demand, whatever it is like."""


def groups(turns: Sequence[DemandTurn], bar: float, early_bar: float) -> list[list[DemandTurn]]:
    """Return the turns of each demand that was made twice or more.

    Args:
        turns: Of a call, in order, with their ties.
        bar: Probability above which two groups are one; that of a single turn is multiplied by how likely it is a demand.
        early_bar: The same of a single turn that was not answered yet.
    """
    kept = [each for each in turns if each.in_call > LEAST_ODDS]
    if len(kept) < 2:
        return []
    ties = [[one.ties.get(other) for other in kept] for one in kept]
    total = np.array([[0.0 if tie is None else tie.odds for tie in row] for row in ties])
    number = np.array([[float(tie is not None) for tie in row] for row in ties])
    alone = np.array([likelihood(each.in_call) for each in kept])
    early = np.array([not each.replies for each in kept])
    joined = [[each] for each in range(len(kept))]
    while True:
        mean = np.where(number > 0, total / np.maximum(number, 1.0), -np.inf)
        likely = alone[:, None] * alone / (1.0 + np.exp(-mean))
        likely[early[:, None] | early] *= bar / early_bar
        np.fill_diagonal(likely, 0.0)
        one, other = divmod(int(likely.argmax()), len(kept))
        if likely[one, other] < bar:
            break
        for table in (total, number):
            table[one] += table[other]
            table[:, one] += table[:, other]
            table[other], table[:, other] = 0.0, 0.0
        alone[one], early[one] = 1.0, False
        joined[one] += joined[other]
        joined[other] = []
    return [[kept[number] for number in sorted(each)] for each in joined if len(each) > 1]
