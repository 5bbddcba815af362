"""Customer's utterances in turn with the operator's, and the signs that one is a demand: its words, and how it is answered."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from kikimori_core.judging.acts.weights import TurnWeights, weigh_values
from kikimori_core.judging.demands.answers import holds_refusal
from kikimori_core.judging.kinds.phrase import has_category
from kikimori_core.judging.words.statement import YES

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from kikimori_core.judging.acts.meanings import Meaning
    from kikimori_core.judging.demands.others import TurnTie
    from kikimori_core.judging.kinds.detector import Spoken
    from kikimori_core.judging.kinds.repeated import AnswerRule
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.model.evidence import Utterance

LEAST_LETTERS = 3
"""Letters of the shortest turn that may be a demand."""
SURE = 8.0
"""Log odds beyond which a turn is not surer."""
BEGINNING_S = 12.0
"""Seconds at whose end a call's first words are said."""
_MANY_LETTERS, _LETTERS = 60, 20.0
_MANY_TURNS, _TURNS = 20, 10.0
_UNKNOWN = -6.0
"""Log odds of a refusal where nothing was said."""
_UNHEARD = -2.0
"""Log odds of an act where the model of acts has none."""
_ASKS = ("か", "の", "かね", "かな")
_OPERATOR_ASKS = ("か", "でしょう", "は", "願いします", "願いいたします")
_AGREES = (*YES, "かしこまりました", "承知")


@dataclass(frozen=True, slots=True)
class OperatorReply:
    """Operator's utterance before or after a turn."""

    utterance: Utterance
    meaning: Meaning
    odds: float
    """Log odds that it refuses."""
    asks: bool
    grants: bool
    offers: bool
    asks_again: bool
    no_room: bool


@dataclass(slots=True, eq=False)
class DemandTurn:
    """Customer's utterance that may be a demand."""

    spoken: Spoken
    meaning: Meaning
    demand: Demand
    """Its wording as a demand, whether it makes one or not."""
    category: str | None
    """Category of demands that a rule counts, found in it."""
    before: OperatorReply | None
    """Operator's last words before it."""
    follows: bool
    """True = it follows `before` directly."""
    number: int
    """Utterances of the call before it."""
    direct: list[OperatorReply] = field(default_factory=list)
    """Operator's words directly after it."""
    late: list[OperatorReply] = field(default_factory=list)
    """Operator's words after it and after more of the customer's."""
    odds: float = 0.0
    """Log odds that it is a demand, as far as it was answered."""
    in_call: float = 0.0
    """The same, with the other turns of the call taken into account."""
    signs: Mapping[str, float] = field(default_factory=dict)
    """Signs of it by itself."""
    ties: dict[DemandTurn, TurnTie] = field(default_factory=dict)
    """Other turns with which it was compared."""

    @property
    def utterance(self) -> Utterance:
        return self.spoken.utterance

    @property
    def is_demand(self) -> bool:
        """Return whether its words alone make a demand."""
        return self.spoken.demand is not None

    @property
    def demanding(self) -> float:
        """Return the log odds of a demand by the model of acts, from its words."""
        return _UNHEARD if self.spoken.demanding is None else self.spoken.demanding

    @property
    def replies(self) -> list[OperatorReply]:
        return self.direct or self.late

    @property
    def refusals(self) -> list[OperatorReply]:
        """Refusals of it."""
        return [each for each in self.replies if each.odds > 0]


def reply_of(
    spoken: Spoken, meaning: Meaning, rule: AnswerRule, weights: Mapping[str, float]
) -> OperatorReply:
    """Return an operator's utterance as a reply."""
    signs = reply_signs(spoken, meaning, rule)
    return OperatorReply(
        spoken.utterance,
        meaning,
        weigh_values(signs, weights),
        bool(signs["asks"]),
        bool(signs["granted"]),
        bool(signs["offer"]),
        has_category(spoken, rule.ask_again_category),
        has_category(spoken, rule.no_room_category),
    )


