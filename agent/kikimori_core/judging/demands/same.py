"""Signs that a customer's turn makes the demand that was made in an earlier one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from kikimori_core.judging.demands.turns import best_odds, nearness

if TYPE_CHECKING:
    from kikimori_core.judging.demands.turns import DemandTurn

FAR = 0.1
"""Cosine below which a turn that names another thing makes another demand."""
_SHARING = ("shared words", "word of its refusal", "goes on")
"""Signs of which one must hold of a demand that names something of its own after a known one."""
_MANY_S, _SECONDS = 120.0, 30.0
_MANY_BETWEEN, _MANY_UNITS = 5, 3


def since_s(turn: DemandTurn, before: DemandTurn) -> float:
    """Return the seconds from the end of an earlier turn to a turn's beginning."""
    return turn.utterance.start_s - before.utterance.end_s


def same_signs(turn: DemandTurn, before: DemandTurn, between: int) -> dict[str, float]:
    """Return the signs that a turn makes the demand of an earlier one; `between`: turns that lie between."""
    return _meanings(turn, before) | _words(turn, before) | _state(turn, before, between)


def is_apart(signs: dict[str, float]) -> bool:
    """Return whether it is surely another demand, whatever the weights: 似顔絵を描け after 返金しろ."""
    return bool(signs["names its own"]) and signs["near"] < FAR and not any(signs[each] for each in _SHARING)


def _meanings(turn: DemandTurn, before: DemandTurn) -> dict[str, float]:
    near, refusals = nearness(turn.meaning, before.meaning), before.refusals
    own = [each for each in turn.direct if each.odds > 0]
    return {
        "near": near,
        "near a refusal": max((nearness(turn.meaning, each.meaning) for each in refusals), default=0.0),
        "refusal near": max((nearness(before.meaning, each.meaning) for each in own), default=0.0),
        "refused alike": max(
            (nearness(one.meaning, each.meaning) for one in own for each in refusals), default=0.0
        ),
        "near and sure": turn.odds * near,
    }


def _words(turn: DemandTurn, before: DemandTurn) -> dict[str, float]:
    demand, earlier = turn.demand, before.demand
    units = len(earlier.units & demand.units)
    refused = {letter for each in before.refusals for letter in each.utterance.text}
    return {
        "like": not (earlier.refers or demand.refers) and earlier.is_like(demand),
        "same known": not earlier.groups.isdisjoint(demand.groups),
        "same firm": not earlier.firm.isdisjoint(demand.firm),
        "known and another": bool(earlier.firm)
        and bool(demand.firm)
        and earlier.firm.isdisjoint(demand.firm),
        "near known": not earlier.groups.isdisjoint(demand.near),
        "about the same": not earlier.about.isdisjoint(demand.about),
        "about another": bool(earlier.about)
        and bool(demand.about)
        and earlier.about.isdisjoint(demand.about),
        "shared core": not earlier.core.isdisjoint(demand.core),
        "shared words": len(earlier.content & demand.content),
        "shared characters": min(units, _MANY_UNITS),
        "shared character": units > 0,
        "no character": not demand.units,
        "same verb": demand.verb != "" and earlier.verb == demand.verb,
        "word of its refusal": not demand.units.isdisjoint(refused),
        "names its own": bool(earlier.firm) and not demand.firm and bool(demand.about) and not units,
        "informs otherwise": demand.informs != earlier.informs,
        "anew": demand.anew,
        "goes on": demand.goes_on,
    }


def _state(turn: DemandTurn, before: DemandTurn, between: int) -> dict[str, float]:
    counted, refusals = before.category is not None, before.refusals
    return {
        "sure": turn.odds,
        "sure before": before.odds,
        "both sure": min(turn.odds, before.odds),
        "seconds since": min(since_s(turn, before), _MANY_S) / _SECONDS,
        "between": min(between, _MANY_BETWEEN),
        "how refused": best_odds(refusals),
        "refused": bool(refusals),
        "without room": any(each.no_room for each in before.replies),
        "both counted": counted and turn.category is not None,
        "one counted": counted != (turn.category is not None),
        "polite": turn.demand.polite and not turn.demand.insists,
    }
