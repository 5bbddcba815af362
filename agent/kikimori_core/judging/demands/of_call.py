"""Demands of one call, with their answers and repetitions; shared by all rules that count them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from kikimori_core.judging.acts.weights import WEIGHTS, demands
from kikimori_core.judging.demands.answers import DemandAnswers
from kikimori_core.judging.demands.threads import DemandThreads
from kikimori_core.judging.demands.times import DemandTimes
from kikimori_core.judging.kinds.detector import from_customer
from kikimori_core.judging.kinds.phrase import has_category, words_evidence
from kikimori_core.judging.phrases import Match
from kikimori_core.model.evidence import Role

if TYPE_CHECKING:
    from kikimori_core.judging.demands.answers import MadeDemand
    from kikimori_core.judging.demands.times import DemandTime
    from kikimori_core.judging.demands.turns import DemandTurn
    from kikimori_core.judging.kinds.detector import CallFacts, Spoken
    from kikimori_core.judging.kinds.repeated import AnswerRule
    from kikimori_core.judging.words.demands import Demand
    from kikimori_core.model.evidence import Utterance
    from kikimori_core.wire.messages import WordsEvidence

ANSWER_WITHIN_S = 12.0
"""Seconds after the operator's request to repeat in which an utterance is the answer to it."""


@dataclass(frozen=True, slots=True)
class Taken:
    """Place of an utterance among the demands of its call."""

    time: DemandTime | None = None
    """The demand that it makes by its words."""
    answers: bool = False
    """True = the operator's; it may answer what was demanded."""
    changed: bool = False
    """True = by its words it changes how a demand was answered."""
    agreed: bool = False
    """True = it agrees to a demand."""


class _Occurrence(NamedTuple):
    """A demand made by the words of one utterance."""

    said: WordsEvidence
    demand: Demand | None
    made: MadeDemand
    category: str | None = None
    """Category as which a rule counts it."""


class CallDemands:
    """State of one call for all rules that read the operator's answers alike."""

    def __init__(self, rule: AnswerRule, facts: CallFacts) -> None:
        """`rule`: any of these rules."""
        self._rule, self._facts = rule, facts
        self.answers = DemandAnswers(rule)
        self.times = DemandTimes(self.answers, rule.like_demands)
        self.threads = DemandThreads(rule, WEIGHTS.turn)
        self.made: dict[DemandTurn, MadeDemand] = {}
        """Demand of each turn that holds one."""
        self._asked_s: float | None = None
        """End of the operator's last request to say it again."""
        self._last: tuple[Spoken, Taken | None] | None = None

    def take(self, spoken: Spoken) -> Taken | None:
        """Take an utterance, once; None where it does not count."""
        if self._last is None or self._last[0] is not spoken:
            self._last = spoken, self._take(spoken)
        return self._last[1]

    def _take(self, spoken: Spoken) -> Taken | None:
        utterance = spoken.utterance
        operator = utterance.role is Role.OPERATOR
        if operator and has_category(spoken, self._rule.ask_again_category):
            self._asked_s = utterance.end_s
        if operator or (spoken.demand is None and utterance.role is Role.MIXED):
            self._answer(spoken)
            grants = self.answers.grants
            changed = self.answers.answered(spoken)
            return Taken(answers=True, changed=changed, agreed=self.answers.grants > grants)
        self.answers.said_other()
        made = self._made_by(spoken)
        if made is None:
            self._say(spoken)
            return Taken()
        if self._says_again(utterance, made.demand):
            self.threads.left_out()
            return None
        self._say(spoken, made.made)
        return Taken(self.times.add(made.said, made.demand, made.made, made.category))

    def _says_again(self, utterance: Utterance, demand: Demand | None) -> bool:
        """Return whether a demand answers the operator's request to say it again."""
        if self._asked_s is None:
            return False
        answers = utterance.end_s > self._asked_s and utterance.start_s - self._asked_s <= ANSWER_WITHIN_S
        self._asked_s = None
        return answers and not (demand is not None and demand.insists)

    def _made_by(self, spoken: Spoken) -> _Occurrence | None:
        """Return the demand that a customer's words make and that counts; also one that does not count may be refused later."""
        rule, demand = self._rule, spoken.demand
        if not from_customer(spoken.utterance.role):
            return None
        match = self._counted(spoken)
        if match is not None and spoken.demanding is not None:
            # 取引先の社長が来るんだよ names a superior, and demands none.
            match = match if demands(spoken.demanding, listed=True, known=True) else None
        if demand is None and match is None:
            return None
        made = self.answers.demanded(spoken)
        if match is not None:
            return _Occurrence(words_evidence(spoken.utterance, match), demand, made, match.category)
        if demand is None or (not demand.groups and has_category(spoken, rule.hard_to_hear_category)):
            return None
        if demand.refers:
            demand = self.times.meant(demand) or demand
            if demand.refers and not demand.verb and self.times.tied(demand, made) is None:
                return None
        whole = Match("demand", spoken.utterance.text)
        return _Occurrence(words_evidence(spoken.utterance, whole), demand, made)

    def _counted(self, spoken: Spoken) -> Match | None:
        """Return the phrase whose repetition a rule counts."""
        counted = self._facts.counted_categories
        return next((each for each in spoken.matches if each.category in counted), None)

    def _say(self, spoken: Spoken, made: MadeDemand | None = None) -> None:
        """Take an utterance of the customer as a turn, with the demand that it makes by its words."""
        counted = self._counted(spoken)
        turn = self.threads.said(spoken, None if counted is None else counted.category)
        if turn is None:
            return
        if made is None and self.threads.holds_demand(turn):
            made = self.answers.demanded(spoken)
        if made is not None:
            self.made[turn] = made
        remembered = set(self.threads.turns)
        self.made = {each: of for each, of in self.made.items() if each in remembered}

    def _answer(self, spoken: Spoken) -> None:
        """Take an utterance of the operator: its answer tells whether the words before it are a demand."""
        for turn in self.threads.answered(spoken):
            is_demand = self.threads.holds_demand(turn)
            if is_demand and turn not in self.made:
                self.made[turn] = self.answers.demanded(turn.spoken)
            elif not is_demand and turn in self.made and not turn.is_demand:
                self.answers.forget(self.made.pop(turn))

    def made_by(self, turn: DemandTurn) -> MadeDemand:
        """Return the demand of a turn; where only the rest of the call shows it to be one, it is recorded now."""
        made = self.made.get(turn)
        if made is None:
            refusals = [each.utterance for each in turn.refusals]
            made = self.made[turn] = self.answers.demanded_before(turn.spoken, refusals)
        return made
