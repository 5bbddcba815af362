"""Evidence of one demand that was made again and again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.wire.evidence import AnsweredEvidence

if TYPE_CHECKING:
    from collections.abc import Sequence

    from kikimori_core.judging.demands.answers import DemandAnswers
    from kikimori_core.judging.demands.times import DemandTime
    from kikimori_core.judging.words.demands import Demand


def answered_evidence(
    like: Sequence[DemandTime], answers: DemandAnswers, category: str | None
) -> AnsweredEvidence:
    """Return the evidence of a demand.

    Args:
        like: Its times, in order.
        answers: The operator's refusals.
        category: The one that it is counted as, if it is.
    """
    demand = None if category is not None else _named(like)
    refusals = answers.of(each.made for each in like)
    ends = (like[-1].said.end_s, *(each.end_s for each in refusals))
    return AnsweredEvidence(
        start_s=like[0].said.start_s,
        end_s=max(ends),
        demand=category or (None if demand is None else demand.name),
        title={} if demand is None else dict(demand.title),
        count=len(like),
        times_s=tuple(each.said.start_s for each in like),
        refusals=refusals,
    )


def is_of_one_demand(one: AnsweredEvidence, other: AnsweredEvidence) -> bool:
    """Return whether two counts are of the same demand: they begin alike, or have times in common."""
    return one.start_s == other.start_s or not set(one.times_s).isdisjoint(other.times_s)


def recent(like: Sequence[DemandTime], now_s: float, window_s: float) -> list[DemandTime]:
    """Return the times that end within the last `window_s` seconds before `now_s`."""
    return [each for each in like if each.said.end_s > now_s - window_s]


def presses(like: Sequence[DemandTime], category: str | None) -> bool:
    """Return whether they are more than polite requests; those of a category that a rule counts always are."""
    return category is not None or any(
        each.demand is not None and (not each.demand.polite or each.demand.insists) for each in like
    )


def claims(like: Sequence[DemandTime], category: str | None) -> bool:
    """Return whether they ask the office for something though it refused nothing: a known demand, one that goes on or insists, two orders.

    Who tells others of a wish does none of these: 帰ってきてくれたらいいな of a cat, 食べてみて of a dish.
    """
    made = [each.demand for each in like if each.demand is not None]
    surely = any(each.insists or each.groups or (each.goes_on and each.listed) for each in made)
    return category is not None or surely or sum(each.order and not each.polite for each in made) > 1


def forgiven(same: Sequence[DemandTime]) -> int:
    """Return how many times do not count: one repetition of a polite request."""
    polite = sum(each.demand is not None and each.demand.polite and not each.demand.insists for each in same)
    return 1 if polite > 1 else 0


def _named(like: Sequence[DemandTime]) -> Demand | None:
    """Return the last of like demands that has a name."""
    demands = (each.demand for each in reversed(like))
    return next((each for each in demands if each is not None and each.name is not None), None)
