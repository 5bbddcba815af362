"""Rules of one call: evidence in, changes of alerts out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from kikimori_core.judging.cut_sentences import CutSentences
from kikimori_core.judging.finding_counts import FindingCounts
from kikimori_core.judging.kinds.detector import (
    CallFacts,
    Observation,
    Retraction,
    Spoken,
    TakenBack,
)
from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.kinds.tone import ToneRule
from kikimori_core.judging.last_lines import keep_last
from kikimori_core.judging.life import AlertLife
from kikimori_core.judging.likely import chosen
from kikimori_core.judging.partials import StablePartials
from kikimori_core.model.alert import ClosedBecause
from kikimori_core.model.evidence import Role, Utterance
from kikimori_core.wire.ending import MOST_REQUESTS, STOP_REQUEST, StopRequest

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import Match, PhraseFinder, UtteranceFindings
    from kikimori_core.model.alert import AlertChange, Severity
    from kikimori_core.model.evidence import Evidence

_MOST_LINES = 16
"""Most finals of a call that are kept for their second hearing."""


class _Told(NamedTuple):
    """A line's first final, kept for its second hearing."""

    text: str
    """Text that counted."""
    said: UtteranceFindings
    """Phrases and demand in it."""


class CallJudge:
    """Judge of one call by the rules. Pure: the same evidence and times give the same changes.

    Evidence of one kind from one leg must come in order; between legs and kinds it may be late, as words are behind
    sounds.
    """

    def __init__(
        self,
        rules: Iterable[Rule],
        phrases: PhraseFinder,
        *,
        words_heard: bool,
        counts: FindingCounts | None = None,
    ) -> None:
        """Begin a call.

        Args:
            rules: Rules to judge by.
            phrases: Finder of what words mean.
            words_heard: Speech recognition is on for this call.
            counts: Counts of all calls; None = of this call alone.
        """
        self.counts = FindingCounts() if counts is None else counts
        rules = tuple(rules)
        counted = {category for rule in rules if (category := rule.counted_category()) is not None}
        self._alarming = frozenset(
            name for rule in rules if isinstance(rule, PhraseRule) for name in rule.categories()
        )
        self._alarming |= counted
        self._facts = facts = CallFacts(words_heard=words_heard, counted_categories=frozenset(counted))
        self._phrases = phrases
        self._partials = StablePartials(phrases)
        self._sentences = CutSentences(phrases)
        self._told: dict[str, _Told] = {}
        """The last finals, by line."""
        self._rules = [(rule.detector(facts), AlertLife(rule)) for rule in rules]
        self._now_s = 0.0
        self.doubted: tuple[Match, ...] = ()
        """Matches in the last finished utterance that do not count."""
        self.stop_requests: tuple[StopRequest, ...] = ()
        """Requests of the operator that the customer stop, in order; the newest `MOST_REQUESTS`."""

    @property
    def worst(self) -> Severity | None:
        """Severity of the worst open alert."""
        severities = [life.severity for _, life in self._rules if life.severity is not None]
        return max(severities, key=lambda severity: severity.rank, default=None)

    def chosen(self, utterance: Utterance) -> Utterance:
        """Return a final with the one of its likely texts that counts, see `likely.chosen`.

        In a second hearing the text that counted first becomes `other`, and only words that did not alarm before are looked for.
        """
        first = self._told.get(utterance.line_id) if utterance.again else None
        if first is None:
            return chosen(utterance, self._phrases, self._alarming)
        if utterance.other is not None and first.text:
            utterance = replace(utterance, other=replace(utterance.other, text=first.text))
        known = _surely_known(first.said)
        return chosen(utterance, self._phrases, self._alarming - known)

    def observe(self, evidence: Evidence) -> list[AlertChange]:
        """Take one piece of evidence. Partial utterances count where they prove stable."""
        if isinstance(evidence, Utterance):
            return self._heard(evidence)
        return self._observe(evidence)

    def _heard(self, utterance: Utterance) -> list[AlertChange]:
        if not utterance.final:
            believed = self._partials.heard(utterance)
            return [] if believed is None else self._observe(believed)
        said = self._phrases.find(utterance)
        self.doubted = said.doubted
        changes = (
            self._heard_again(utterance, said) if utterance.again else self._heard_first(utterance, said)
        )
        withdrawn = self._sentences.taken_back(utterance, said)
        if withdrawn is not None:
            changes += self._observe(withdrawn, PhraseRule, ToneRule)
        whole = self._sentences.joined(utterance, said)
        if whole is None:
            return changes
        self.counts.add(tones=whole.tone is not None)
        # Only what one sentence alarms by.
        return changes + self._observe(whole, PhraseRule, ToneRule)

    def _heard_first(self, utterance: Utterance, said: UtteranceFindings) -> list[AlertChange]:
        keep_last(self._told, utterance.line_id, _Told(utterance.text, said), _MOST_LINES)
        self.counts.add(doubted=len(said.doubted), tones=said.tone is not None)
        self._note_stop_request(utterance, said.matches)
        taken_back = self._partials.finished(utterance.line_id, said.matches)
        changes = self._observe(TakenBack(utterance, taken_back)) if taken_back else []
        return changes + self._observe(Spoken.of(utterance, said))

    def _heard_again(self, utterance: Utterance, said: UtteranceFindings) -> list[AlertChange]:
        """Take the second final of a line: only what the first did not hold counts."""
        told = self._told.pop(utterance.line_id, None)
        if told is None:
            self.counts.add(doubted=len(said.doubted), tones=said.tone is not None)
            self._note_stop_request(utterance, said.matches)
            return self._observe(Spoken.of(utterance, said))
        first = told.said
        known, surely = {match.category for match in first.matches}, _surely_known(first)
        news = tuple(
            match for match in said.matches if match.category not in (known if match.unsure else surely)
        )
        self._note_stop_request(utterance, news)
        demand = said.demand if first.demand is None else None
        tone = said.tone if first.tone is None and not known else None
        doubted = {each.category for each in said.doubted} - {each.category for each in first.doubted}
        self.counts.add(doubted=len(doubted - known), tones=tone is not None)
        if not news and demand is None and tone is None:
            return []
        return self._observe(replace(Spoken.of(utterance, said), matches=news, demand=demand, tone=tone))

    def _note_stop_request(self, utterance: Utterance, matches: tuple[Match, ...]) -> None:
        """Note that the customer was asked to stop. An utterance counts once, however often it is heard."""
        if not any(each.category == STOP_REQUEST for each in matches):
            return
        quote = None if utterance.role is Role.MIXED else utterance.text
        request = StopRequest(start_s=utterance.start_s, quote=quote)
        self.stop_requests = (*self.stop_requests, request)[-MOST_REQUESTS:]

    def _observe(self, observation: Observation, *kinds: type[Rule]) -> list[AlertChange]:
        """Let the rules of these kinds observe; none named = all."""
        changes = []
        for detector, life in self._rules:
            if kinds and not isinstance(life.rule, kinds):
                continue
            found = detector.observe(observation)
            if found is None or self._is_quiet(life):
                continue
            change = life.retract(found) if isinstance(found, Retraction) else life.found(found)
            if change is not None:
                changes.append(change)
        return changes

    def advance(self, now_s: float) -> list[AlertChange]:
        """Advance to `now_s`, up to which everything was heard; earlier times are ignored."""
        if now_s <= self._now_s:
            return []
        self._now_s = now_s
        changes = []
        for detector, life in self._rules:
            # A step of a quiet rule is not used up: it counts where the mark is taken back.
            if self._is_quiet(life):
                continue
            finding = detector.advance(now_s)
            if finding is not None and (change := life.found(finding)) is not None:
                changes.append(change)
            if (change := life.advance(now_s)) is not None:
                changes.append(change)
        return changes

    def accommodate(self, *, marked: bool) -> list[AlertChange]:
        """Mark the call as a request for reasonable accommodation, or take the mark back; rules about it fall quiet.

        They go on observing: whatever holds when the mark is taken back is told then.
        """
        self._facts.accommodated = marked
        if not marked:
            return []
        changes = []
        for detector, life in self._rules:
            if self._is_quiet(life):
                detector.tell_again()
                if (change := life.take_back(self._now_s, ClosedBecause.ACCOMMODATED)) is not None:
                    changes.append(change)
        return changes

    def _is_quiet(self, life: AlertLife) -> bool:
        return self._facts.accommodated and life.rule.quiet_for_accommodation()

    def cancel_help(self, now_s: float) -> list[AlertChange]:
        """Close the request for help of the operator's button: they took it back."""
        lives = [life for _, life in self._rules if life.rule.by_button]
        closed = [life.take_back(now_s, ClosedBecause.HELP_CANCELLED) for life in lives]
        return [change for change in closed if change is not None]

    def keep_button(self) -> None:
        """Remove every rule but the operator's button: other findings are not reliable any more."""
        self._rules = [each for each in self._rules if each[1].rule.by_button]

    def resume(self) -> None:
        """Take up a call that was ended and goes on all the same: what still holds is told again."""
        for detector, life in self._rules:
            detector.tell_again()
            life.resume()

    def end(self, now_s: float, because: ClosedBecause) -> list[AlertChange]:
        """End the call: close its open alerts."""
        closed = (life.close(max(now_s, self._now_s), because) for _, life in self._rules)
        return [change for change in closed if change is not None]


def _surely_known(said: UtteranceFindings) -> frozenset[str]:
    """Return the categories that were found for certain: a second hearing of the same line adds nothing to them."""
    return frozenset(match.category for match in said.matches if not match.unsure)