def reply_signs(spoken: Spoken, meaning: Meaning, rule: AnswerRule) -> dict[str, float]:
    """Return the signs that an operator's utterance refuses."""
    text = spoken.utterance.text
    listens = has_category(spoken, rule.listening_category) and not holds_refusal(spoken, rule)
    return {
        "odds": _UNHEARD if spoken.refusal is None else spoken.refusal,
        "meaning": meaning.scores.refuses,
        "refusal": has_category(spoken, *rule.refusal_categories),
        "half a refusal": has_category(spoken, *rule.half_refusal_categories),
        "statement": has_category(spoken, *rule.statement_categories),
        "offer": has_category(spoken, *rule.answer_categories),
        "granted": has_category(spoken, rule.granted_category),
        "asks again": has_category(spoken, rule.ask_again_category),
        "no room": has_category(spoken, rule.no_room_category),
        "agrees": listens or text.startswith(_AGREES),
        "asks": _ends(text, _OPERATOR_ASKS),
        "letters": min(len(text), _MANY_LETTERS) / _LETTERS,
    }


def weigh_turn(turn: DemandTurn, weights: TurnWeights) -> None:
    """Set a turn's signs and log odds from its words and the answers so far."""
    turn.signs = turn_signs(turn)
    table = weights.answered if turn.replies else weights.unanswered
    turn.odds = turn.in_call = max(-SURE, min(SURE, weigh_values(turn.signs, table)))


def turn_signs(turn: DemandTurn) -> dict[str, float]:
    """Return the signs that a turn is a demand."""
    return _words_of(turn) | (_replies_to(turn) if turn.replies else _no_reply(turn))


def _words_of(turn: DemandTurn) -> dict[str, float]:
    demand, before, text = turn.demand, turn.before, turn.utterance.text
    return {
        "odds": turn.demanding,
        "meaning": turn.meaning.scores.demands,
        "found": turn.is_demand,
        "listed": demand.listed,
        "goes on": demand.goes_on,
        "insists": demand.insists,
        "again": demand.again,
        "anew": demand.anew,
        "polite": demand.polite,
        "brief": demand.brief,
        "refers": demand.refers,
        "informs": demand.informs,
        "apart": demand.apart,
        "known": bool(demand.groups),
        "firm": bool(demand.firm),
        "counted": turn.category is not None,
        "letters": min(len(text), _MANY_LETTERS) / _LETTERS,
        "asks": _ends(text, _ASKS),
        "question mark": "？" in text,
        "after a refusal": _UNKNOWN if before is None else before.odds,
        "after asking again": before is not None and before.asks_again,
        "after a question": before is not None and before.asks,
        "follows": turn.follows,
        "at the beginning": turn.utterance.start_s < BEGINNING_S,
        "number": min(turn.number, _MANY_TURNS) / _TURNS,
    }


def _no_reply(turn: DemandTurn) -> dict[str, float]:
    scores = turn.meaning.scores
    return {
        "in context": scores.unanswered
        + (0.0 if turn.before is None else turn.before.meaning.scores.unanswered_after)
    }


def _replies_to(turn: DemandTurn) -> dict[str, float]:
    direct = best_odds(turn.direct)
    return {
        "in context": in_context(turn),
        "refused": direct,
        "refused later": _UNKNOWN if turn.direct else best_odds(turn.late),
        "granted": any(each.grants for each in turn.direct),
        "asked": any(each.asks for each in turn.direct),
        "offered": any(each.offers for each in turn.direct),
        "answered": bool(turn.direct),
        "answer is near": max((nearness(turn.meaning, each.meaning) for each in turn.direct), default=0.0),
        "is refused": direct > 0,
        "odds of what is refused": turn.demanding if direct > 0 else 0.0,
    }


def in_context(turn: DemandTurn) -> float:
    """Return the weighted sum of a turn's meaning and of those before and after it."""
    reply = max(turn.replies, key=lambda each: each.odds)
    before = 0.0 if turn.before is None else turn.before.meaning.scores.said_after
    return turn.meaning.scores.said + before + reply.meaning.scores.answered_by


def best_odds(replies: Iterable[OperatorReply]) -> float:
    """Return the log odds of the clearest refusal."""
    return max((each.odds for each in replies), default=_UNKNOWN)


def nearness(one: Meaning, other: Meaning) -> float:
    """Return the cosine of the angle between two meanings."""
    return float(one.vector @ other.vector)


def _ends(text: str, ends: tuple[str, ...]) -> bool:
    return text.rstrip("。？?").endswith(ends)
