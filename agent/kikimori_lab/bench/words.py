"""Delay from the last sound of a phrase to its alert, in real time, with the real recogniser.

Calls are played at the speed they were spoken, so a recogniser that falls behind is seen. The same run says
when the final result of the same words came: what the alert would have waited for without partial results. With a
second recogniser its finals are told apart, and its utterances are heard once more after the run, to measure their cost.
"""

from __future__ import annotations

import asyncio
import time
import unicodedata
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from kikimori.calls.desk import Desk
from kikimori.calls.settings import DeskSettings
from kikimori.errors import KikimoriError
from kikimori.phrase_finder import configured_book
from kikimori.recognition import load_recognition
from kikimori.taps.replay import open_recording, replay
from kikimori_core.judging.kinds.phrase import PhraseRule
from kikimori_core.judging.rules import load_rules
from kikimori_core.messages import both
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Alert, CallState, TranscriptLine, WordsEvidence
from kikimori_lab.demo.script import FOLDER
from kikimori_lab.evaluation.run import truths_in

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.config import AgentConfig
    from kikimori.hearing.speech.engine import Transcription, UtteranceEngine
    from kikimori.hearing.speech.final_times import FinalTimes
    from kikimori.hearing.speech.pool import SpeechPool
    from kikimori.recognition import Recognition
    from kikimori_core.judging.kinds.rule import Rule
    from kikimori_core.judging.phrases import PhraseBook, UtteranceFindings
    from kikimori_core.model.evidence import Utterance
    from kikimori_lab.evaluation.truth import Truth

REFERENCE = "the final result of the same words, same run"
MEASURED_S = 60.0
"""Sound after which the cost of the second hearing is known well enough."""


@dataclass(frozen=True, slots=True)
class WordsFigures:
    """Figures that `kikimori bench words --json` prints; times count from the end of a phrase's last word."""

    calls: int
    model: str
    threads: int
    phrases: int
    """Alarming phrases that were said and recognised."""
    alert_ms_p50: float
    alert_ms_p95: float
    alert_ms_p99: float
    told_early: int
    """Number of phrases alerted before the final result."""
    reference: str
    final_ms_p50: float
    final_ms_p99: float
    p50_vs_reference: float
    shed_s: float
    """Seconds of speech that were not decoded because the machine was too slow."""
    finals: str
    """Source of finished utterances: `vosk`, `whisper` or `both`."""
    second_phrases: int = 0
    """Phrases in the finals of the second recogniser."""
    second_ms_p50: float | None = None
    """Its final result, from the end of the utterance; None without a second recogniser."""
    second_ms_p95: float | None = None
    second_cpu_per_s: float | None = None
    """Processor time in s per second of the customer's utterances, heard again by itself after the run."""
    second_shed: int = 0
    """Utterances that it was not given because too much waited."""
    second_utterances: int = 0
    """Utterances that it heard, with a phrase or without."""
    stage_ms_p50: dict[str, float] = field(default_factory=dict)
    """Their way from the last sound to the second final, by stage (`FinalTimes`)."""
    stage_ms_p95: dict[str, float] = field(default_factory=dict)
    second_run_cpu_per_s: float | None = None
    """Processor time of the second recogniser during the run, in s per second of the customer's utterances, with what it
    heard for nothing."""


@dataclass(frozen=True, slots=True)
class _Delay:
    """Delays in s after a phrase's last word."""

    alert_s: float
    final_s: float
    engine: str | None
    """Recogniser whose final result it was."""


class _Kept:
    """A second recogniser that keeps what it was given, so that its cost can be measured."""

    def __init__(self, engine: UtteranceEngine) -> None:
        self._engine = engine
        self.given: list[tuple[bytes, int]] = []

    @property
    def kind(self) -> str:
        return self._engine.kind

    @property
    def name(self) -> str:
        return self._engine.name

    def hear(self, pcm: bytes, rate: int) -> Transcription:
        self.given.append((pcm, rate))
        return self._engine.hear(pcm, rate)

    @property
    def given_s(self) -> float:
        """Return the seconds of all that it was given."""
        return sum(len(pcm) / 2 / rate for pcm, rate in self.given)

    def cpu_per_s(self) -> float | None:
        """Hear some of it again, one utterance after the other, and return processor time per second of sound."""
        cpu, sound = 0.0, 0.0
        for pcm, rate in self.given:
            began = time.process_time()
            self._engine.hear(pcm, rate)
            cpu += time.process_time() - began
            sound += len(pcm) / 2 / rate
            if sound > MEASURED_S:
                break
        return cpu / sound if sound else None


