"""Calm speech, in which nothing should be raised: alarms per 10,000 sentences and per hour of calls.

A file holds one JSON object a line: `text`, `speaker` (customer, operator or mixed; without it customer), `dialogue`, a
name that the lines of one call share. `models/training` has a recipe that makes such files of public corpora.
"""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from kikimori.errors import KikimoriError
from kikimori_core.model.evidence import Role
from kikimori_core.wire.messages import Severity
from kikimori_core.wire.values import known_only
from kikimori_lab.evaluation.case_judge import BEGINS_S, utterance
from kikimori_lab.evaluation.cases import json_lines, malformed
from kikimori_lab.evaluation.proportion import highest_count, wilson

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping
    from pathlib import Path

    from kikimori_lab.evaluation.case_judge import CaseJudge
    from kikimori_lab.evaluation.judging_pool import JudgingPool

STEP_S = 1.0
"""Step in s of the judge's time: coarser than in a live call, as hundreds of hours are judged."""
_SENTENCE = re.compile(r"[^。！？!?]+[。！？!?]*")


class CalmLine(BaseModel):
    """Something said in a calm call. Further keys are the writer's notes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    text: Annotated[str, Field(min_length=1)]
    speaker: Role = Role.CUSTOMER
    dialogue: str = ""
    """Name of the call; lines without one are judged only by themselves."""


@dataclass(frozen=True, slots=True)
class Alarm:
    """An alert raised in calm speech."""

    name: str
    """Category of phrases, or kind of rule; in a whole call the rule."""
    severity: Severity | None
    """Worst severity; None = no alert: a demand that was understood and would be counted."""
    matched: str = ""


def read_calm(path: Path) -> list[CalmLine]:
    """Read a file; raises KikimoriError that names file, line and reason."""
    lines = []
    for number, line in json_lines(path):
        try:
            with known_only():
                lines.append(CalmLine.model_validate_json(line))
        except ValidationError as error:
            raise malformed(path, number, error) from None
    if not lines:
        raise KikimoriError.of("cases_empty", file=path)
    return lines


def sentences_in(text: str) -> list[str]:
    """Split a text after each sentence's end."""
    return [each for found in _SENTENCE.findall(text) if (each := found.strip())]


def calls_in(lines: Iterable[CalmLine]) -> list[list[tuple[Role, str]]]:
    """Return the turns of each call."""
    calls: dict[str, list[tuple[Role, str]]] = defaultdict(list)
    for line in lines:
        if line.dialogue:
            calls[line.dialogue].append((line.speaker, line.text))
    return list(calls.values())


def alarms_by_itself(judge: CaseJudge, text: str) -> tuple[Alarm, ...]:
    """Judge a sentence as a customer's only one: work for a `JudgingPool`."""
    spoken = utterance(text, BEGINS_S, Role.CUSTOMER)
    alarms = [
        Alarm(judge.category_of(change), change.severity, getattr(change.evidence[-1], "matched", ""))
        for change in judge.opened_by(spoken)
    ]
    raised = {alarm.name for alarm in alarms}
    return (*alarms, *(Alarm(name, None) for name in sorted(judge.counted_in(spoken) - raised)))


def alarms_in_call(judge: CaseJudge, turns: list[tuple[Role, str]]) -> tuple[float, tuple[Alarm, ...]]:
    """Judge a whole call, one turn right after the other, and return its seconds too: work for a `JudgingPool`."""
    spoken, now = [], 0.0
    for role, text in turns:
        spoken.append(utterance(text, now, role))
        now = spoken[-1].end_s
    worst: dict[tuple[str, int], Severity] = {}
    for change in judge.changes_in(spoken, now, step_s=STEP_S):
        one = change.rule, change.ordinal
        worst[one] = max(worst.get(one, change.severity), change.severity, key=lambda each: each.rank)
    return now, tuple(Alarm(rule, severity) for (rule, _), severity in worst.items())


