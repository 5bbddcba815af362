"""The settings that rules of every kind share, and what each kind adds: its own settings and its detector."""

from __future__ import annotations

from abc import abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from kikimori_core.messages import text
from kikimori_core.model.alert import Action, Severity
from kikimori_core.wire.topics import NAME_PATTERN

if TYPE_CHECKING:
    from kikimori_core.judging.kinds.detector import CallFacts, Detector

Positive = Annotated[float, Field(gt=0, allow_inf_nan=False)]
Probability = Annotated[float, Field(gt=0, lt=1)]
Name = Annotated[str, Field(pattern=NAME_PATTERN, max_length=48)]


class Rule(BaseModel):
    """One rule as people write it in `config/rules/*.toml`. A kind is a subclass with a literal `kind`, in its own file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    by_button: ClassVar[bool] = False
    """The rule holds by the operator's button alone: it goes on where judging failed."""

    id: Name
    kind: str
    title: dict[str, str]
    """Display name by language code; `ja` and `en` at least."""
    enabled: bool = True
    clear_after_s: Positive | None = None
    """Seconds without a new finding after which the alert closes; None = it stays open until the call
    ends."""
    cooldown_s: Annotated[float, Field(ge=0)] = 60.0
    """Seconds after its closing in which the rule opens no other alert, unless a worse one."""
    suggest: Action = Action.HOLD_TRANSFER
    suggest_from: Severity = Severity.WARNING

    @model_validator(mode="after")
    def _both_languages(self) -> Rule:
        missing = {"ja", "en"} - self.title.keys()
        if missing:
            raise ValueError(text("title_needs_both", missing=", ".join(sorted(missing))))
        return self

    @abstractmethod
    def detector(self, facts: CallFacts) -> Detector:
        """Return the detector of this rule for one call."""

    def needs_words(self) -> bool:
        """Return whether the rule can say nothing without speech recognition."""
        return False

    def categories(self) -> tuple[str, ...]:
        """Return the phrase categories that the rule uses."""
        return ()

    def counted_category(self) -> str | None:
        """Return the category whose repetition this rule counts; None where it counts none."""
        return None

    def quiet_for_accommodation(self) -> bool:
        """Return whether the rule raises nothing in a call in which reasonable accommodation was asked for.

        Only an `AccommodatedRule` can; threat, abuse, shouting and a call for help count always.
        """
        return False

    def capped_keys(self) -> tuple[str, ...]:
        """Return the keys that ask for a higher severity than this kind can give."""
        return ()


class AccommodatedRule(Rule):
    """Rule about repetition, length or silence, which a disability may explain."""

    accommodated: Literal["quiet", "alert"] = "quiet"
    """`quiet`: raises nothing while the call is marked as a request for reasonable accommodation."""

    def quiet_for_accommodation(self) -> bool:
        return self.accommodated == "quiet"
