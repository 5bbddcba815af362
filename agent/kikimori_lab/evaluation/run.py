"""Folder of recordings with truth, judged as if they were live, and the result."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from kikimori.analysis import Analyser
from kikimori.errors import KikimoriError
from kikimori.taps.replay import open_recording
from kikimori_core.messages import remedy, text
from kikimori_core.model.call import Role
from kikimori_lab.evaluation.case_judge import CaseJudge
from kikimori_lab.evaluation.score import Judged, RaisedAlert, judge_call, score_rules
from kikimori_lab.evaluation.sound import score_sound
from kikimori_lab.evaluation.truth import read_truth
from kikimori_lab.evaluation.words import CharacterErrors

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.analysis import Findings
    from kikimori.config import AgentConfig
    from kikimori.recognition import Recognition
    from kikimori_lab.evaluation.truth import Truth


@dataclass(frozen=True, slots=True)
class JudgedCall:
    """One call's outcome."""

    name: str
    path: Path
    """Path of the audio."""
    truth: Truth
    duration_s: float
    findings: Findings
    judged: list[Judged]


@dataclass
class Evaluation:
    """All calls of a folder."""

    folder: Path
    model: str | None
    """Name of the speech model; None = recognition was off, and alerts that need words were not expected."""
    judge: CaseJudge
    """Judge with the same rules and phrases, for written words."""
    finals: str = "vosk"
    """Recogniser of finished utterances: `vosk`, `whisper` or `both`."""
    calls: list[JudgedCall] = field(default_factory=list)

    @property
    def hours(self) -> float:
        return sum(call.duration_s for call in self.calls) / 3600

    def as_json(self) -> dict[str, Any]:
        """Return what `kikimori evaluate --json` prints."""
        rules, whole = score_rules(one for call in self.calls for one in call.judged)
        harmless = [call for call in self.calls if not call.truth.expected_alerts]
        return {
            "folder": str(self.folder),
            "calls": len(self.calls),
            "hours": round(self.hours, 4),
            "model": self.model,
            "all": whole.as_json(self.hours),
            "rules": {name: score.as_json(self.hours) for name, score in rules.items()},
            "harmless_calls": {
                "calls": len(harmless),
                "with_false_alarm": sum(_has_false(call) for call in harmless),
            },
            "words": self._words() if self.model else None,
            "finals": self.finals if self.model else None,
            "sound_to_alert": score_sound(self.calls, self.judge).as_json() if self.model else None,
            "faults": [
                fault
                for call in self.calls
                for one in call.judged
                if (fault := _fault(call, one)) is not None
            ],
        }

    def _words(self) -> dict[str, Any]:
        errors = {role: CharacterErrors() for role in (Role.CUSTOMER, Role.OPERATOR)}
        for call in self.calls:
            for role, counted in errors.items():
                if role in call.truth.channels:
                    counted.add(
                        [each.text for each in call.truth.segments if each.role is role],
                        [each.text for each in call.findings.lines if each.role is role],
                    )
        return {str(role): counted.as_json() for role, counted in errors.items()}


def _has_false(call: JudgedCall) -> bool:
    return any(one.verdict == "false" for one in call.judged)


def _fault(call: JudgedCall, one: Judged) -> dict[str, Any] | None:
    if one.verdict not in ("missed", "false"):
        return None
    fault: dict[str, Any] = {"call": call.name, "rule": one.rule, "verdict": one.verdict}
    if one.expected is not None:
        fault |= {"from": one.expected.start, "to": one.expected.end}
    if one.raised is not None:
        fault["at"] = one.raised.raised_s
        alert = next(each for each in call.findings.alerts if each.rule == one.rule)
        fault["evidence"] = [each.model_dump(mode="json", exclude_none=True) for each in alert.evidence[-1:]]
    return fault


def truths_in(folder: Path) -> list[tuple[Path, Truth]]:
    """Read a folder's truth files, by name.

    Raises:
        KikimoriError: there is none, or one is broken: names file, key and reason.
    """
    if not folder.is_dir():
        raise KikimoriError.of("no_such_folder", folder=folder)
    paths = sorted(folder.glob("*.json"))
    if not paths:
        inner = sorted(each.name for each in folder.iterdir() if each.is_dir())
        step = remedy("truth_folders", names=", ".join(inner)) if inner else remedy("truth_none")
        raise KikimoriError(text("truth_none", folder=folder), next_step=step)
    return [(path, read_truth(path)) for path in paths]


async def evaluate(
    folder: Path,
    config: AgentConfig,
    recognition: Recognition,
    *,
    jobs: int,
    progress: Callable[[float], None],
) -> Evaluation:
    """Judge all calls of a folder, `jobs` at a time.

    Args:
        folder: With NAME.json and the audio it names.
        config: Rules, phrases, language.
        recognition: Loaded; without an engine no alert that needs words is asked for.
        jobs: Calls at once, each on a thread of its own.
        progress: Told the seconds of audio judged so far.

    Raises:
        KikimoriError: the folder or a file in it cannot be used.
    """
    waiting = truths_in(folder)[::-1]
    total = Evaluation(folder, recognition.names, CaseJudge.of(config), recognition.finals)
    playing: dict[int, float] = {}
    single = config.model_copy(update={"speech": config.speech.model_copy(update={"threads": 1})})

    async def work(number: int) -> None:
        analysis = Analyser(single, recognition)
        try:
            while waiting:
                path, truth = waiting.pop()

                def played(seconds: float) -> None:
                    playing[number] = seconds
                    progress(sum(each.duration_s for each in total.calls) + sum(playing.values()))

                call = await _judged(analysis, path, truth, played)
                playing.pop(number, None)
                total.calls.append(call)
        finally:
            await analysis.aclose()

    async with asyncio.TaskGroup() as tasks:
        for number in range(max(1, min(jobs, len(waiting)))):
            tasks.create_task(work(number), name=f"evaluate-{number}")
    total.calls.sort(key=lambda call: call.name)
    return total


async def _judged(
    analysis: Analyser, path: Path, truth: Truth, played: Callable[[float], None]
) -> JudgedCall:
    audio = path.parent / truth.audio
    keys = [(key.at, key.role, key.digit) for key in truth.dtmf]
    with open_recording(audio, truth.channels) as recording:
        findings = await analysis.analyse(recording, played, keys=keys)
        duration_s = recording.duration_s
    first = {each.alert_id: each for each in reversed(findings.changes)}
    raised = [
        RaisedAlert(each.rule, each.severity, each.raised_s, round(findings.known_s[each.alert_id], 2))
        for each in first.values()
    ]
    known = {rule.id: rule for rule in analysis.rules}
    expected = []
    for one in truth.expected_alerts:
        rule = known.get(one.rule)
        if rule is None:
            raise KikimoriError.of("truth_no_rule", file=path, rule=repr(one.rule))
        if analysis.recognition.engine is not None or not (one.needs_words or rule.needs_words()):
            expected.append(one)
    return JudgedCall(
        path.stem, audio, truth, duration_s, findings, judge_call(expected, raised, truth.tolerated)
    )
