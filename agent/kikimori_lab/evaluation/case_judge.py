"""One utterance or dialogue through the product's own judge, as a call of its own."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from kikimori.phrase_finder import configured_finder
from kikimori_core.judging.judge import CallJudge
from kikimori_core.judging.kinds.repeated import RepeatedRule
from kikimori_core.judging.rules import load_rules
from kikimori_core.model.evidence import Role, Utterance
from kikimori_core.wire.messages import AnsweredEvidence, ToneEvidence
from kikimori_lab.evaluation.cases import AnsweredDemand

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from kikimori.config import AgentConfig
    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import PhraseBook, UtteranceFindings
    from kikimori_core.judging.second_opinion.checked import CheckedPhrases
    from kikimori_core.model.alert import AlertChange
    from kikimori_lab.evaluation.cases import Case

CHARACTERS_PER_S, SHORTEST_S = 7.0, 0.6
"""Speed of speech, and length of the shortest answer."""
BEGINS_S = 5.0
"""Seconds from a call's start to a single utterance."""
STEP_S = 0.2
"""Step in s of the judge's time, as in a live call."""
AFTER_S = 5.0
"""Seconds that a dialogue goes on after its last turn began."""


def spoken_s(text: str) -> float:
    """Return the seconds that a text takes to say."""
    return max(SHORTEST_S, len(text) / CHARACTERS_PER_S)


def utterance(text: str, start_s: float, role: Role) -> Utterance:
    """Return a final result of recognition."""
    return Utterance(role, f"{role}-{start_s}", start_s, start_s + spoken_s(text), text, final=True)


class CaseJudge:
    """Judges utterances and dialogues by one set of rules and phrases."""

    def __init__(self, rules: Sequence[Rule], phrases: PhraseBook | CheckedPhrases) -> None:
        self._rules = rules
        self._book = phrases
        self._finder = _Remembering(phrases)
        self._category = {rule.id: getattr(rule, "category", None) for rule in rules}
        self._counted = {rule.category for rule in rules if isinstance(rule, RepeatedRule)} - {None}

    @classmethod
    def of(cls, config: AgentConfig) -> CaseJudge:
        """Read rules and phrases. Raises ConfigError."""
        rules = load_rules(config.rule_files())
        return cls(rules, configured_finder(config, rules))

    @property
    def names(self) -> set[str]:
        """Categories, rules and kinds that can be found."""
        return {
            *self._book.names,
            *(rule.id for rule in self._rules),
            *(rule.kind for rule in self._rules),
        }

    def call(self) -> CallJudge:
        """Return the judge of a new call."""
        return CallJudge(self._rules, self._finder, words_heard=True)

    def category_of(self, change: AlertChange) -> str:
        """Return an alert's category of phrases, or its kind of rule where it has none."""
        last = change.evidence[-1]
        if isinstance(last, ToneEvidence):
            # A notice of tone names the category that the sentence is most like.
            return last.category
        return self._category.get(change.rule) or change.rule_kind

    def opened_by(self, spoken: Utterance) -> list[AlertChange]:
        """Return the alerts that an utterance opens in a call of its own."""
        call = self.call()
        changes = call.observe(spoken) + call.advance(spoken.end_s + STEP_S)
        return [change for change in changes if change.revision == 1]

    def counted_in(self, spoken: Utterance) -> set[str]:
        """Return the understood categories that raise an alarm only by repetition."""
        return {match.category for match in self._finder.find(spoken).matches} & self._counted

    def found_in(self, case: Case) -> set[str]:
        """Return the categories that an utterance raises, or the rules that a dialogue does.

        A demand that alarms only by repetition counts as found in an utterance: it was understood.
        """
        if case.turns is not None:
            return {change.rule for change in self._changes_of(case)}
        spoken = utterance(case.text or "", BEGINS_S, Role(case.speaker))
        return {self.category_of(change) for change in self.opened_by(spoken)} | self.counted_in(spoken)

    def answered_in(self, case: Case) -> tuple[AnsweredDemand, ...]:
        """Return the demands of a dialogue that were made again and again, with the refusals found, the first first."""
        found: dict[tuple[str, float], AnsweredDemand] = {}
        for change in self._changes_of(case):
            for each in change.evidence:
                if isinstance(each, AnsweredEvidence):
                    refused = tuple(sorted({refusal.start_s for refusal in each.refusals}))
                    found[change.rule, each.start_s] = AnsweredDemand(times=each.times_s, refused=refused)
        return tuple(sorted(found.values(), key=lambda each: each.times))

    def _changes_of(self, case: Case) -> list[AlertChange]:
        turns = case.turns or ()
        spoken = [utterance(text, start_s, role) for start_s, role, text in turns]
        return self.changes_in(spoken, case.until_s or turns[-1][0] + AFTER_S)

    def changes_in(
        self, turns: Iterable[Utterance], until_s: float, *, step_s: float = STEP_S
    ) -> list[AlertChange]:
        """Judge a whole call.

        Args:
            turns: In order of their beginnings.
            until_s: The call's end.
            step_s: Length of a step in time.
        """
        call = self.call()
        changes, now = [], 0.0
        for spoken in turns:
            while now + step_s < spoken.start_s:
                now += step_s
                changes += call.advance(now)
            changes += call.observe(spoken)
        while now < until_s:
            now += step_s
            changes += call.advance(now)
        return changes


class _Remembering:
    """Phrase book with a cache of the last words: the judge asks, and so does the count of demands."""

    def __init__(self, phrases: PhraseBook | CheckedPhrases) -> None:
        self._find = lru_cache(maxsize=64)(phrases.find)

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:
        return self._find(utterance, acts=acts)
