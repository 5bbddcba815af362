"""Vosk: streaming recognition by Kaldi, offline. The only module that imports vosk.

libvosk releases the GIL while it decodes, so threads share the cores.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import vosk

from kikimori.errors import KikimoriError
from kikimori.hearing.speech.engine import Recognised, join_words
from kikimori.model.evidence import Word

if TYPE_CHECKING:
    from pathlib import Path


_UNKNOWN = "[unk]"
"""What a model says for sounds that are none of its words; nobody said it."""


class SpeechModelError(KikimoriError):
    """The model's folder cannot be loaded."""


class VoskEngine:
    """A loaded model. Loading takes seconds for large ones: do it in a thread."""

    def __init__(self, path: Path) -> None:
        vosk.SetLogLevel(-1)
        if not path.is_dir():
            raise SpeechModelError(
                f"speech model folder {path} does not exist",
                next_step="kikimori models list shows the models, kikimori models fetch NAME downloads one",
            )
        try:
            self._model = vosk.Model(str(path))
        except Exception as error:
            raise SpeechModelError(
                f"speech model {path} cannot be loaded: it is not a whole Vosk model",
                next_step=f"kikimori models verify {path.name}, then fetch it again",
            ) from error
        self._name = path.name

    @property
    def name(self) -> str:
        return self._name

    def open(self, rate: int) -> VoskStream:
        return VoskStream(self._model, rate)


class VoskStream:
    """One `KaldiRecognizer`."""

    def __init__(self, model: vosk.Model, rate: int) -> None:
        self._recogniser = vosk.KaldiRecognizer(model, rate)
        self._recogniser.SetWords(True)

    def accept(self, pcm: bytes) -> Recognised | None:
        if self._recogniser.AcceptWaveform(pcm):
            return _final(self._recogniser.Result())
        said = [
            word
            for word in json.loads(self._recogniser.PartialResult()).get("partial", "").split()
            if word != _UNKNOWN
        ]
        return Recognised(join_words(said), (), final=False) if said else None

    def finish(self) -> Recognised | None:
        return _final(self._recogniser.FinalResult())


def _final(answer: str) -> Recognised | None:
    found: list[dict[str, Any]] = json.loads(answer).get("result", [])
    words = tuple(
        Word(each["word"], each["start"], each["end"], each["conf"])
        for each in found
        if each["word"] != _UNKNOWN
    )
    if not words:
        return None
    return Recognised(join_words([word.text for word in words]), words, final=True)
