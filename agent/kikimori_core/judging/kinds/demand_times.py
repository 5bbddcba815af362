"""Times at which demands were made in one call, and which of them are the same demand."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

from kikimori_core.judging.kinds.demand_answers import MOST_KEPT

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.judging.kinds.demand_answers import DemandAnswers, MadeDemand
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.wire.messages import WordsEvidence

CONTINUES_WITHIN_S = 180.0
"""Seconds after a demand that was refused in which another, of no known group, may be the same in other words."""


@dataclass(frozen=True, slots=True)
class DemandTime:
    """One occurrence of a demand."""

    said: WordsEvidence
    demand: Demand | None
    made: MadeDemand
    thread: int
    """Number of the demand that it goes on with, for those that share no words."""
    elsewhere: bool = False
    """True = another rule counts it: here it counts beside others alone."""


class DemandTimes:
    """Demands of one call that one rule counts.

    Two are the same when their words say so (`Demand.is_like`). One that follows a refusal is also the same when it names
    nothing else: 限度額を上げて, refused, and then 枠を増やして or 早く上げろ.
    """

    def __init__(self, answers: DemandAnswers, *, alike: bool = False) -> None:
        """`alike`: all of them are one demand, as for a rule with a category."""
        self._answers = answers
        self._alike = alike
        self._times: deque[DemandTime] = deque(maxlen=MOST_KEPT)
        self._threads = count()

    @property
    def last(self) -> DemandTime | None:
        """Last occurrence, of whichever demand."""
        return self._times[-1] if self._times else None

    def meant(self, demand: Demand) -> Demand | None:
        """Return the demand that one means that names nothing itself; None when there was none before."""
        for each in reversed(self._times):
            if each.demand is None:
                continue
            points = demand.insists or demand.goes_on
            if points or each.demand.verb == demand.verb or (each is self.last and self._open(demand, each)):
                return replace(each.demand, polite=demand.polite, insists=demand.insists)
        return None

    def _open(self, demand: Demand, last: DemandTime) -> bool:
        """Return whether a demand that names nothing follows the last one, refused just before, and is no other."""
        return not demand.anew and self._refused(demand, last)

    def add(
        self, said: WordsEvidence, demand: Demand | None, made: MadeDemand, *, elsewhere: bool = False
    ) -> DemandTime:
        """Take an occurrence; `elsewhere`: another rule counts it."""
        continued = None if self._alike or demand is None else self._continued(demand, made)
        thread = next(self._threads) if continued is None else continued.thread
        if demand is not None and demand.again and continued is not None and continued.demand is not None:
            demand = replace(continued.demand, polite=demand.polite, insists=demand.insists)
        time = DemandTime(said, demand, made, thread, elsewhere)
        self._times.append(time)
        return time

    def like(self, time: DemandTime) -> list[DemandTime]:
        """Return the times at which the same was demanded, and not granted since, in their order."""
        same = self._same_as(time)
        if all(each.elsewhere for each in same):
            return []
        granted = [number for number, each in enumerate(same) if self._answers.granted(each.made)]
        return same[granted[-1] + 1 :] if granted and granted[-1] + 1 < len(same) else same

    def _same_as(self, time: DemandTime) -> list[DemandTime]:
        """Return the like demands; of one that is known by its words also those that are like one of these."""
        demand = time.demand
        if self._alike or demand is None:
            return list(self._times)
        direct = [
            each
            for each in self._times
            if each.thread == time.thread or (each.demand is not None and each.demand.is_like(demand))
        ]
        threads = {each.thread for each in direct}
        wordy = [
            each.demand
            for each in direct
            if each.demand is not None
            and (not each.demand.groups or (each.thread == time.thread and len(each.demand.firm) == 1))
        ]
        return [
            each
            for each in self._times
            if each in direct
            or (not demand.groups and each.thread in threads)
            or (each.demand is not None and any(each.demand.is_like(one) for one in wordy))
        ]

    def _continued(self, demand: Demand, made: MadeDemand) -> DemandTime | None:
        """Return the demand before that this one goes on with: one in its words, else the last one that was refused."""
        near = [
            each
            for each in reversed(self._times)
            if each.demand is not None
            and made.start_s - each.made.end_s <= CONTINUES_WITHIN_S
            and not self._answers.granted(each.made)
        ]
        for each in near:
            if (
                each.demand is not None
                and each.demand.is_like(demand)
                and (each.demand.groups == demand.groups or each.demand.firm & demand.firm)
            ):
                return each
        shares = next((each for each in near if self._shares(demand, each)), None)
        if shares is not None or not near:
            return shares
        last = next((each for each in near if not each.elsewhere), near[0])
        return last if self._names_no_other(demand, last) else None

    def _shares(self, demand: Demand, before: DemandTime) -> bool:
        """Return whether a demand has words in common with one before, or with its refusals."""
        if demand.again:
            return False
        thread = self._thread(before)
        if demand.anew or self._apart(demand, thread):
            return bool(demand.about & _all(each.about for each in thread))
        if demand.firm and _all(each.firm for each in thread):
            # Of two known demands what each is about must be the same: 違約金をなしにして and 違約金を消して.
            return bool(
                demand.core & _all(each.core for each in thread)
                or demand.about & _all(each.about for each in thread)
            )
        if not self._refused(demand, before):
            same_verb = not demand.about and any(each.verb == demand.verb != "" for each in thread)
            near = same_verb or bool(demand.core & _all(each.core for each in thread))
            return near and self._answers.spoken_since(before.made)
        return bool(
            demand.units & (_all(each.units for each in thread) | self._answers.words_of(before.made))
        )

    def _names_no_other(self, demand: Demand, last: DemandTime) -> bool:
        """Return whether a demand after another is the same for want of a sign that it is not."""
        if demand.again:
            return True
        thread = self._thread(last)
        points = demand.goes_on or demand.insists
        if demand.anew or self._apart(demand, thread) or not (points or self._refused(demand, last)):
            return False
        known = _all(each.firm for each in thread)
        if known and demand.firm:
            units = _all(each.units for each in thread)
            return bool(known & demand.near) and demand.written <= units and not demand.topics
        return not known or not demand.about or points

    @staticmethod
    def _apart(demand: Demand, thread: list[Demand]) -> bool:
        """Return whether one of them is of a kind that goes on with its own alone."""
        known = _all(each.groups for each in thread)
        return known.isdisjoint(demand.groups | demand.near) and (
            demand.apart or (bool(demand.firm) and any(each.apart for each in thread))
        )

    def _refused(self, demand: Demand, before: DemandTime) -> bool:
        """Return whether what was demanded before was refused; where a polite one follows it may be a booking's next choice."""
        return self._answers.refused(before.made, half=not demand.polite or demand.insists)

    def _thread(self, of: DemandTime) -> list[Demand]:
        return [each.demand for each in self._times if each.thread == of.thread and each.demand is not None]


def _all(sets: Iterable[frozenset[str]]) -> frozenset[str]:
    return frozenset[str]().union(*sets)
