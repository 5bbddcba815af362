"""Interface of a speech recogniser: one immutable engine, one stream per leg."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    from kikimori.hearing.speech.believable import Certainty
    from kikimori_core.model.evidence import LikelyText, RecognisedWord


@dataclass(frozen=True, slots=True)
class Recognised:
    """A recogniser's answer; times are seconds of the audio it was fed, without the gaps it never heard."""

    text: str
    words: tuple[RecognisedWord, ...]
    final: bool
    others: tuple[LikelyText, ...] = ()
    """Other likely texts of a final, the likeliest first."""


class SpeechUnavailableError(KikimoriError):
    """The recogniser cannot be used now; the same leg may be opened again later."""


class SpeechStream(Protocol):
    """One leg's recognition; used by one thread at a time. Methods raise SpeechUnavailableError.

    `wanted`: False = nothing of the utterance counts; its final result may be without words.
    """

    def accept(self, pcm: bytes, *, wanted: bool = True) -> Recognised | None:
        """Take s16le audio; return a final result if an utterance ended in it, else the partial result."""

    def finish(self, *, wanted: bool = True) -> Recognised | None:
        """End the utterance and return its final result. The stream can be fed on."""

    def close(self) -> None:
        """Close the leg's stream."""


@dataclass(frozen=True, slots=True)
class Transcription:
    """Result of a second hearing of a finished utterance."""

    text: str
    """Text; empty = nothing that can be believed was said."""
    certainty: Certainty
    others: tuple[LikelyText, ...] = ()
    """Other likely texts, the likeliest first; without words."""


class UtteranceEngine(Protocol):
    """Recogniser of whole utterances; used by any number of threads."""

    @property
    def kind(self) -> str:
        """Name of its kind, as `[speech]` gives it."""

    @property
    def name(self) -> str:
        """Name of the model, for people."""

    def hear(self, pcm: bytes, rate: int) -> Transcription:
        """Hear one utterance, s16le. Raises SpeechUnavailableError."""


class SpeechEngine(Protocol):
    @property
    def kind(self) -> str:
        """Name of its kind, as `[speech]` gives it."""

    @property
    def name(self) -> str:
        """Name of the model, for people."""

    @property
    def fault(self) -> str | None:
        """Return the reason for which nothing is recognised at present, for people; None when all is well."""

    def open(self, rate: int) -> SpeechStream:
        """Begin a leg. Raises SpeechUnavailableError."""


def join_words(words: list[str]) -> str:
    """Join recognised words as the language writes them: Japanese without spaces, Latin words with one."""
    text = ""
    for word in words:
        if text and text[-1].isascii() and word[:1].isascii():
            text += " "
        text += word
    return text
