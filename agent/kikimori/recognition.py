"""Choice of the agent's recognisers, and the problem shown when there is none."""

from __future__ import annotations

import asyncio
import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import structlog

from kikimori.errors import KikimoriError
from kikimori.hearing.speech.engines import ENGINES
from kikimori.hearing.speech.finals import FinalsQueue
from kikimori.hearing.speech.pool import SpeechPool
from kikimori.modelstore import installed_for, models_folder, resolve
from kikimori_core.messages import remedy
from kikimori_core.wire.messages import Problem

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.config import AgentConfig, SpeechTable
    from kikimori.hearing.speech.engine import SpeechEngine, UtteranceEngine
    from kikimori.hearing.speech.final_times import FinalTimes

log = structlog.get_logger()

Finals = Literal["vosk", "whisper", "both"]

FINALS_LATEST_S = 5.0
"""Longest wait in s of a live call's utterance for its second hearing; beyond it the first result stays."""


@dataclass(frozen=True, slots=True)
class Recognition:
    """Speech engines, or the problem for which there are none."""

    engine: SpeechEngine | None
    missing: Problem | None
    second: UtteranceEngine | None = None
    """Engine for the second hearing of the customer's finished utterances."""
    second_missing: Problem | None = None
    replaces: bool = False
    """True = the second hearing replaces the first; else both count."""

    @property
    def problem(self) -> Problem | None:
        """Return the current problem for a person: there is no engine, or it fails at present."""
        fault = self.engine.fault if self.engine is not None else None
        if fault is None:
            return self.missing or self.second_missing
        return Problem(code="speech_failing", detail=fault, remedy=remedy("speech_failing"))

    @property
    def finals(self) -> Finals:
        """Return the source of finished utterances: the stream (`vosk`, also a server), Whisper, or both."""
        if self.second is None:
            return "vosk"
        return "whisper" if self.replaces else "both"

    @property
    def names(self) -> str | None:
        """Return the names of the models, for people; None = there is none."""
        if self.engine is None:
            return None
        return self.engine.name if self.second is None else f"{self.engine.name}, {self.second.name}"

    def pool(
        self,
        speech: SpeechTable,
        *,
        threads: int | None = None,
        backlog_s: float | None = None,
        latest_s: float | None = None,
        live: bool = False,
        traced: Callable[[FinalTimes], None] | None = None,
    ) -> SpeechPool | None:
        """Start the recognition threads for the running loop; None without an engine.

        Args:
            speech: Configured.
            threads: Instead of the configured ones.
            backlog_s: Instead of the configured one.
            latest_s: As `SpeechPool` takes it.
            live: Utterances are heard again within their budget; else all of them.
            traced: As `FinalsQueue` takes it.
        """
        if self.engine is None:
            return None
        loop = asyncio.get_running_loop()
        finals = None
        if self.second is not None:
            finals = FinalsQueue(
                self.second,
                loop,
                replaces=self.replaces,
                threads=speech.finals_threads,
                backlog_s=speech.finals_backlog_s if live else None,
                latest_s=FINALS_LATEST_S if live else None,
                traced=traced,
            )
        return SpeechPool(
            self.engine,
            loop,
            threads=threads or speech.threads,
            backlog_s=backlog_s or speech.backlog_s,
            latest_s=latest_s,
            finals=finals,
        )


async def load_recognition(config: AgentConfig) -> Recognition:
    """Load the configured engines in a thread. Never fails: without a model the agent runs on and says so."""
    speech = config.speech
    if not speech.enabled:
        return Recognition(None, None)
    kind = ENGINES[speech.engine]
    try:
        source = str(speech.server) if kind.needs == "server" else model_path(config)
        engine = await asyncio.to_thread(kind.stream, source)
    except KikimoriError as error:
        log.warning("speech_recognition_off", reason=error.message, remedy=error.next_step)
        return Recognition(None, Problem(code="speech_off", detail=error.message, remedy=error.next_step))
    log.info("speech_recognition_on", model=engine.name)
    return await _with_second(config, engine)


async def _with_second(config: AgentConfig, engine: SpeechEngine) -> Recognition:
    """Load the engine for the second hearing, if configured. Without it the stream's finals count."""
    if config.speech.finals == "vosk":
        return Recognition(engine, None)
    kind = ENGINES["whisper"]
    try:
        path = finals_path(config)
        if path is None:
            return Recognition(engine, None)
        second = await asyncio.to_thread(kind.finals, path, config.language, config.speech.finals_threads)
    except KikimoriError as error:
        log.warning("finals_off", reason=error.message, remedy=error.next_step)
        problem = Problem(code="finals_off", detail=error.message, remedy=error.next_step)
        return Recognition(engine, None, second_missing=problem)
    log.info("finals_on", model=second.name, replaces=config.speech.finals == "whisper")
    return Recognition(engine, None, second, replaces=config.speech.finals == "whisper")


def finals_path(config: AgentConfig) -> Path | None:
    """Return the folder of the model for the second hearing; None = not configured and not installed.

    Raises:
        KikimoriError: it is wanted and there is none.
    """
    speech = config.speech
    if speech.finals == "vosk":
        return None
    folder = models_folder(config.state_path())
    try:
        if speech.finals_model is not None:
            return resolve(speech.finals_model, folder, engine="whisper")
        found = installed_for(config.language, folder, engine="whisper")
    except PermissionError as error:
        raise _unreadable(error) from None
    if found is None and speech.finals is not None:
        raise KikimoriError.of("whisper_no_model")
    if speech.finals is None and importlib.util.find_spec("faster_whisper") is None:
        return None
    return found


def model_path(config: AgentConfig) -> Path:
    """Return the folder of the model to use; raises KikimoriError when there is none."""
    folder = models_folder(config.state_path())
    try:
        if config.speech.model is not None:
            return resolve(config.speech.model, folder)
        found = installed_for(config.language, folder)
    except PermissionError as error:
        raise _unreadable(error) from None
    if found is None:
        suggestion = "vosk-model-small-ja-0.22" if config.language == "ja" else "vosk-model-small-en-us-0.15"
        raise KikimoriError.of("speech_no_model", language=repr(config.language), suggestion=suggestion)
    return found


def _unreadable(error: PermissionError) -> KikimoriError:
    return KikimoriError.of("models_folder_unreadable", filename=error.filename, reason=error.strerror)
