"""Which speech model the agent uses, and what a person is told when there is none."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from kikimori.errors import KikimoriError
from kikimori.modelstore import installed_for, models_folder, resolve
from kikimori_wire.messages import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori.config import AgentConfig
    from kikimori.hearing.speech.engine import SpeechEngine

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Recognition:
    """The engine, or why there is none."""

    engine: SpeechEngine | None
    missing: Problem | None

    @property
    def problem(self) -> Problem | None:
        """What a person should be told now: there is no engine, or it fails at present."""
        fault = self.engine.fault if self.engine is not None else None
        if fault is None:
            return self.missing
        return Problem(
            code="speech_failing", detail=fault, remedy="see that the speech server runs and can be reached"
        )


async def load_recognition(config: AgentConfig) -> Recognition:
    """Load the configured model in a thread. Never fails: without a model the agent runs on and says so."""
    if not config.speech.enabled:
        return Recognition(None, None)
    if config.speech.engine == "vosk-server" and config.speech.server is not None:
        from kikimori.hearing.speech.vosk_server import VoskServerEngine  # noqa: PLC0415

        server = VoskServerEngine(config.speech.server)
        log.info("speech_recognition_on", model=server.name)
        return Recognition(server, None)
    try:
        path = model_path(config)
        # vosk is loaded only here: its library takes half a second that `--help` should not pay for.
        from kikimori.hearing.speech.vosk_engine import VoskEngine  # noqa: PLC0415

        engine = await asyncio.to_thread(VoskEngine, path)
    except KikimoriError as error:
        log.warning("speech_recognition_off", reason=error.message, remedy=error.next_step)
        return Recognition(None, Problem(code="speech_off", detail=error.message, remedy=error.next_step))
    log.info("speech_recognition_on", model=engine.name)
    return Recognition(engine, None)


def model_path(config: AgentConfig) -> Path:
    """Return the folder of the model to use; raises KikimoriError when there is none."""
    folder = models_folder(config.state_path())
    try:
        if config.speech.model is not None:
            return resolve(config.speech.model, folder)
        found = installed_for(config.language, folder)
    except PermissionError as error:
        raise KikimoriError(
            f"{error.filename} cannot be read: {error.strerror}",
            next_step="the folder is the service's: run it with sudo",
        ) from None
    if found is None:
        suggestion = "vosk-model-small-ja-0.22" if config.language == "ja" else "vosk-model-small-en-us-0.15"
        raise KikimoriError(
            f"no speech model for language {config.language!r} is installed",
            next_step=f"kikimori models fetch {suggestion}",
        )
    return found