@dataclass
class _Call:
    """Observer of one call on both sides: phrases given to the rules, and alerts that they raised."""

    book: PhraseBook
    categories: frozenset[str]
    finals: list[tuple[float, str, float, float, str | None]] = field(default_factory=list)
    """Loop time in s, category, start of the utterance and end of the phrase's last word in s of media
    time, recogniser."""
    alerts: list[tuple[float, str]] = field(default_factory=list)
    """Loop time in s and category."""
    _seen: set[tuple[str, float]] = field(default_factory=set)

    # --- as the judge's phrase book

    def find(self, utterance: Utterance, *, acts: bool = True) -> UtteranceFindings:
        said = self.book.find(utterance, acts=acts)
        if utterance.final:
            now = asyncio.get_running_loop().time()
            for match in said.matches:
                if match.category in self.categories:
                    end_s = _end_of(match.matched, utterance)
                    self.finals.append((now, match.category, utterance.start_s, end_s, utterance.engine))
        return said

    # --- as the desk's listener

    def alert_changed(self, alert: Alert) -> None:
        now = asyncio.get_running_loop().time()
        for each in alert.evidence:
            if isinstance(each, WordsEvidence) and (each.category, each.start_s) not in self._seen:
                self._seen.add((each.category, each.start_s))
                self.alerts.append((now, each.category))

    def call_changed(self, state: CallState) -> None:
        del state

    def line(self, line: TranscriptLine) -> None:
        del line

    def latencies(self, opened_at: float) -> list[_Delay]:
        """Return the delays of each phrase."""
        found = []
        for final_at, category, start_s, end_s, engine in self.finals:
            told = [
                at
                for at, name in self.alerts
                if name == category and opened_at + start_s <= at <= final_at + 0.5
            ]
            if told:
                spoken_at = opened_at + end_s
                found.append(_Delay(min(told) - spoken_at, final_at - spoken_at, engine))
        return found


def _end_of(matched: str, utterance: Utterance) -> float:
    """Return when the last word of a phrase ended."""
    text = unicodedata.normalize("NFKC", utterance.text)
    left = text.find(matched) + len(matched)
    for word in utterance.words:
        left -= len(unicodedata.normalize("NFKC", word.text))
        if left <= 0:
            return word.end_s
    return utterance.end_s


async def bench_words(
    calls: int | None, config: AgentConfig, progress: Callable[[float], None], folder: Path = FOLDER
) -> WordsFigures:
    """Play `calls` calls at once, those of the folder in turn; None = each once.

    Raises:
        KikimoriError: no speech model; a file cannot be used.
    """
    recognition = await load_recognition(config)
    if recognition.engine is None:
        detail, step = recognition.problem.texts() if recognition.problem else both("recognition_off")
        raise KikimoriError(detail, next_step=step)
    kept = _Kept(recognition.second) if recognition.second is not None else None
    recognition = replace(recognition, second=kept)
    recordings = [(path.parent / truth.audio, truth) for path, truth in truths_in(folder)]
    calls = calls or len(recordings)
    rules = load_rules(config.rule_files())
    _has_phrases([truth for _, truth in recordings], calls, rules)
    book = configured_book(config)
    times: list[FinalTimes] = []
    pool = recognition.pool(config.speech, backlog_s=60.0, live=True, traced=times.append)
    if pool is None:
        raise KikimoriError.of("recognition_off")
    try:
        async with asyncio.TaskGroup() as tasks:
            playing = [
                tasks.create_task(
                    _play(*recordings[number % len(recordings)], number, rules, book, pool, progress),
                    name=f"call-{number}",
                )
                for number in range(calls)
            ]
    finally:
        await asyncio.to_thread(pool.stop)
    delays = [delay for each in playing for delay in each.result()]
    figures = _figures(delays, calls, recognition, config, pool)
    if kept is None or not times:
        return figures
    cost = await asyncio.to_thread(kept.cpu_per_s) or 0.0
    return replace(
        figures,
        second_cpu_per_s=round(cost, 4),
        second_run_cpu_per_s=round(cost * kept.given_s / sum(each.sound_s for each in times), 4),
        second_utterances=len(times),
        stage_ms_p50=stages_at(50, times),
        stage_ms_p95=stages_at(95, times),
    )


