"""The demands of one call, each with the turns in which it was made: decided by whole sentences and by how the operator answered them."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.judging.acts.weights import likelihood, weigh_values
from kikimori_core.judging.demands.times import alike
from kikimori_core.judging.demands.turns import (
    LEAST_LETTERS,
    DemandTurn,
    OperatorReply,
    best_odds,
    nearness,
    reply_of,
    turn_odds,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from kikimori_core.judging.acts.weights import TurnWeights
    from kikimori_core.judging.kinds.detector import Spoken
    from kikimori_core.judging.kinds.repeated import RepeatedRule

WITHIN_S = 180.0
"""Seconds after a demand in which another may be the same by its meaning."""
MOST_THREADS = 60
"""Demands remembered, of which most were made once."""
COMPARED = 8
"""Last turns of a demand that a new one is compared with."""
FAR = 0.1
"""Cosine below which what names something of its own is another demand."""
_SHARING = ("shared words", "word of its refusal", "goes on")
"""Signs of which one must hold of a demand that names something of its own after a known one."""
_MANY_S, _SECONDS = 120.0, 30.0
_MANY_BETWEEN, _MANY_UNITS = 5, 3


@dataclass(slots=True, eq=False)
class DemandThread:
    """One demand: the turns in which it was made, in order."""

    turns: list[DemandTurn] = field(default_factory=list)

    @property
    def last(self) -> DemandTurn:
        return self.turns[-1]

    @property
    def category(self) -> str | None:
        """Category of demands that a rule counts, which one of its turns is of."""
        return next((each.category for each in self.turns if each.category is not None), None)

    @property
    def refused(self) -> bool:
        return any(each.refusals for each in self.turns)


class DemandThreads:
    """Demands of one call by turns.

    A turn goes on with the demand for which it is likeliest that both are demands and that they are the same; each answer of the
    operator decides anew about the turns that it answers.
    """

    def __init__(self, rule: RepeatedRule, weights: TurnWeights) -> None:
        self._rule, self._weights = rule, weights
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

    def thread_of(self, turn: DemandTurn) -> DemandThread | None:
        """Return the demand that a turn makes; None = it makes none that is remembered."""
        return next((each for each in reversed(self._threads) if turn in each.turns), None)

    def said(self, spoken: Spoken, category: str | None) -> DemandTurn | None:
        """Take an utterance of the customer; return it as a turn, or None where it says too little."""
        turn = self.turn_of(spoken, category)
        if turn is not None:
            self._place(turn)
        return turn

    def left_out(self) -> None:
        """Take an utterance of the customer that does not count."""
        if self._answering:
            self._asked, self._answering = [], False
        self._directly = None
        self._said += 1

    def turn_of(self, spoken: Spoken, category: str | None) -> DemandTurn | None:
        """Take an utterance of the customer without placing it."""
        follows, number = self._answering, self._said
        self.left_out()
        if spoken.meaning is None or spoken.wording is None or len(spoken.utterance.text) < LEAST_LETTERS:
            return None
        turn = DemandTurn(spoken, spoken.meaning(), spoken.wording, category, self._before, follows, number)
        turn.odds = turn_odds(turn, self._weights)
        self._asked.append(turn)
        self._directly = turn
        return turn

    def answered(self, spoken: Spoken) -> list[DemandTurn]:
        """Take an utterance of the operator; return the turns that it answers, decided anew."""
        answered = self.reply(spoken)
        for thread in [*self._threads]:
            thread.turns = [each for each in thread.turns if each not in answered]
            if not thread.turns:
                self._threads.remove(thread)
        for turn in answered:
            self._place(turn)
        return answered

    def makes_one(self, turn: DemandTurn) -> bool:
        """Return whether a turn is a demand, as far as is known."""
        thread = self.thread_of(turn)
        return turn.odds > 0 or (thread is not None and len(thread.turns) > 1)

    def reply(self, spoken: Spoken) -> list[DemandTurn]:
        """Take an utterance of the operator without placing what it answers."""
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
            turn.odds = turn_odds(turn, self._weights)
        return answered

    def _place(self, turn: DemandTurn) -> None:
        bar = self._weights.bar if turn.replies else self._weights.early_bar
        best, thread = bar, None
        for each in self._threads:
            # Most are none for sure, whatever they share.
            if _since_s(turn, each.last) <= WITHIN_S and _both(turn, each) > bar:
                likely = self._weigh(turn, each)
                if likely > best:
                    best, thread = likely, each
        thread = thread or self._alike(turn)
        if thread is not None:
            thread.turns.append(turn)
            return
        if len(self._threads) >= MOST_THREADS:
            self._threads.remove(
                min(self._threads, key=lambda each: (len(each.turns) > 1, each.last.odds > 0))
            )
        self._threads.append(DemandThread([turn]))

    def _alike(self, turn: DemandTurn) -> DemandThread | None:
        """Return the demand of long ago that a turn makes in like words."""
        return next(
            (
                each
                for each in reversed(self._threads)
                if _since_s(turn, each.last) > WITHIN_S
                and turn.is_demand
                and any(one.is_demand and alike(one.demand, turn.demand) for one in each.turns)
            ),
            None,
        )

    def _weigh(self, turn: DemandTurn, thread: DemandThread) -> float:
        """Return how likely both are demands, and the same."""
        signs = same_signs(turn, thread.turns, self.between(turn, thread))
        if signs["names its own"] and signs["nearest"] < FAR and not any(signs[each] for each in _SHARING):
            # 似顔絵を描け after 返金しろ.
            return 0.0
        return likelihood(weigh_values(signs, self._weights.same)) * _both(turn, thread)

    def between(self, turn: DemandTurn, thread: DemandThread) -> int:
        """Return the number of other turns since a demand was last made."""
        begin = thread.last.number
        return sum(begin < each.number < turn.number for one in self._threads for each in one.turns)


def _both(turn: DemandTurn, thread: DemandThread) -> float:
    """Return how likely a turn is a demand, and so is what was said before; what was said twice is one."""
    known = 1.0 if len(thread.turns) > 1 else likelihood(thread.last.odds)
    return likelihood(turn.odds) * known


def _since_s(turn: DemandTurn, before: DemandTurn) -> float:
    return turn.utterance.start_s - before.utterance.end_s


def same_signs(turn: DemandTurn, turns: Sequence[DemandTurn], between: int) -> dict[str, float]:
    """Return the signs that a turn makes the demand that was made in earlier turns."""
    turns = turns[-COMPARED:]
    return _meanings(turn, turns) | _words(turn, turns) | _state(turn, turns, between)


def _meanings(turn: DemandTurn, turns: Sequence[DemandTurn]) -> dict[str, float]:
    near = [nearness(turn.meaning, each.meaning) for each in turns]
    refusals = [each for one in turns for each in one.refusals]
    own = [each for each in turn.direct if each.odds > 0]
    return {
        "nearest": max(near),
        "near": sum(near) / len(near),
        "near the last": near[-1],
        "near a refusal": max((nearness(turn.meaning, each.meaning) for each in refusals), default=0.0),
        "refusal near": max(
            (nearness(one.meaning, each.meaning) for one in own for each in turns), default=0.0
        ),
        "refused alike": max(
            (nearness(one.meaning, each.meaning) for one in own for each in refusals), default=0.0
        ),
        "near and sure": turn.odds * max(near),
    }


def _words(turn: DemandTurn, turns: Sequence[DemandTurn]) -> dict[str, float]:
    demand, before = turn.demand, [each.demand for each in turns]
    firm, about = _all(each.firm for each in before), _all(each.about for each in before)
    units = len(_all(each.units for each in before) & demand.units)
    refused = {letter for one in turns for each in one.refusals for letter in each.utterance.text}
    return {
        "like": any(each.is_like(demand) for each in before if not (each.refers or demand.refers)),
        "same known": not _all(each.groups for each in before).isdisjoint(demand.groups),
        "same firm": not firm.isdisjoint(demand.firm),
        "known and another": bool(firm) and bool(demand.firm) and firm.isdisjoint(demand.firm),
        "near known": not _all(each.groups for each in before).isdisjoint(demand.near),
        "about the same": not about.isdisjoint(demand.about),
        "about another": bool(about) and bool(demand.about) and about.isdisjoint(demand.about),
        "shared core": not _all(each.core for each in before).isdisjoint(demand.core),
        "shared words": len(_all(each.content for each in before) & demand.content),
        "shared characters": min(units, _MANY_UNITS),
        "shared character": units > 0,
        "no character": not demand.units,
        "same verb": demand.verb != "" and any(each.verb == demand.verb for each in before),
        "word of its refusal": not demand.units.isdisjoint(refused),
        "names its own": bool(firm) and not demand.firm and bool(demand.about) and not units,
        "informs otherwise": demand.informs != any(each.informs for each in before),
        "anew": demand.anew,
        "goes on": demand.goes_on,
    }


def _state(turn: DemandTurn, turns: Sequence[DemandTurn], between: int) -> dict[str, float]:
    last, odds = turns[-1], [each.odds for each in turns]
    refusals = [each for one in turns for each in one.refusals]
    counted = any(each.category is not None for each in turns)
    return {
        "sure": turn.odds,
        "least sure": min(odds),
        "sure on average": sum(odds) / len(odds),
        "last sure": last.odds,
        "both sure": min(turn.odds, last.odds),
        "made twice": len(turns) > 1,
        "made thrice": len(turns) > 2,
        "seconds since": min(_since_s(turn, last), _MANY_S) / _SECONDS,
        "between": min(between, _MANY_BETWEEN),
        "how refused": best_odds(refusals),
        "refused": bool(refusals),
        "last refused": bool(last.refusals),
        "last without room": bool(last.replies) and any(each.no_room for each in last.replies),
        "both counted": counted and turn.category is not None,
        "one counted": counted != (turn.category is not None),
        "polite": turn.demand.polite and not turn.demand.insists,
    }


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)
