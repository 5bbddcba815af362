"""Evidence that hearing finds in one leg, in media time. Everything here is immutable and no verdict.

`start_s` and `end_s` count seconds from the call's first sample. Levels are dBFS, differences dB.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from kikimori_core.wire.messages import Role

__all__ = [
    "ButtonPress",
    "ContactsOfDay",
    "EarlierContacts",
    "EffortWindow",
    "Evidence",
    "RecognisedWord",
    "Role",
    "Utterance",
]


@dataclass(frozen=True, slots=True)
class EffortWindow:
    """Vocal effort of the last second of speech, made anew for every hearing block that has speech in it."""

    role: Role
    start_s: float
    end_s: float
    """The block: the new part of the window."""
    speech_s: float
    """Seconds of speech in the block."""
    level_db: float
    """Active speech level (ITU-T P.56 idea: speech frames only)."""
    tilt_db: float
    """Energy 1000–3400 Hz against 300–1000 Hz over the speech frames."""
    over_calm_db: float | None
    """Level against this speaker's own calm voice; None until enough calm speech was heard."""
    tilt_over_calm_db: float | None
    pitch_over_calm_st: float | None
    """Semitones."""
    probability: float
    """Probability that the voice is raised, 0…1."""


@dataclass(frozen=True, slots=True)
class RecognisedWord:
    """One word of a recogniser's result; times in seconds of the leg."""

    text: str
    start_s: float
    end_s: float
    confidence: float


@dataclass(frozen=True, slots=True)
class LikelyText:
    """Text that was perhaps said instead of the final's."""

    text: str
    words: tuple[RecognisedWord, ...]
    share: float
    """Probability, with that of all likely texts and the final's own together 1."""


@dataclass(frozen=True, slots=True)
class OtherTranscription:
    """An utterance as another recogniser heard it."""

    text: str
    engine: str


@dataclass(frozen=True, slots=True)
class Utterance:
    """Recognised speech of one utterance. A partial (`final` false) may still change."""

    role: Role
    line_id: str
    """Id that the partials of an utterance and its final share."""
    start_s: float
    end_s: float
    text: str
    final: bool
    """True = final; without text it takes back the partials of its line, as nothing believable was said."""
    words: tuple[RecognisedWord, ...] = field(default=())
    engine: str | None = None
    """Name of the recogniser's kind; None = not known."""
    other: OtherTranscription | None = None
    """Result of another recogniser for the same utterance."""
    again: bool = False
    """True = a second final of the line: what the first one held does not count again."""
    likely: tuple[LikelyText, ...] = ()
    """Other texts of a final, the likeliest first."""


@dataclass(frozen=True, slots=True)
class ButtonPress:
    """Press of the operator's button: a request for help."""

    start_s: float
    source: Literal["page", "dtmf"]
    pressed_by: str | None = None
    reason: str | None = None
    """Id of the reason that the operator chose."""
    comment: str | None = None
    """The operator's own words."""

    @property
    def end_s(self) -> float:
        return self.start_s


@dataclass(frozen=True, slots=True)
class ContactsOfDay:
    """Contacts of a caller within one of the periods of 24 hours before the call."""

    days_ago: int
    contacts: int
    minutes: float
    incidents: int


@dataclass(frozen=True, slots=True)
class EarlierContacts:
    """Earlier contacts of the call's caller, as a dashboard told them at `start_s`."""

    start_s: float
    days: tuple[ContactsOfDay, ...]

    @property
    def end_s(self) -> float:
        return self.start_s


Evidence = EffortWindow | Utterance | ButtonPress | EarlierContacts
