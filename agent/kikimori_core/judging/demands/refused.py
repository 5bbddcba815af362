"""Demands that were refused and are made again, by whole sentences; in use where there is an encoder."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from kikimori_core.judging.demands.evidence import answered_evidence, forgiven, presses, recent
from kikimori_core.judging.demands.groups import LEAST_ODDS
from kikimori_core.judging.demands.threads import MOST_TURNS, WITHIN_S
from kikimori_core.judging.demands.times import DemandTime
from kikimori_core.judging.kinds.detector import CallFacts, Finding
from kikimori_core.judging.kinds.phrase import words_evidence
from kikimori_core.judging.phrases import Match
from kikimori_core.model.alert import Severity

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kikimori_core.judging.demands.answers import MadeDemand
    from kikimori_core.judging.demands.of_call import CallDemands
    from kikimori_core.judging.demands.threads import DemandThread
    from kikimori_core.judging.kinds.repeated import RepeatedRule
    from kikimori_core.model.alert import Evidence
    from kikimori_core.wire.evidence import AnsweredEvidence

TAKEN_BACK = Severity.NOTICE
"""Severity once a corrected count is below the rule's: the alert stays, and shows the correction."""
LEAST_REFUSED = 2
"""Turns of a demand that were refused before it counts by its meaning: of three wishes in an ordinary call often one is refused."""


class RefusedDemands:
    """Decides about demands that were refused; about others their words alone decide (`DemandTimes`)."""

    def __init__(self, rule: RepeatedRule, facts: CallFacts, demands: CallDemands) -> None:
        self._rule, self._facts, self._demands = rule, facts, demands
        self._told: dict[DemandThread, AnsweredEvidence] = {}
        self._by_words: deque[tuple[frozenset[MadeDemand], float]] = deque(maxlen=MOST_TURNS)
        """Demands that were told by words alone, each with the start of its evidence."""

    def decide(self, times: Iterable[DemandTime]) -> bool:
        """Return whether one of the demands was reported by this class."""
        made = {each.made for each in times}
        return any(self._demands.made.get(turn) in made for thread in self._told for turn in thread.turns)

    def doubts(self, times: Iterable[DemandTime]) -> bool:
        """Return whether one of the demands that the words tell is surely none, by its sentence, its answer and the rest of the call."""
        made, made_by = {each.made for each in times}, self._demands.made
        turns = self._demands.threads.turns
        return any(each.in_call < LEAST_ODDS and made_by.get(each) in made for each in turns)

    def told_by_words(self, times: Iterable[DemandTime], evidence: AnsweredEvidence) -> None:
        """Note a report by words alone: a later report of one of its demands from here replaces its evidence."""
        self._by_words.append((frozenset(each.made for each in times), evidence.start_s))

    def found(self, now_s: float, *, agreed: bool = False) -> Finding | None:
        """Return the demands whose counts are new or changed; `agreed`: the operator just agreed to one, so counts may be lower."""
        rule, most, lowers = self._rule, 0, True
        evidence: list[Evidence] = []
        standing = set(self._demands.threads)
        self._told = {thread: told for thread, told in self._told.items() if thread in standing}
        for thread in self._demands.threads:
            if thread.category != rule.category:
                continue
            before, may_hold = self._told.get(thread), self._may_hold(thread, now_s)
            if before is None and not may_hold:
                continue
            like = self._times_of(thread)
            holds = may_hold and len(like) >= rule.count and self._insisted(like)
            fewer = agreed and before is not None and len(like) < before.count
            if not holds and not fewer:
                continue
            start_s = self._start_by_words(like) if before is None else before.start_s
            now = answered_evidence(like, self._demands.answers, rule.category)
            now = now.model_copy(update={"start_s": now.start_s if start_s is None else start_s})
            if now == before:
                continue
            self._told[thread] = now
            lowers = lowers and fewer
            if not holds:
                self._facts.repetitions.take_back(rule.category, now)
            else:
                if not fewer:
                    self._facts.repetitions.add(rule.category, now, now_s)
                newest = recent(like, now_s, rule.window_s)
                evidence += [each.said for each in newest]
                most = max(most, len(newest) - forgiven(newest), 1)
            evidence.append(now)
        if not evidence:
            return None
        if not most:
            return Finding(now_s, TAKEN_BACK, tuple(evidence), lowers)
        critical = rule.critical_count is not None and most >= rule.critical_count
        return Finding(now_s, Severity.CRITICAL if critical else rule.severity, tuple(evidence), lowers)

    def _may_hold(self, thread: DemandThread, now_s: float) -> bool:
        """Return whether a demand was made often, and refused often enough, and lately."""
        recent_s = now_s - thread.last.utterance.end_s
        return (
            len(thread.turns) >= self._rule.count and recent_s <= WITHIN_S and thread.refused >= LEAST_REFUSED
        )

    def _insisted(self, like: Sequence[DemandTime]) -> bool:
        """Return whether they are more than polite requests after mere want of room: a booking's next choices."""
        refused = self._demands.answers.refused
        return presses(like, self._rule.category) or any(refused(each.made, half=False) for each in like)

    def _start_by_words(self, like: Sequence[DemandTime]) -> float | None:
        """Return the start of the evidence that these replace."""
        made = {each.made for each in like}
        return next(
            (start_s for told, start_s in reversed(self._by_words) if not made.isdisjoint(told)), None
        )

    def _times_of(self, thread: DemandThread) -> list[DemandTime]:
        """Return the times of a demand; what was granted begins anew."""
        times = []
        for turn in thread.turns:
            made = self._demands.made_by(turn)
            match = Match(turn.category or "demand", turn.utterance.text)
            times.append(
                DemandTime(words_evidence(turn.utterance, match), turn.demand, made, 0, thread.category)
            )
            if self._demands.answers.granted(made) and turn is not thread.last:
                times.clear()
        return times
