"""The operator's refusals of one call, each as the answer to the demand that it follows."""

from __future__ import annotations

import re
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING

from kikimori_core.judging.acts.weights import WEIGHTS, weigh
from kikimori_core.judging.kinds.phrase import has_category
from kikimori_core.judging.words.statement import YES
from kikimori_core.model.evidence import Role
from kikimori_core.wire.evidence import RefusalMade

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kikimori_core.judging.acts.weights import SignWeights
    from kikimori_core.judging.kinds.detector import Spoken
    from kikimori_core.judging.kinds.repeated import AnswerRule
    from kikimori_core.model.evidence import Utterance

MOST_KEPT = 200
"""Demands and refusals remembered; an hour of asking without a pause does not reach it."""

LEAST_ODDS = 0.5
"""Log odds from which an utterance refuses; more than 0, as in the calls learned from nearly every demand is refused at once."""
LEAST_SHARED = 2
"""Chinese characters by which an answer names a demand before the last one."""

_KANJI = re.compile(r"[\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class MadeDemand:
    """An utterance with a demand, of this rule or of another."""

    start_s: float
    end_s: float
    text: str


@dataclass(frozen=True, slots=True)
class _Answer:
    demand: MadeDemand
    start_s: float
    end_s: float
    quote: str | None
    """None = a mixed leg, where it is not known who said it."""
    full: bool = True
    """False = half a refusal for want of room, after which another choice may follow: 水曜は埋まっております."""


class DemandAnswers:
    """State of one call: its demands, and how the operator answered each of them."""

    def __init__(self, rule: AnswerRule, weights: SignWeights = WEIGHTS) -> None:
        self._rule = rule
        self._weights = weights.answer
        self._demands: deque[MadeDemand] = deque(maxlen=MOST_KEPT)
        self._answers: deque[_Answer] = deque(maxlen=MOST_KEPT)
        self._broken_off: _Answer | None = None
        """A half refusal that the operator's next words may make another answer."""
        self._granted: set[MadeDemand] = set()
        self._spoken_s: float | None = None
        """Beginning of the operator's last words."""
        self._open = False
        """True = a plain statement would answer the last demand: the customer said nothing since."""

    def said_other(self) -> None:
        """Take an utterance of the customer without a demand: what the operator states next answers that."""
        self._open = False

    def demanded(self, spoken: Spoken) -> MadeDemand:
        """Take an utterance with a demand."""
        made = _made_by(spoken)
        self._demands.append(made)
        self._open = spoken.demand is None or not spoken.demand.informs
        self._broken_off = None
        return made

    def demanded_before(self, spoken: Spoken, refusals: Iterable[Utterance]) -> MadeDemand:
        """Take an utterance that turned out to be a demand after it was refused."""
        made = _made_by(spoken)
        self._demands.append(made)
        known = {each.start_s for each in self._answers}
        for each in refusals:
            if each.start_s not in known:
                self._answers.append(_Answer(made, each.start_s, each.end_s, each.text))
        return made

    def forget(self, demand: MadeDemand) -> None:
        """Take a demand back that turned out to be none."""
        if demand not in self._demands:
            return
        if demand == self._demands[-1]:
            self._open = False
        self._demands.remove(demand)

    def answered(self, spoken: Spoken) -> bool:
        """Take an utterance of the operator; return True when it changes how a demand was answered."""
        rule, utterance = self._rule, spoken.utterance
        self._spoken_s = utterance.start_s
        refuses, offers = self._refuses(spoken)
        if (offers and not refuses) or has_category(spoken, rule.ask_again_category):
            return self._said_otherwise(spoken)
        refusal = _matched(spoken, rule.refusal_categories) if refuses else None
        half = (*rule.half_refusal_categories, *rule.statement_categories)
        quote = refusal or _matched(spoken, half) or utterance.text if refuses else None
        demand = None if quote is None else self.answered_demand(utterance.start_s, utterance.text)
        if quote is None or demand is None:
            if demand is None and has_category(spoken, rule.granted_category):
                return self._grant(spoken)
            return False
        answer = _Answer(
            demand,
            utterance.start_s,
            utterance.end_s,
            quote if utterance.role is Role.OPERATOR else None,
            refusal is not None or not has_category(spoken, rule.no_room_category),
        )
        self._answers.append(answer)
        self._granted.discard(demand)
        self._broken_off = answer if refusal is None else None
        return True

    def _refuses(self, spoken: Spoken) -> tuple[bool, bool]:
        """Return whether an utterance refuses, and whether it offers something, if it answers a demand at all."""
        fact = self._open and has_category(spoken, *self._rule.statement_categories)
        offers = has_category(spoken, *self._rule.answer_categories)
        if spoken.refusal is not None:
            weights = self._weights
            odds = spoken.refusal * weights["odds"] + weigh(self.signs(spoken), weights)
            return odds > LEAST_ODDS and not self._is_willing(spoken), offers
        known = (*self._rule.refusal_categories, *self._rule.half_refusal_categories)
        offers = offers and not fact
        return not offers and (fact or has_category(spoken, *known)), offers

    def _is_willing(self, spoken: Spoken) -> bool:
        """Return whether it begins with a yes or offers to listen, and holds no refusal that is known."""
        willing = spoken.utterance.text.startswith(YES) or has_category(spoken, self._rule.listening_category)
        return willing and not holds_refusal(spoken, self._rule)

    def signs(self, spoken: Spoken) -> frozenset[str]:
        """Return the names of the signs that weigh for or against a refusal, beside the odds that its words give."""
        rule = self._rule
        holds = {
            "directly": self._open,
            "refusal": has_category(spoken, *rule.refusal_categories),
            "half a refusal": has_category(spoken, *rule.half_refusal_categories),
            "statement": has_category(spoken, *rule.statement_categories),
            "offer": has_category(spoken, *rule.answer_categories),
        }
        return frozenset(name for name, each in holds.items() if each)

    def _said_otherwise(self, spoken: Spoken) -> bool:
        """Take an offer, a promise or a request to say it again: what was only half refused just before is not refused."""
        changed = self._grant(spoken) if has_category(spoken, self._rule.granted_category) else False
        half, self._broken_off = self._broken_off, None
        if half is not None and half in self._answers:
            self._answers.remove(half)
            return True
        return changed

    def _grant(self, spoken: Spoken) -> bool:
        demand = self.answered_demand(spoken.utterance.start_s, spoken.utterance.text)
        if demand is None or any(each.demand == demand for each in self._answers):
            return False
        self._granted.add(demand)
        return True

    @property
    def grants(self) -> int:
        """Number of demands that the operator agreed to."""
        return len(self._granted)

    def granted(self, demand: MadeDemand) -> bool:
        """Return whether the operator agreed to a demand as it was made."""
        return demand in self._granted

    def spoken_since(self, demand: MadeDemand) -> bool:
        """Return whether the operator said anything after a demand."""
        return self._spoken_s is not None and self._spoken_s > demand.start_s

    def refused(self, demand: MadeDemand, *, half: bool = True) -> bool:
        """Return whether a demand was refused; `half`: by half a refusal, too."""
        return any(each.demand == demand and (half or each.full) for each in self._answers)

    def words_of(self, demand: MadeDemand) -> frozenset[str]:
        """Return the Chinese characters of the refusals of a demand: they name it too."""
        return frozenset(
            letter
            for each in self._answers
            if each.demand == demand and each.quote is not None
            for letter in _KANJI.findall(each.quote)
        )

    def of(self, demands: Iterable[MadeDemand]) -> tuple[RefusalMade, ...]:
        """Return the refusals of some demands, in the order of time."""
        wanted = set(demands)
        return tuple(
            RefusalMade(
                start_s=round(each.start_s, 2),
                end_s=round(each.end_s, 2),
                demand_s=round(each.demand.start_s, 2),
                quote=each.quote,
            )
            for each in self._answers
            if each.demand in wanted
        )

    def answered_demand(self, start_s: float, text: str) -> MadeDemand | None:
        """Return the demand that an utterance answers: of those just made the one whose words it takes up, else the last."""
        near: Sequence[MadeDemand] = [
            each
            for each in self._demands
            if each.start_s < start_s and start_s - each.end_s <= self._rule.answered_within_s
        ]
        said = set(_KANJI.findall(text))

        def shared(each: MadeDemand) -> int:
            letters = len(said & set(_KANJI.findall(each.text)))
            return letters if letters >= LEAST_SHARED else 0

        return max(near, key=lambda each: (shared(each), each.start_s), default=None)


def holds_refusal(spoken: Spoken, rule: AnswerRule) -> bool:
    """Return whether an operator's utterance holds a refusal that is known."""
    return has_category(spoken, *rule.refusal_categories, *rule.half_refusal_categories)


def _made_by(spoken: Spoken) -> MadeDemand:
    return MadeDemand(spoken.utterance.start_s, spoken.utterance.end_s, spoken.utterance.text)


def _matched(spoken: Spoken, categories: tuple[str, ...]) -> str | None:
    return next((match.matched for match in spoken.matches if match.category in categories), None)