@dataclass(slots=True)
class CalmFigures:
    """Figures of one file, or of all."""

    sentences: int = 0
    alarming: int = 0
    critical: int = 0
    """Alarming sentences of which an alert was critical."""
    understood: int = 0
    """Sentences without an alarm that hold a demand which is counted."""
    categories: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Alarms of sentences, by name and severity."""
    calls: int = 0
    seconds: float = 0.0
    rules: Counter[tuple[str, str]] = field(default_factory=Counter)
    """Alarms of calls, by rule and severity."""

    def add_sentence(self, alarms: tuple[Alarm, ...], times: int) -> None:
        raised = [alarm for alarm in alarms if alarm.severity is not None]
        self.sentences += times
        self.alarming += times * bool(raised)
        self.understood += times * (len(alarms) > len(raised) == 0)
        self.critical += times * any(alarm.severity is Severity.CRITICAL for alarm in raised)
        for alarm in alarms:
            self.categories[alarm.name, str(alarm.severity or "counted")] += times

    def add_call(self, seconds: float, alarms: tuple[Alarm, ...]) -> None:
        self.calls += 1
        self.seconds += seconds
        for alarm in alarms:
            self.rules[alarm.name, str(alarm.severity)] += 1

    def as_json(self) -> dict[str, Any]:
        hours, alarms = self.seconds / 3600, self.rules.total()
        critical = sum(n for (_, severity), n in self.rules.items() if severity == Severity.CRITICAL)
        return {
            "sentences": {
                "n": self.sentences,
                "alarming": self.alarming,
                **_per_10000("per_10000", self.alarming, self.sentences),
                "critical": self.critical,
                **_per_10000("critical_per_10000", self.critical, self.sentences),
                "understood": self.understood,
                "categories": _nested(self.categories),
            },
            "calls": {
                "n": self.calls,
                "hours": round(hours, 2),
                "alarms": alarms,
                **_per_hour("per_hour", alarms, hours),
                "critical": critical,
                **_per_hour("critical_per_hour", critical, hours),
                "rules": _nested(self.rules),
            },
        }


@dataclass(slots=True)
class CalmEvaluation:
    """All lines of some files of calm speech."""

    files: dict[Path, CalmFigures] = field(default_factory=dict)
    whole: CalmFigures = field(default_factory=CalmFigures)
    alarming: dict[str, tuple[int, tuple[Alarm, ...]]] = field(default_factory=dict)
    """Sentences with any alarm or counted demand: their number and the findings."""

    def as_json(self) -> dict[str, Any]:
        return {
            "all": self.whole.as_json(),
            "files": {str(path): figures.as_json() for path, figures in self.files.items()},
            "alarming": [
                {
                    "n": times,
                    "text": text,
                    "found": [[one.name, str(one.severity or "counted"), one.matched] for one in alarms],
                }
                for text, (times, alarms) in sorted(self.alarming.items(), key=lambda each: -each[1][0])
            ],
        }


def evaluate_calm(
    pool: JudgingPool,
    files: Mapping[Path, list[CalmLine]],
    progress: Callable[[str], Callable[[int, int], None]],
) -> CalmEvaluation:
    """Judge each sentence by itself, and each call as a whole.

    Args:
        pool: Judges.
        files: Lines of each.
        progress: Gives, for a name (sentences, calls), a function that is told how many are done, and of how many.
    """
    counted = {
        path: Counter(each for line in lines for each in sentences_in(line.text))
        for path, lines in files.items()
    }
    found = CalmEvaluation({path: CalmFigures() for path in files})
    # Most answers are said by thousands: each is judged once.
    texts = list(dict.fromkeys(text for sentences in counted.values() for text in sentences))
    judged = pool.each(alarms_by_itself, texts, progress("sentences"))
    for text, alarms in zip(texts, judged, strict=True):
        times = 0
        for path, sentences in counted.items():
            if sentences[text]:
                found.files[path].add_sentence(alarms, sentences[text])
                times += sentences[text]
        found.whole.add_sentence(alarms, times)
        if alarms:
            found.alarming[text] = times, alarms
    calls = [(path, call) for path, lines in files.items() for call in calls_in(lines)]
    heard = pool.each(alarms_in_call, [call for _, call in calls], progress("calls"))
    for (path, _), (seconds, alarms) in zip(calls, heard, strict=True):
        found.files[path].add_call(seconds, alarms)
        found.whole.add_call(seconds, alarms)
    return found


def _per_10000(name: str, part: int, whole: int) -> dict[str, float | None]:
    interval = wilson(part, whole)
    return {
        name: round(part / whole * 1e4, 3) if whole else None,
        f"{name}_at_most": round(interval[1] * 1e4, 3) if interval else None,
    }


def _per_hour(name: str, count: int, hours: float) -> dict[str, float | None]:
    return {
        name: round(count / hours, 3) if hours else None,
        f"{name}_at_most": round(highest_count(count) / hours, 3) if hours else None,
    }


def _nested(counts: Counter[tuple[str, str]]) -> dict[str, dict[str, int]]:
    """Return counts as nested objects by name, the most frequent first."""
    totals: Counter[str] = Counter()
    nested: dict[str, dict[str, int]] = defaultdict(dict)
    for (name, severity), count in counts.items():
        nested[name][severity] = count
        totals[name] += count
    return {name: nested[name] for name, _ in totals.most_common()}
