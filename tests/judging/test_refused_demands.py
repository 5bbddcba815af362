"""Refused demands made again, by whole sentences and their answers; the state is bounded, and wrong folders are one clear error."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.told import CUSTOMER, OPERATOR, PHRASES, judged, rules, said

from kikimori.config import BUILTIN_ACTS, BUILTIN_SENTENCES, AgentConfig
from kikimori.phrase_finder import configured_book
from kikimori_core.errors import ConfigError
from kikimori_core.judging.acts.meanings import FILE, Meanings
from kikimori_core.judging.acts.weights import WEIGHTS
from kikimori_core.judging.demands.threads import MOST_TURNS, DemandThreads
from kikimori_core.judging.kinds.detector import Spoken
from kikimori_core.judging.kinds.repeated import RepeatedRule
from kikimori_core.wire.messages import AnsweredEvidence

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori_core.model.alert import AlertChange
    from kikimori_core.model.evidence import Utterance

RULES = rules("repeated-demand", "repeated-superior")
# In dialect, the second without its verb.
REPAIR = (
    ("はよ直してつかあさい", "本日の修理はできかねます"),
    ("今日中にどうにかならんかのう", "あいにく本日は伺えません"),
    ("ほいじゃけえ、直しに来んさいや", "申し訳ございません、お伺いできません"),
)


def told(*turns: tuple[str, str]) -> list[Utterance]:
    """Tell demands, each with its answer."""
    return [
        each
        for number, (demand, answer) in enumerate(turns)
        for each in (said(demand, 20 + 30 * number), said(answer, 24 + 30 * number, OPERATOR))
    ]


def times(changes: list[AlertChange]) -> list[tuple[float, ...]]:
    """Return the times of each demand as they were told last."""
    last = {
        (change.rule, each.start_s): each.times_s
        for change in changes
        for each in change.evidence
        if isinstance(each, AnsweredEvidence)
    }
    return sorted(last.values())


def test_an_answer_shows_that_a_demand_was_made() -> None:
    assert times(judged(told(*REPAIR), rules=RULES)) == [(20, 50, 80)]


def test_three_wishes_of_which_one_is_refused_are_no_demand() -> None:
    wishes = (
        ("月謝下げてもらえない", "値引きはございません"),
        ("じゃあ先生を替えて", "担当の変更は可能でございます"),
        ("なら早く替えて", "来週から変更いたします"),
    )
    assert times(judged(told(*wishes), rules=RULES)) == []


def test_it_is_told_once_however_the_count_changes() -> None:
    again = ("直せ言うとるじゃろうが", "修理はできかねます")
    changes = judged(told(*REPAIR, again, again), rules=RULES)
    assert times(changes) == [(20, 50, 80, 110, 140)]
    assert sum(change.revision == 1 for change in changes) == 1


def test_what_is_answered_otherwise_is_no_demand() -> None:
    granted = [(demand, "かしこまりました、すぐにお調べいたします") for demand, _ in REPAIR]
    assert times(judged(told(*granted), rules=RULES)) == []


def test_it_is_switched_off_with_the_models() -> None:
    off = AgentConfig.model_validate({"judging": {"second_opinion": False}})
    assert off.sentences_folder() is None
    assert configured_book(off).find(said("返金して", 1)).meaning is None
    assert PHRASES.find(said("返金して", 1)).meaning is not None


def test_an_hour_of_talk_is_bounded() -> None:
    rule = next(each for each in RULES if isinstance(each, RepeatedRule) and each.category is None)
    threads = DemandThreads(rule, WEIGHTS.turn)
    for number in range(600):
        role = OPERATOR if number % 2 else CUSTOMER
        utterance = said(f"{number}番の窓口は空いていますか", 6.0 * number, role)
        spoken = Spoken.of(utterance, PHRASES.find(utterance))
        if number % 2:
            threads.answered(spoken)
        else:
            threads.said(spoken, None)
    assert len(threads.turns) == MOST_TURNS
    assert all(other in threads.turns for turn in threads.turns for other in turn.ties)


@pytest.mark.parametrize(
    "spoil",
    [
        lambda folder: (folder / FILE).unlink(),
        lambda folder: (folder / FILE).write_bytes(b""),
        lambda folder: (folder / FILE).write_bytes((folder / FILE).read_bytes()[:300]),
        lambda folder: np.save(folder / FILE, np.zeros((3, 4), np.float32)),
        lambda folder: np.save(folder / FILE, np.load(folder / FILE).astype(np.float64)),
    ],
)
def test_a_wrong_file_of_meanings_is_one_clear_error(tmp_path: Path, spoil: Callable[[Path], object]) -> None:
    folder = tmp_path / "acts"
    shutil.copytree(BUILTIN_ACTS, folder)
    spoil(folder)
    with pytest.raises(ConfigError) as caught:
        Meanings.read(BUILTIN_SENTENCES, folder)
    assert str(folder) in str(caught.value)
