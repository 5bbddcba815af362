"""Turns divided into demands, and the trees that weigh them, on numbers made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.told import PHRASES, said

from kikimori_core.judging.acts.trees import FILE, MOST_ODDS, Trees
from kikimori_core.judging.demands.groups import groups
from kikimori_core.judging.demands.others import TurnTie, signs_in_call
from kikimori_core.judging.demands.turns import DemandTurn
from kikimori_core.judging.kinds.detector import Spoken

if TYPE_CHECKING:
    from pathlib import Path

BAR, EARLY_BAR = 0.3, 0.6


def turns(*odds: float) -> list[DemandTurn]:
    """Make turns of which it is known how likely each is a demand."""
    made = []
    for number, each in enumerate(odds):
        utterance = said("返金して", 10.0 * number)
        spoken = Spoken.of(utterance, PHRASES.find(utterance))
        assert spoken.meaning is not None
        assert spoken.wording is not None
        turn = DemandTurn(spoken, spoken.meaning(), spoken.wording, None, None, follows=False, number=number)
        turn.odds = turn.in_call = each
        made.append(turn)
    return made


def tie(one: DemandTurn, other: DemandTurn, odds: float) -> None:
    one.ties[other] = other.ties[one] = TurnTie(odds, 0.5, 0.0)


def numbers(of: list[DemandTurn], bar: float = BAR) -> list[list[int]]:
    return sorted([each.number for each in group] for group in groups(of, bar, EARLY_BAR))


def test_two_demands_in_turns_are_two_groups() -> None:
    made = turns(*[4.0] * 6)
    for at, one in enumerate(made):
        for other in made[:at]:
            # A single like pair between them joins nothing.
            linked = {one.number, other.number} == {2, 3}
            tie(one, other, 3.0 if (one.number - other.number) % 2 == 0 else 1.0 if linked else -4.0)
    assert numbers(made) == [[0, 2, 4], [1, 3, 5]]


def test_what_is_hardly_a_demand_joins_none() -> None:
    made = turns(4.0, -3.0, 4.0)
    for one, other in ((0, 1), (0, 2), (1, 2)):
        tie(made[one], made[other], 5.0)
    assert numbers(made) == [[0, 2]]


def test_turns_that_were_never_compared_are_not_joined() -> None:
    assert numbers(turns(4.0, 4.0)) == []
    assert numbers(turns(4.0)) == []
    assert numbers([]) == []


def test_what_is_not_answered_yet_must_be_surer() -> None:
    """0.62 that it is a demand times 0.98 that both are the same is more than 0.6, 0.5 times 0.98 is not."""
    for odds, found in ((0.5, [[0, 1]]), (0.0, [])):
        made = turns(odds, 8.0)
        tie(made[0], made[1], 4.0)
        assert numbers(made) == found


def test_signs_in_a_call_tell_what_lies_before_and_after() -> None:
    made = turns(2.0, 2.0, -2.0)
    tie(made[0], made[1], 3.0)
    tie(made[1], made[2], 3.0)
    signs = signs_in_call(made[1])
    assert signs["likeliest before"] > 0.8
    assert signs["likeliest after"] < 0.2
    assert "likeliest before" not in signs_in_call(made[0])


def test_trees_by_hand(tmp_path: Path) -> None:
    """One asks whether `a` is at most 0.5, then whether `b` is; the other is a leaf."""
    leaf = [-1, -1, -1, -1]
    trees = Trees(
        ("a", "b"),
        np.array([[0, -1, 1, -1, -1], [*leaf, -1]], np.int16),
        np.array([[0.5, 0, 0.5, 0, 0], [0] * 5], np.float32),
        np.array([[1, -1, 3, -1, -1], [*leaf, -1]], np.int16),
        np.array([[2, -1, 4, -1, -1], [*leaf, -1]], np.int16),
        np.array([[0, -3, 0, 1, 20], [0.25] + [0] * 4], np.float32),
        0.5,
    )
    file = tmp_path / "trees.npz"
    trees.write(file)
    rows = [{"a": 0.0, "b": 9.0}, {"a": 1.0}, {"a": 1.0, "b": 1.0, "other": 5.0}]
    for each in (trees, Trees.read(file)):
        assert each.log_odds(rows) == pytest.approx([-2.25, 1.75, MOST_ODDS])
        assert each.log_odds([]) == []


def test_the_shipped_trees_are_whole() -> None:
    trees = Trees.read(FILE)
    assert {"refused", "likeliest before", "likeliest after"} <= {*trees.names}
    inner = trees.sign >= 0
    assert trees.sign.max() < len(trees.names)
    assert (trees.left[inner] > 0).all()
    assert (trees.right[inner] < trees.sign.shape[1]).all()
