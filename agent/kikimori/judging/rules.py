"""Rules as people write them in `config/rules/*.toml`, validated."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori.errors import ConfigError
from kikimori.model.alert import Action, Severity
from kikimori_wire.toml_file import load
from kikimori_wire.topics import NAME_PATTERN

if TYPE_CHECKING:
    from collections.abc import Container, Iterable
    from pathlib import Path

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=48)]

REPETITION = "repetition"
"""Stands for the finding of any rule of kind `repeated` where categories of phrases are named."""


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    title: dict[str, str]
    """Display name by language code; `ja` and `en` at least."""
    enabled: bool = True
    clear_after_s: Positive | None = None
    """The alert closes when the rule found nothing new for so long; None = it stays open until the call ends."""
    cooldown_s: Annotated[float, Field(ge=0)] = 60.0
    """After it closed, the rule does not open another alert for so long, unless a worse one."""
    suggest: Action = Action.HOLD_TRANSFER
    suggest_from: Severity = Severity.WARNING

    @model_validator(mode="after")
    def _both_languages(self) -> _Rule:
        missing = {"ja", "en"} - self.title.keys()
        if missing:
            raise ValueError(f"title needs the languages ja and en, {', '.join(sorted(missing))} is missing")
        return self


class ShoutingRule(_Rule):
    """Raised voice: vocal effort of the customer over some seconds. Alone never critical: see `capped_keys`."""

    kind: Literal["shouting"]
    severity: Severity = Severity.WARNING
    probability: Probability = 0.75
    """A block counts as raised from here."""
    window_s: Positive = 6.0
    raised_s: Positive = 1.2
    """Seconds of raised speech within the window that open the alert."""
    share: Probability = 0.5
    """Share of the window's speech that must be raised."""
    critical_with: tuple[Name, ...] = ()
    """Any of these from the customer makes it critical: categories of phrases, or `repetition` of a demand …"""
    critical_within_s: Positive = 60.0
    """… so many seconds before or after raised speech at most."""
    critical_raised_s: Positive | None = None
    """Deprecated, read for one release. Seconds of raised speech within `critical_window_s` that make it a warning."""
    critical_window_s: Positive = 60.0
    """Deprecated, read for one release."""

    def capped_keys(self) -> tuple[str, ...]:
        """Return the keys that ask for more than a warning, which a voice alone can no longer give.

        How somebody speaks says nothing of what they want; a line that hisses or a voice that is just high would
        otherwise take a customer out of the operator's hands.
        """
        keys = [] if self.critical_raised_s is None else ["critical_raised_s"]
        return tuple(["severity", *keys] if self.severity is Severity.CRITICAL else keys)


class PhraseRule(_Rule):
    """Words of one category, said once."""

    kind: Literal["phrase"]
    category: Name
    severity: Severity
    critical_count: Annotated[int, Field(ge=2)] | None = None
    """So many of them in one call make it critical."""


class RepeatedRule(_Rule):
    """The same demand again and again, in whatever words."""

    kind: Literal["repeated"]
    category: Name | None = None
    """Demands of this category; None = any demand that no other rule counts, compared by its words (Japanese)."""
    ask_again_category: Name = "ask_again"
    """What the operator says to be told again; the answer to it is not counted."""
    hard_to_hear_category: Name = "hard_to_hear"
    """What a customer says who hears badly; never counted."""
    severity: Severity = Severity.WARNING
    count: Annotated[int, Field(ge=2)] = 3
    window_s: Positive = 600.0
    critical_count: Annotated[int, Field(ge=2)] | None = 5


