"""Grounds that an alert shows, and the small types that all messages are made of."""

from __future__ import annotations

from typing import Annotated, Literal, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, Tag

from kikimori_core.wire.topics import NAME_PATTERN
from kikimori_core.wire.values import Role

MOST_DAYS = 92
"""Most days of earlier contacts that rules about repeat callers look at."""

Name = Annotated[str, Field(pattern=NAME_PATTERN)]
Text = Annotated[str, Field(max_length=2000)]
Seconds = Annotated[float, Field(ge=0, allow_inf_nan=False)]
Decibel = Annotated[float, Field(ge=-200, le=200, allow_inf_nan=False)]


class Part(BaseModel):
    # A newer peer may send more than we know; it must not be refused for that.
    model_config = ConfigDict(extra="ignore", frozen=True)


class OtherHearing(Part):
    """An utterance as another recogniser heard it."""

    text: Text
    engine: Name


class DoubtedWords(Part):
    """Words that a phrase found and that raise nothing, as the sentence was taken for harmless."""

    category: Name
    matched: Text


class _Evidence(Part):
    start_s: Seconds
    end_s: Seconds
    summary: dict[Annotated[str, Field(max_length=16)], Text] = Field(default={})
    """One line for people by language code: all that an older page has to show of a kind that it does not know."""


class ShoutingEvidence(_Evidence):
    kind: Literal["shouting"] = "shouting"
    speech_s: Seconds
    """Seconds of raised voice within start_s … end_s."""
    level_db: Decibel
    over_calm_db: Decibel | None = None
    tilt_db: Decibel
    """Spectral tilt: energy 1000–3400 Hz against 300–1000 Hz; raised voices are flatter (higher)."""
    tilt_over_calm_db: Decibel | None = None
    pitch_over_calm_percent: Annotated[float, Field(ge=-95, le=1900)] | None = None
    """Pitch against the speaker's own calm voice: 38 = 38 % higher."""
    probability: Annotated[float, Field(ge=0, le=1)]


class WordsEvidence(_Evidence):
    kind: Literal["words"] = "words"
    role: Role
    text: Text
    """The utterance as recognised."""
    matched: Text
    """The part of it that the phrase matched."""
    category: Name
    engine: Name | None = None
    """Kind of the recogniser that heard it; None = not known."""


class ToneEvidence(_Evidence):
    """A sentence that was judged as a whole: no listed phrase is in it."""

    kind: Literal["tone"] = "tone"
    role: Role
    text: Text
    """The utterance as recognised."""
    words: Annotated[tuple[Text, ...], Field(max_length=8)] = ()
    """Words with the greatest weight in the judgement."""
    category: Name
    """The category of phrases that it is most like."""
    probability: Annotated[float, Field(ge=0, le=1)]


class DurationEvidence(_Evidence):
    kind: Literal["duration"] = "duration"
    since: Literal["call_start", "refusal"] | Name
    elapsed_s: Seconds
    threshold_s: Seconds
    quote: Text | None = None
    """The operator's refusal, where the clock started with one."""


class ButtonEvidence(_Evidence):
    kind: Literal["button"] = "button"
    source: Literal["page", "dtmf"] | Name
    pressed_by: Annotated[str, Field(max_length=128)] | None = None
    reason: Name | None = None
    """Id of the reason that the operator chose, see `config/help-reasons.toml`."""
    comment: Annotated[str, Field(max_length=200)] | None = None
    """The operator's own words about the help that they wish."""


class OverlapEvidence(_Evidence):
    kind: Literal["overlap"] = "overlap"
    overlap_s: Seconds
    """Seconds in which both spoke at once."""


class SilenceEvidence(_Evidence):
    kind: Literal["silence"] = "silence"
    who: Literal["customer", "both"] | Name
    silent_s: Seconds


class RepeatCallerEvidence(_Evidence):
    """Contacts of the same caller in the last days. It stands at the call's beginning."""

    kind: Literal["repeat_caller"] = "repeat_caller"
    days: Annotated[int, Field(ge=1)]
    contacts: Annotated[int, Field(ge=1)]
    """This call among them."""
    minutes: Annotated[int, Field(ge=0)]
    """Minutes of the earlier calls."""
    incidents: Annotated[int, Field(ge=0)]
    """Earlier calls with a warning or worse."""
    reached: Annotated[tuple[Name, ...], Field(max_length=8)] = ()
    """Limits of the rule that are reached: `contacts`, `minutes`, `incidents`."""


class RefusalMade(Part):
    """A refusal of the operator, as the answer to a demand."""

    start_s: Seconds
    end_s: Seconds
    demand_s: Seconds
    """Start of the demand that it answers."""
    quote: Text | None = None
    """The operator's words that refuse; None = both speak on one leg, and it is not known who said them."""


class AnsweredEvidence(_Evidence):
    """A demand that was made again and again, with the answers that the operator gave (ご説明済み).

    `start_s` is the start of its first time; there is one piece for each demand, and a later one replaces it.
    """

    kind: Literal["answered"] = "answered"
    demand: Name | None = None
    """Known demand (`[[demand]]` of the phrase files) or category; None = known by its words alone."""
    title: dict[Annotated[str, Field(max_length=16)], Text] = Field(default={})
    """Display name of the demand by language code, from the phrase files."""
    count: Annotated[int, Field(ge=1)]
    times_s: Annotated[tuple[Seconds, ...], Field(max_length=200)]
    """Start of each time it was made, in order; the newest where there were more."""
    refusals: Annotated[tuple[RefusalMade, ...], Field(max_length=200)] = ()
    """In order; an answer of two utterances stands twice."""
    count_before: Annotated[int, Field(ge=1)] | None = None
    """Highest count that was told before, where it was corrected since; None = no count was higher."""


class OtherEvidence(_Evidence):
    """Evidence of a kind that this version does not know, from a newer agent."""

    kind: Name


def _tag(evidence: object) -> str:
    """Return the kind that decides which model reads a piece of evidence."""
    kind = evidence.get("kind") if isinstance(evidence, dict) else getattr(evidence, "kind", None)
    return kind if isinstance(kind, str) and kind in KINDS else "other"


Evidence = Annotated[
    Annotated[ShoutingEvidence, Tag("shouting")]
    | Annotated[WordsEvidence, Tag("words")]
    | Annotated[ToneEvidence, Tag("tone")]
    | Annotated[DurationEvidence, Tag("duration")]
    | Annotated[ButtonEvidence, Tag("button")]
    | Annotated[OverlapEvidence, Tag("overlap")]
    | Annotated[SilenceEvidence, Tag("silence")]
    | Annotated[RepeatCallerEvidence, Tag("repeat_caller")]
    | Annotated[AnsweredEvidence, Tag("answered")]
    | Annotated[OtherEvidence, Tag("other")],
    Discriminator(_tag),
]

KINDS = frozenset(
    kind
    for each in _Evidence.__subclasses__()
    if each is not OtherEvidence
    for kind in get_args(each.model_fields["kind"].annotation)
)
"""Kinds of evidence that this version knows."""
