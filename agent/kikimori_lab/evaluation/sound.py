"""Evaluation from sound to alert: the share of findings in the written words that the recorded call keeps.

What is lost here is lost by hearing, not by phrases. By voice and condition, as far as the truth names them.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kikimori_core.model.call import Role
from kikimori_core.wire.messages import ToneEvidence, WordsEvidence
from kikimori_lab.evaluation.case_judge import utterance
from kikimori_lab.evaluation.words import CharacterErrors

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_core.wire.messages import Alert, TranscriptLine
    from kikimori_lab.evaluation.case_judge import CaseJudge
    from kikimori_lab.evaluation.run import JudgedCall
    from kikimori_lab.evaluation.truth import TruthSegment

BEFORE_S, AFTER_S = 0.5, 1.5
"""Seconds by which a hearing may lie before and after its sentence: a recogniser's times are not exact."""


@dataclass(slots=True)
class SoundFigures:
    """Figures of customers' sentences, of one voice, of one condition, or of all."""

    found: int = 0
    """Number of sentences with findings in their written words."""
    kept: int = 0
    """Number of these with the same category found in their sound."""
    harmless: int = 0
    """Number of sentences without findings in their written words."""
    false: int = 0
    """Number of these whose sound raised an alert of words, or a notice of tone."""
    errors: CharacterErrors = field(default_factory=CharacterErrors)

    def as_json(self) -> dict[str, Any]:
        share = round(self.kept / self.found, 4) if self.found else None
        return {
            "found": self.found,
            "kept": self.kept,
            "share": share,
            "harmless": self.harmless,
            "false": self.false,
        } | self.errors.as_json()


@dataclass(slots=True)
class SoundScore:
    """Score over all calls of a folder."""

    all: SoundFigures = field(default_factory=SoundFigures)
    by_voice: dict[str, SoundFigures] = field(default_factory=lambda: defaultdict(SoundFigures))
    by_condition: dict[str, SoundFigures] = field(default_factory=lambda: defaultdict(SoundFigures))
    engines: Counter[str] = field(default_factory=Counter)
    """Alerts of words by the recogniser that heard them first."""
    invented: int = 0
    """Utterances of the customer's leg where the customer says nothing."""
    invented_in: int = 0
    """Number of calls with such an utterance."""

    def as_json(self) -> dict[str, Any]:
        return {
            "all": self.all.as_json(),
            "voices": {name: each.as_json() for name, each in sorted(self.by_voice.items())},
            "conditions": {name: each.as_json() for name, each in sorted(self.by_condition.items())},
            "engines": dict(self.engines),
            "invented": {"utterances": self.invented, "calls": self.invented_in},
        }


def score_sound(calls: Iterable[JudgedCall], judge: CaseJudge) -> SoundScore:
    """Compare the findings in sound with those in the spoken words."""
    score = SoundScore()
    for call in calls:
        said = [each for each in call.truth.segments if each.role is not Role.OPERATOR]
        heard = [each for each in call.findings.lines if each.role is not Role.OPERATOR]
        alerts = call.findings.changes
        score.engines.update(_first_engines(alerts))
        for segment in said:
            _add(score, call, segment, heard, judge)
        astray = sum(not any(_within(each.start_s, each.end_s, one) for one in said) for each in heard)
        score.invented += astray
        score.invented_in += astray > 0
    return score


def _add(
    score: SoundScore, call: JudgedCall, segment: TruthSegment, heard: list[TranscriptLine], judge: CaseJudge
) -> None:
    spoken = utterance(segment.text, segment.start, segment.role)
    wanted = {judge.category_of(change) for change in judge.opened_by(spoken)} | judge.counted_in(spoken)
    lines = [each for each in heard if _within(each.start_s, each.end_s, segment)]
    alerted = {
        each.category
        for alert in call.findings.changes
        for each in alert.evidence
        if isinstance(each, WordsEvidence | ToneEvidence) and _within(each.start_s, each.end_s, segment)
    }
    texts = [line.text for line in lines] + [line.other.text for line in lines if line.other is not None]
    understood = {
        category
        for text in texts
        for category in judge.counted_in(utterance(text, segment.start, segment.role))
    }
    for figures in _figures(score, call, segment):
        if wanted:
            figures.found += 1
            figures.kept += bool(wanted & (alerted | understood))
        else:
            figures.harmless += 1
            figures.false += bool(alerted)
        figures.errors.add([segment.text], [line.text for line in lines])


def _figures(score: SoundScore, call: JudgedCall, segment: TruthSegment) -> list[SoundFigures]:
    figures = [score.all]
    if segment.voice:
        figures.append(score.by_voice[segment.voice])
    if call.truth.condition:
        figures.append(score.by_condition[call.truth.condition])
    return figures


def _within(start_s: float, end_s: float, segment: TruthSegment) -> bool:
    return start_s < segment.end + AFTER_S and end_s > segment.start - BEFORE_S


def _first_engines(alerts: Iterable[Alert]) -> list[str]:
    """Return the engine of each alert of words, as it was first raised."""
    first = {each.alert_id: each for each in reversed(list(alerts))}
    return [
        words[0].engine or "unknown"
        for alert in first.values()
        if (words := [each for each in alert.evidence if isinstance(each, WordsEvidence)])
    ]
