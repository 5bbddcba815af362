"""Vosk: streaming recognition by Kaldi, offline. The only module that imports vosk.

libvosk releases the GIL while it decodes, so threads share the cores.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import vosk

from kikimori.errors import KikimoriError
from kikimori.hearing.speech.engine import Recognised
from kikimori.hearing.speech.vosk_answers import MOST_OTHERS, final_from, parsed, partial_from

if TYPE_CHECKING:
    from pathlib import Path


class SpeechModelError(KikimoriError):
    """The model's folder cannot be loaded."""


class VoskEngine:
    """A loaded model. Loading takes seconds for large ones: do it in a thread."""

    def __init__(self, path: Path) -> None:
        vosk.SetLogLevel(-1)
        if not path.is_dir():
            raise SpeechModelError.of("speech_folder_missing", path=path)
        try:
            self._model = vosk.Model(str(path))
        except Exception as error:
            raise SpeechModelError.of("speech_model_broken", path=path, name=path.name) from error
        self._name = path.name

    @property
    def kind(self) -> str:
        return "vosk"

    @property
    def name(self) -> str:
        return self._name

    @property
    def fault(self) -> None:
        """Return None: the engine is in this process and fails only with it."""

    def open(self, rate: int) -> VoskStream:
        return VoskStream(self._model, rate)


class VoskStream:
    """One `KaldiRecognizer`."""

    def __init__(self, model: vosk.Model, rate: int) -> None:
        self._recogniser = vosk.KaldiRecognizer(model, rate)
        self._recogniser.SetWords(True)
        self._recogniser.SetMaxAlternatives(1 + MOST_OTHERS)

    def accept(self, pcm: bytes, *, wanted: bool = True) -> Recognised | None:
        if not self._recogniser.AcceptWaveform(pcm):
            return partial_from(parsed(self._recogniser.PartialResult()))
        if wanted:
            return final_from(parsed(self._recogniser.Result()))
        self._recogniser.Reset()
        return Recognised("", (), final=True)

    def finish(self, *, wanted: bool = True) -> Recognised | None:
        if wanted:
            return final_from(parsed(self._recogniser.FinalResult()))
        # Without its words: of music they cost seconds.
        self._recogniser.Reset()
        return None

    def close(self) -> None:
        """Do nothing: the stream holds only memory."""
