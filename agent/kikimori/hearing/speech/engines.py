"""Configurable recognisers, a descriptor each; their libraries are imported when one is loaded."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from kikimori.hearing.speech.engine import SpeechEngine, UtteranceEngine

EngineName = Literal["vosk", "vosk-server", "whisper"]


@dataclass(frozen=True, slots=True)
class EngineKind:
    """Descriptor of a recogniser."""

    name: EngineName
    shown: str
    """Name for people."""
    open_stream: Callable[[Path | str], SpeechEngine] | None = None
    """Loads it for streams, from a model's folder or the address of a server; None = it cannot."""
    open_finals: Callable[[Path, str, int], UtteranceEngine] | None = None
    """Loads it for whole utterances, from a model's folder, for a language and so many at the same time; None = it
    cannot."""
    needs: Literal["model", "server"] = "model"
    extra: str | None = None
    """Extra of this package that brings its library."""

    def stream(self, source: Path | str) -> SpeechEngine:
        """Load it to hear streams. Raises KikimoriError."""
        if self.open_stream is None:
            raise KikimoriError.of("engine_no_streams", shown=self.shown)
        return self.open_stream(source)

    def finals(self, path: Path, language: str, threads: int) -> UtteranceEngine:
        """Load it to hear whole utterances, `threads` at the same time. Raises KikimoriError."""
        if self.open_finals is None:
            raise KikimoriError.of("engine_no_utterances", shown=self.shown)
        return self.open_finals(path, language, threads)


def _vosk(path: Path | str) -> SpeechEngine:
    from pathlib import Path as Folder  # noqa: PLC0415

    # vosk is loaded only here: its library takes half a second that `--help` should not pay for.
    from kikimori.hearing.speech.vosk_engine import VoskEngine  # noqa: PLC0415

    return VoskEngine(Folder(path))


def _vosk_server(url: Path | str) -> SpeechEngine:
    from kikimori.hearing.speech.vosk_server import VoskServerEngine  # noqa: PLC0415

    return VoskServerEngine(str(url))


def _whisper(path: Path, language: str, threads: int) -> UtteranceEngine:
    from kikimori.hearing.speech.whisper_engine import WhisperEngine  # noqa: PLC0415

    return WhisperEngine(path, language, threads)


ENGINES: dict[EngineName, EngineKind] = {
    kind.name: kind
    for kind in (
        EngineKind("vosk", "Vosk", open_stream=_vosk),
        EngineKind("vosk-server", "vosk-server", open_stream=_vosk_server, needs="server"),
        EngineKind("whisper", "Whisper", open_finals=_whisper, extra="whisper"),
    )
}
"""Recognisers by the name that `[speech]` gives."""
