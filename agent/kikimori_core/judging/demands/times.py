"""Times at which demands were made in one call, and which of them are the same demand."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from kikimori_core.judging.acts.weights import WEIGHTS, weigh
from kikimori_core.judging.demands.answers import MOST_KEPT
from kikimori_core.judging.demands.ties import APART, MadeBefore, signs

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from kikimori_core.judging.acts.weights import SignWeights
    from kikimori_core.judging.demands.answers import DemandAnswers, MadeDemand
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.wire.messages import WordsEvidence

CONTINUES_WITHIN_S = 180.0
"""Seconds after a demand in which another may be the same in words that share nothing with it."""


@dataclass(frozen=True, slots=True)
class DemandTime:
    """One occurrence of a demand."""

    said: WordsEvidence
    demand: Demand | None
    made: MadeDemand
    thread: int
    """Number of its demand; occurrences that share no words may have the same."""
    category: str | None = None
    """Category of demands that a rule counts, its own or that of the demand it continues; None = none."""


@dataclass(frozen=True, slots=True)
class Tie:
    """A demand made before, and how a new one is tied to it."""

    last: DemandTime
    signs: frozenset[str]


class DemandTimes:
    """Demands of one call: which of them are the same.

    Two are the same when their words say so (`Demand.is_like`), or when the signs that tie them (`ties`) weigh enough:
    限度額を上げて, refused, and then 枠を増やして or 早く上げろ. All of a category that a rule counts are one.
    """

    def __init__(
        self, answers: DemandAnswers, like_demands: Iterable[str] = (), weights: SignWeights = WEIGHTS
    ) -> None:
        """`like_demands`: known demands that may be one of a category: 電話を代わって of a superior."""
        self._answers = answers
        self._like_demands = frozenset(like_demands)
        self._weights = weights.tie
        self._times: deque[DemandTime] = deque(maxlen=MOST_KEPT)
        self._threads = count()
        self._of_category: dict[str, int] = {}

    def __iter__(self) -> Iterator[DemandTime]:
        return iter(self._times)

    @property
    def last(self) -> DemandTime | None:
        """Last occurrence, of whichever demand."""
        return self._times[-1] if self._times else None

    def meant(self, demand: Demand) -> Demand | None:
        """Return the earlier demand that a demand without a name of its own refers to; None when there was none."""
        for each in reversed(self._times):
            if each.demand is None or each.demand.refers:
                continue
            if demand.insists or demand.goes_on or each.demand.verb == demand.verb:
                return replace(each.demand, polite=demand.polite, insists=demand.insists)
        return None

    def ties(self, demand: Demand, made: MadeDemand) -> Iterator[Tie]:
        """Yield the demands made before, the last first, with what ties a new one to each."""
        seen = set[int]()
        for between, last in enumerate(reversed(self._times)):
            since_s = made.start_s - last.made.end_s
            if last.thread in seen or since_s > CONTINUES_WITHIN_S:
                continue
            seen.add(last.thread)
            before = [each.demand for each in self._times if each.thread == last.thread and each.demand]
            standing = MadeBefore(
                self._answers.refused(last.made, half=False),
                self._answers.refused(last.made),
                self._answers.spoken_since(last.made),
                self._answers.words_of(last.made),
                since_s,
                between,
                last.category is not None,
                self._like_demands,
            )
            found = signs(demand, before, standing)
            if not self._answers.granted(last.made) and APART not in found:
                yield Tie(last, found)

    def tied(self, demand: Demand, made: MadeDemand) -> DemandTime | None:
        """Return the last occurrence of the demand that a new one goes on with; None = of none."""
        weighed = [(weigh(tie.signs, self._weights), tie.last) for tie in self.ties(demand, made)]
        best = max(weighed, key=lambda each: each[0], default=None)
        return best[1] if best is not None and best[0] > 0 else None

    def add(
        self, said: WordsEvidence, demand: Demand | None, made: MadeDemand, category: str | None = None
    ) -> DemandTime:
        """Take an occurrence; `category`: the one that it is found in, if a rule counts it."""
        tied = None if demand is None or category is not None else self.tied(demand, made)
        if tied is not None:
            return self.put(said, demand, made, tied.thread, tied.category)
        return self.put(said, demand, made, None, category)

    def put(
        self,
        said: WordsEvidence,
        demand: Demand | None,
        made: MadeDemand,
        thread: int | None,
        category: str | None,
    ) -> DemandTime:
        """Take an occurrence of a known thread; None = of its category's, or of a new one."""
        if thread is None and category is not None:
            thread = self._of_category.get(category)
        thread = next(self._threads) if thread is None else thread
        if category is not None:
            self._of_category.setdefault(category, thread)
        time = DemandTime(said, demand, made, thread, category)
        self._times.append(time)
        return time

    def like(self, time: DemandTime, category: str | None) -> list[DemandTime]:
        """Return the times at which the same was demanded, and not granted since, in their order.

        `category`: the one that is counted; None = demands of none.
        """
        if category is not None:
            same = [each for each in self._times if each.category == category]
        else:
            same = self._same_as(time)
        granted = [number for number, each in enumerate(same) if self._answers.granted(each.made)]
        return same[granted[-1] + 1 :] if granted and granted[-1] + 1 < len(same) else same

    def _same_as(self, time: DemandTime) -> list[DemandTime]:
        """Return the like demands; of a demand that its words identify also those that are like one of these."""
        demand = time.demand
        if demand is None:
            return []
        direct = [
            each
            for each in self._times
            if (each.thread == time.thread and time.category is None)
            or (each.demand is not None and alike(each.demand, demand))
        ]
        threads = {each.thread for each in direct if each.category is None}
        wordy = [
            each.demand
            for each in direct
            if each.demand is not None
            and (not each.demand.groups or (each.thread == time.thread and len(each.demand.firm) == 1))
        ]
        same = [
            each
            for each in self._times
            if each in direct
            or (not demand.groups and each.thread in threads)
            or (each.demand is not None and any(alike(each.demand, one) for one in wordy))
        ]
        return [] if all(each.category is not None for each in same) else same


def alike(one: Demand, other: Demand) -> bool:
    """Return whether the words of two demands make them the same.

    One that names nothing, or that the model of acts alone finds, is the same by its thread alone.
    """
    known = one.listed and other.listed and not (one.refers or other.refers)
    return known and one.is_like(other)
