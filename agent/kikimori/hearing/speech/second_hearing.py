"""An utterance on its way to the second recogniser and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from kikimori.hearing.speech.engine import Transcription
    from kikimori.hearing.speech.final_times import FinalTimes
    from kikimori.hearing.speech.pool import SpeechLeg
    from kikimori_core.model.evidence import Utterance


@dataclass(frozen=True, slots=True)
class Finished:
    """Finished utterance, as the stream heard it."""

    first: Utterance
    """First result, from the stream; perhaps without text."""
    tells: bool
    """True = `first` holds news: its text, or that the partials were nothing."""


@dataclass(eq=False, slots=True)
class SecondHearing:
    """Sound on its way to the second recogniser and back."""

    leg: SpeechLeg
    pcm: bytes
    times: FinalTimes
    finished: Finished | None = None
    """None = the utterance may go on."""
    heard: Transcription | None = None
    """Result; None = there is none yet."""
    given_up: bool = False
    """True = shed, failed, or the utterance went on: its result does not count."""

    @property
    def duration_s(self) -> float:
        return len(self.pcm) / 2 / self.leg.rate