def stages_at(percentile: float, times: list[FinalTimes]) -> dict[str, float]:
    """Return a percentile of each stage in ms; those of the stages do not add up to the whole's."""
    stages = [each.stages() for each in times]
    return {
        name: round(float(np.percentile([each[name] for each in stages], percentile)) * 1000, 1)
        for name in stages[0]
    }


def _has_phrases(truths: list[Truth], calls: int, rules: tuple[Rule, ...]) -> None:
    """Raise KikimoriError when the first `calls` hold no alarming phrase and more of them would."""
    alarming = {rule.id for rule in rules if isinstance(rule, PhraseRule)}
    with_phrase = [
        number
        for number, truth in enumerate(truths, start=1)
        if any(each.rule in alarming for each in truth.expected_alerts)
    ]
    if with_phrase and calls < with_phrase[0]:
        raise KikimoriError.of("bench_calls_without_phrase", calls=calls, first=with_phrase[0])


async def _play(
    path: Path,
    truth: Truth,
    number: int,
    rules: tuple[Rule, ...],
    book: PhraseBook,
    pool: SpeechPool,
    progress: Callable[[float], None],
) -> list[_Delay]:
    categories = frozenset(rule.category for rule in rules if isinstance(rule, PhraseRule))
    call = _Call(book, categories)
    desk = Desk(DeskSettings(site="bench", agent_id="bench"), rules, call, call, pool)
    # Calls do not begin on the same beat; so do not their blocks.
    await asyncio.sleep(number * 0.037 % 0.2)
    opened_at = asyncio.get_running_loop().time()
    live = asyncio.create_task(desk.run(), name=f"desk-{number}")
    try:
        with open_recording(path, truth.channels) as recording:
            await replay(recording, desk, CallInfo(call_id=f"bench-{number}", tap="bench"), progress=progress)
        await desk.settle()
    finally:
        live.cancel()
        await asyncio.wait([live])
        await desk.close()
    return call.latencies(opened_at)


def _figures(
    delays: list[_Delay], calls: int, recognition: Recognition, config: AgentConfig, pool: SpeechPool
) -> WordsFigures:
    if not delays:
        raise KikimoriError.of("bench_no_phrase")
    alert = np.array([each.alert_s for each in delays]) * 1000
    final = np.array([each.final_s for each in delays]) * 1000
    kind = recognition.second.kind if recognition.second is not None else None
    second = [each.final_s * 1000 for each in delays if kind is not None and each.engine == kind]
    p50, reference = float(np.percentile(alert, 50)), float(np.percentile(final, 50))
    return WordsFigures(
        calls=calls,
        model=recognition.names or "",
        threads=config.speech.threads,
        phrases=len(delays),
        alert_ms_p50=round(p50, 1),
        alert_ms_p95=round(float(np.percentile(alert, 95)), 1),
        alert_ms_p99=round(float(np.percentile(alert, 99)), 1),
        told_early=int(np.sum(final - alert > 50.0)),
        reference=REFERENCE,
        final_ms_p50=round(reference, 1),
        final_ms_p99=round(float(np.percentile(final, 99)), 1),
        p50_vs_reference=round(p50 / reference, 3),
        shed_s=round(pool.shed_s, 2),
        finals=recognition.finals,
        second_phrases=len(second),
        second_ms_p50=round(float(np.percentile(second, 50)), 1) if second else None,
        second_ms_p95=round(float(np.percentile(second, 95)), 1) if second else None,
        second_shed=pool.finals.shed if pool.finals is not None else 0,
    )
