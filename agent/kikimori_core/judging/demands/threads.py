"""The demands of one call, each with the turns in which it was made: decided by whole sentences and by how the operator answered them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.judging.acts.trees import TURN_TREES
from kikimori_core.judging.acts.weights import weigh_values
from kikimori_core.judging.demands.groups import groups
from kikimori_core.judging.demands.others import TurnTie, signs_in_call
from kikimori_core.judging.demands.same import is_apart, same_signs, since_s
from kikimori_core.judging.demands.times import alike
from kikimori_core.judging.demands.turns import (
    LEAST_LETTERS,
    SURE,
    DemandTurn,
    OperatorReply,
    reply_of,
    weigh_turn,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kikimori_core.judging.acts.trees import Trees
    from kikimori_core.judging.acts.weights import TurnWeights
    from kikimori_core.judging.kinds.detector import Spoken
    from kikimori_core.judging.kinds.repeated import AnswerRule

WITHIN_S = 180.0
"""Seconds after a demand in which another may be the same by its meaning."""
MOST_TURNS = 120
"""Turns remembered, of which most demand nothing."""


@dataclass(slots=True, eq=False)
class DemandThread:
    """One demand that was made twice or more: the turns in which it was made, in order."""

    turns: list[DemandTurn] = field(default_factory=list)

    @property
    def last(self) -> DemandTurn:
        return self.turns[-1]

    @property
    def category(self) -> str | None:
        """Category of demands that a rule counts, which one of its turns is of."""
        return next((each.category for each in self.turns if each.category is not None), None)

    @property
    def refused(self) -> int:
        """Number of its turns that were refused."""
        return sum(bool(each.refusals) for each in self.turns)


class DemandThreads:
    """Demands of one call by turns.

    Each final divides all turns into demands anew: every turn is a group at first, then the two groups that are likeliest the same are
    joined until none is likely enough. The words, the answer and the other turns of the call say how likely a turn is a demand at all.
    """

    def __init__(self, rule: AnswerRule, weights: TurnWeights, trees: Trees = TURN_TREES) -> None:
        self._rule, self._weights, self._trees = rule, weights, trees
        self.turns: list[DemandTurn] = []
        """Turns that are remembered, in order."""
        self._threads: list[DemandThread] = []
        self._asked: list[DemandTurn] = []
        """Turns since the operator last spoke, or those that the operator is answering."""
        self._directly: DemandTurn | None = None
        """The turn after which the customer said no more."""
        self._before: OperatorReply | None = None
        self._answering = False
        self._said = 0

    def __iter__(self) -> Iterator[DemandThread]:
        return iter(self._threads)

    def said(self, spoken: Spoken, category: str | None) -> DemandTurn | None:
        """Take an utterance of the customer; return it as a turn, or None where it says too little."""
        turn = self.turn_of(spoken, category)
        if turn is not None:
            self.tie([turn])
            self._divide([turn])
        return turn

    def left_out(self) -> None:
        """Take an utterance of the customer that does not count."""
        if self._answering:
            self._asked, self._answering = [], False
        self._directly = None
        self._said += 1

    def turn_of(self, spoken: Spoken, category: str | None) -> DemandTurn | None:
        """Take an utterance of the customer without comparing it."""
        follows, number = self._answering, self._said
        self.left_out()
        if spoken.meaning is None or spoken.wording is None or len(spoken.utterance.text) < LEAST_LETTERS:
            return None
        turn = DemandTurn(spoken, spoken.meaning(), spoken.wording, category, self._before, follows, number)
        weigh_turn(turn, self._weights)
        self._asked.append(turn)
        self._directly = turn
        self._remember(turn)
        return turn

    def answered(self, spoken: Spoken) -> list[DemandTurn]:
        """Take an utterance of the operator; return the turns that it answers, decided anew."""
        answered = self.reply(spoken)
        if answered:
            self.tie(answered)
            self._divide(answered)
        return answered

    def holds_demand(self, turn: DemandTurn) -> bool:
        """Return whether a turn is a demand, by what was said so far."""
        return turn.odds > 0 or any(turn in each.turns for each in self._threads)

    def reply(self, spoken: Spoken) -> list[DemandTurn]:
        """Take an utterance of the operator without comparing what it answers."""
        self._said += 1
        if spoken.meaning is None:
            return []
        reply = reply_of(spoken, spoken.meaning(), self._rule, self._weights.reply)
        self._before = reply
        self._answering = True
        latest_s = spoken.utterance.start_s - self._rule.answered_within_s
        answered = [each for each in self._asked if each.utterance.end_s >= latest_s]
        for turn in answered:
            (turn.direct if turn is self._directly else turn.late).append(reply)
            weigh_turn(turn, self._weights)
        return answered

    def tie(self, turns: Iterable[DemandTurn]) -> None:
        """Compare turns with all others."""
        place = {each: at for at, each in enumerate(self.turns)}
        for turn in turns:
            at = place.get(turn)
            if at is None:
                continue  # forgotten
            for there, other in enumerate(self.turns):
                if there == at:
                    continue
                late, early = (turn, other) if there < at else (other, turn)
                tie = self._tie(late, early, abs(at - there) - 1)
                if tie is not None:
                    turn.ties[other] = other.ties[turn] = tie

    def _tie(self, turn: DemandTurn, before: DemandTurn, between: int) -> TurnTie | None:
        if since_s(turn, before) > WITHIN_S:
            # After that time only like words make the same demand.
            like = turn.is_demand and before.is_demand and alike(before.demand, turn.demand)
            return TurnTie(SURE, 0.0, 0.0) if like else None
        signs = same_signs(turn, before, between)
        odds = -SURE if is_apart(signs) else weigh_values(signs, self._weights.same)
        return TurnTie(odds, signs["near"], signs["refused alike"])

    def _divide(self, changed: Sequence[DemandTurn]) -> None:
        """Divide the turns into demands; a group keeps the identity of the earlier demand with which it shares most turns."""
        touched = {*changed}.union(*(each.ties for each in changed))
        answered = [each for each in self.turns if each in touched and each.replies]
        rows = [signs_in_call(each) for each in answered]
        for turn, odds in zip(answered, self._trees.log_odds(rows), strict=True):
            turn.in_call = odds
        known, threads = self._threads, []
        for turns in groups(self.turns, self._weights.bar, self._weights.early_bar):
            shared = {
                each: sum(turn in each.turns for turn in turns) for each in known if each not in threads
            }
            best = max(shared, key=shared.__getitem__, default=None)
            thread = best if best is not None and shared[best] else DemandThread()
            thread.turns = turns
            threads.append(thread)
        self._threads = threads

    def _remember(self, turn: DemandTurn) -> None:
        self.turns.append(turn)
        if len(self.turns) > MOST_TURNS:
            made = {each for thread in self._threads for each in thread.turns}
            least = min(self.turns[:-1], key=lambda each: (each in made, each.odds))
            self.turns.remove(least)
            for other in self.turns:
                other.ties.pop(least, None)
