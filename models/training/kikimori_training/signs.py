"""Weights of the signs that tie demands and tell refusals, fitted to dialogues with their demands and refusals marked."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from kikimori.config import AgentConfig
from kikimori_core.judging.acts.weights import WEIGHTS, SignWeights, demand_signs
from kikimori_core.judging.demands.answers import DemandAnswers
from kikimori_core.judging.demands.times import DemandTimes
from kikimori_core.judging.kinds.detector import Spoken
from kikimori_core.judging.kinds.phrase import words_evidence
from kikimori_core.judging.kinds.repeated import RepeatedRule
from kikimori_core.judging.phrases import Match
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.evidence import Role
from kikimori_lab.evaluation.case_judge import utterance
from kikimori_lab.evaluation.cases import json_lines
from kikimori_training.logistic import fit_signs

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from kikimori_core.judging.phrases import PhraseBook
    from kikimori_core.model.evidence import Utterance
    from kikimori_lab.evaluation.cases import Case
    from kikimori_training.logistic import Sample

UNMARKED, UNMARKED_UNREFUSED = 0.25, 0.8
"""Weight of two demands of a call without a repeated one, refused or not: some are the same all the same."""
REFUSED_BIAS, UNREFUSED_BIAS = 0.8, 0.5
"""Added to the log odds of a tie after a refusal, and taken off all."""
PENALTY = 1.0
"""L2 penalty of each weight."""
SUPERIOR = "call_for_superior"
RULE = next(
    rule
    for rule in load_rules(AgentConfig().rule_files())
    if isinstance(rule, RepeatedRule) and rule.category is None
)
HEADER = "# Made by `python -m kikimori_training.answered` (models/training/README.md). Log odds by sign.\n"


class SignSamples:
    """Samples of answers and ties."""

    def __init__(self) -> None:
        self._demands: list[Sample] = []
        self._answers: list[Sample] = []
        self._ties: list[Sample] = []
        self.weights = WEIGHTS.model_copy()

    def demand(self, text: str, odds: float, lists: PhraseBook, weight: float, *, is_one: bool) -> None:
        """Take a customer's utterance of which it is known whether it demands something."""
        found = lists.find(utterance(text, 0.0, Role.CUSTOMER)).demand
        signs = demand_signs(listed=found is not None, known=found is not None and bool(found.groups))
        self._demands.append(({**dict.fromkeys(signs, 1.0), "odds": odds}, is_one, weight))

    def weigh_demands(self) -> None:
        """Fit the weights of demands; what finds them uses these from now on."""
        self.weights = self.weights.model_copy(update={"demand": fit_signs(self._demands, PENALTY)})
        WEIGHTS.demand.clear()
        WEIGHTS.demand.update(self.weights.demand)

    def answers(self, case: Case, book: PhraseBook) -> None:
        """Take each answer to a marked demand of a dialogue."""
        state = DemandAnswers(RULE, self.weights)
        demanded = {at for each in case.answered or () for at in each.times}
        refused = {at for each in case.answered or () for at in each.refused}
        for spoken in _spoken(case, book):
            said = spoken.utterance
            if said.role is Role.OPERATOR:
                demand = state.answered_demand(said.start_s, said.text)
                if demand is not None and demand.start_s in demanded and spoken.refusal is not None:
                    signs = {**dict.fromkeys(state.signs(spoken), 1.0), "odds": spoken.refusal}
                    self._answers.append((signs, said.start_s in refused, 1.0))
                state.answered(spoken)
            else:
                state.said_other()
                if _demands(spoken):
                    state.demanded(spoken)

    def weigh_answers(self) -> None:
        """Fit the weights of answers, which ties depend on."""
        self.weights = self.weights.model_copy(update={"answer": fit_signs(self._answers, PENALTY)})

    def weigh_ties(self) -> None:
        """Fit the weights of ties; what was not refused needs more to be the same again."""
        ties = fit_signs(self._ties, PENALTY)
        for sign in ("refused", "half refused"):
            ties[sign] = round(ties[sign] + REFUSED_BIAS, 3)
        ties["always"] = round(ties["always"] - UNREFUSED_BIAS, 3)
        self.weights = self.weights.model_copy(update={"tie": ties})

    def ties(self, case: Case, book: PhraseBook) -> None:
        """Take each demand of a dialogue beside those made before it."""
        thread_of = {at: number for number, each in enumerate(case.answered or ()) for at in each.times}
        state = DemandAnswers(RULE, self.weights)
        times = DemandTimes(state, RULE.like_demands, self.weights)
        marked = dict[int, int]()
        """Thread of each marked demand."""
        for spoken in _spoken(case, book):
            said = spoken.utterance
            if said.role is Role.OPERATOR:
                state.answered(spoken)
                continue
            state.said_other()
            if not _demands(spoken):
                continue
            made, demand = state.demanded(spoken), spoken.demand
            superior = next((each for each in spoken.matches if each.category == SUPERIOR), None)
            number = thread_of.get(said.start_s)
            if demand is not None and superior is None:
                for tie in times.ties(demand, made):
                    before = next((n for n, thread in marked.items() if thread == tie.last.thread), None)
                    known = number is not None or before is not None
                    if case.answered and not known:
                        # Neither is marked: they may be the same, made twice.
                        continue
                    refused = "refused" in tie.signs or "half refused" in tie.signs
                    weight = 1.0 if known else UNMARKED if refused else UNMARKED_UNREFUSED
                    same = number is not None and before == number
                    self._ties.append((dict.fromkeys(tie.signs, 1.0), same, weight))
            category = None if superior is None else SUPERIOR
            thread = None if number is None else marked.get(number)
            if thread is not None and category is None:
                category = next((each.category for each in times if each.thread == thread), None)
            evidence = words_evidence(said, superior or Match("demand", said.text))
            time = times.put(evidence, demand, made, thread, category)
            if number is not None:
                marked.setdefault(number, time.thread)

    def pairs(self, paths: Sequence[Path], book: PhraseBook) -> None:
        """Take pairs of demands, the first refused: `first`, `second`, `same`."""
        for path in paths:
            for _, line in json_lines(path):
                pair = json.loads(line)
                state = DemandAnswers(RULE, self.weights)
                times = DemandTimes(state, RULE.like_demands, self.weights)
                first, second = (
                    _heard(utterance(pair[key], at_s, Role.CUSTOMER), book)
                    for key, at_s in (("first", 10.0), ("second", 30.0))
                )
                if first.demand is None or second.demand is None or SUPERIOR in str(second.matches):
                    continue
                category = SUPERIOR if any(each.category == SUPERIOR for each in first.matches) else None
                made = state.demanded(first)
                times.put(
                    words_evidence(first.utterance, Match("demand", "")), first.demand, made, None, category
                )
                state.answered(
                    _heard(utterance("申し訳ございませんが、お受けできません", 14.0, Role.OPERATOR), book)
                )
                for tie in times.ties(second.demand, state.demanded(second)):
                    self._ties.append((dict.fromkeys(tie.signs, 1.0), pair["same"], 1.0))


def as_toml(weights: SignWeights) -> str:
    """Return the text of `weights.toml`."""
    told = weights.model_dump()
    turn = told.pop("turn")
    tables = [_table(name, table) for name, table in told.items()]
    numbers = {name: value for name, value in turn.items() if not isinstance(value, dict)}
    tables.append(_table("turn", numbers))
    tables += [_table(f"turn.{name}", table) for name, table in turn.items() if isinstance(table, dict)]
    return HEADER + "\n".join(tables)


def _table(name: str, values: Mapping[str, float]) -> str:
    rows = [f'"{key}" = {value}' for key, value in sorted(values.items(), key=lambda each: -each[1])]
    return "\n".join([f"[{name}]", *rows]) + "\n"


def _spoken(case: Case, book: PhraseBook) -> Iterator[Spoken]:
    for at_s, role, text in case.turns or ():
        yield _heard(utterance(text, at_s, role), book)


def _heard(said: Utterance, book: PhraseBook) -> Spoken:
    return Spoken.of(said, book.find(said))


def _demands(spoken: Spoken) -> bool:
    return spoken.demand is not None or any(each.category == SUPERIOR for each in spoken.matches)