class DetentionStep(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    after_s: Positive
    severity: Severity
    only_with: tuple[Literal["repetition", "refusal"], ...] = ()
    """The step needs one of these in the call; without speech recognition it is taken as given."""


class DetentionRule(_Rule):
    """The call does not end: steps by time since it began, or since the operator refused or closed the call."""

    kind: Literal["detention"]
    since: Literal["call_start", "refusal"]
    steps: Annotated[tuple[DetentionStep, ...], Field(min_length=1)]
    refusal_categories: Annotated[tuple[Name, ...], Field(min_length=1)] = ("refusal", "closing")
    """Either starts the clock."""
    stop_categories: tuple[Name, ...] = ("offer", "acceptance")
    """Either stops it: the operator offers, agrees or checks, or the customer accepts. A language may have none."""
    closing_category: Name = "closing"
    """One of `refusal_categories` that starts the clock only when the call goes on …"""
    closing_speech_s: Annotated[float, Field(ge=0)] = 10.0
    """… with so many seconds of the customer's speech."""
    still_talking_s: Positive = 60.0
    """Since a refusal: the customer must have spoken within so many seconds, or the call is not detention."""

    @model_validator(mode="after")
    def _steps_rise(self) -> DetentionRule:
        for earlier, later in zip(self.steps, self.steps[1:], strict=False):
            if later.after_s <= earlier.after_s:
                raise ValueError("steps must be in order of after_s")
            if later.severity.rank < earlier.severity.rank:
                raise ValueError("a later step must not be milder")
        return self


class OverlapRule(_Rule):
    """Both voices at once, again and again: the operator is talked over."""

    kind: Literal["overlap"]
    severity: Severity = Severity.NOTICE
    overlap_s: Positive = 6.0
    """Seconds of both at once within the window."""
    window_s: Positive = 30.0


class SilenceRule(_Rule):
    """Nobody speaks, or the customer does not."""

    kind: Literal["silence"]
    severity: Severity = Severity.NOTICE
    who: Literal["customer", "both"] = "both"
    after_s: Positive = 180.0
    from_the_start: bool = False
    """Only a silence that has lasted since the call began: a silent call."""


class EscalateRule(_Rule):
    """The operator asks for help."""

    kind: Literal["escalate"]
    severity: Severity = Severity.CRITICAL


Rule = Annotated[
    ShoutingRule | PhraseRule | RepeatedRule | DetentionRule | OverlapRule | SilenceRule | EscalateRule,
    Field(discriminator="kind"),
]


class _RuleFile(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    rule: tuple[Rule, ...]


def load_rules(paths: Iterable[Path]) -> tuple[Rule, ...]:
    """Read rule files in order; a rule in a later file replaces the one of the same id.

    Raises:
        ConfigError: names file, key and reason.
    """
    found: dict[str, Rule] = {}
    for path in paths:
        seen: set[str] = set()
        for number, rule in enumerate(load(path, _RuleFile).rule, start=1):
            if rule.id in seen:
                raise ConfigError(f"{path}: rule[{number}].id: {rule.id!r} stands twice in this file")
            seen.add(rule.id)
            found[rule.id] = rule
    return tuple(rule for rule in found.values() if rule.enabled)


def capped_rules(rules: Iterable[Rule]) -> dict[str, tuple[str, ...]]:
    """Return the rules of voices that ask for `critical`, by id with the keys that do: they raise a warning at most."""
    shouting = (rule for rule in rules if isinstance(rule, ShoutingRule))
    return {rule.id: keys for rule in shouting if (keys := rule.capped_keys())}


def needs_words(rule: Rule) -> bool:
    """True when the rule can say nothing without speech recognition."""
    return isinstance(rule, PhraseRule | RepeatedRule) or (
        isinstance(rule, DetentionRule) and rule.since == "refusal"
    )


def categories_without_phrases(rules: Iterable[Rule], known: Container[str]) -> dict[str, str]:
    """Return the phrase categories that rules use and nobody defines, each with the id of one rule that waits for it."""
    return {category: rule for category, rule in categories_of(rules).items() if category not in known}


def categories_of(rules: Iterable[Rule]) -> dict[str, str]:
    """Return the phrase categories that rules use, each with the id of one rule that does."""
    used: dict[str, str] = {}
    for rule in rules:
        if isinstance(rule, PhraseRule | RepeatedRule):
            if rule.category is not None:
                used[rule.category] = rule.id
        elif isinstance(rule, DetentionRule) and rule.since == "refusal":
            used |= dict.fromkeys(rule.refusal_categories, rule.id)
        elif isinstance(rule, ShoutingRule):
            named = (category for category in rule.critical_with if category != REPETITION)
            used |= {category: rule.id for category in named if category not in used}
    return used
