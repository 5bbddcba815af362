"""Reasons for ending a call, with the sentence that tells them, from `config/ending-reasons.toml` or the office's own file."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Annotated, Any

import kikimori_config
from pydantic import BaseModel, ConfigDict, Field

from kikimori_core.errors import ConfigError
from kikimori_core.wire.evidence import Name
from kikimori_core.wire.toml_file import load

BUILTIN = Path(next(iter(kikimori_config.__path__))) / "ending-reasons.toml"

_Title = Annotated[str, Field(min_length=1, max_length=60)]
_Sentence = Annotated[str, Field(min_length=1, max_length=200)]


class EndingReason(BaseModel):
    """A reason for ending a call."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: Name
    """Stays the same for ever: it stands in the audit."""
    ja: _Title
    en: _Title
    say_ja: _Sentence
    """Sentence by which the customer is told the reason, before the call ends."""
    say_en: _Sentence
    warnings: Annotated[int, Field(ge=0, le=10)] | None = None
    """Requests to stop that are needed before; None = `[ending] warnings`."""

    def title(self, language: str) -> str:
        """Return the reason in a language of the pages."""
        return self.ja if language == "ja" else self.en

    def view(self, warnings: int) -> dict[str, Any]:
        """Return the reason for the pages; `warnings`: the office's number."""
        needed = warnings if self.warnings is None else self.warnings
        return {
            "id": self.id,
            "title": {"ja": self.ja, "en": self.en},
            "say": {"ja": self.say_ja, "en": self.say_en},
            "needed": needed,
        }


class EndingReasonFile(BaseModel):
    """Content of one file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    reasons: Annotated[tuple[EndingReason, ...], Field(min_length=1, max_length=12)]


def read_ending_reasons(own: Path | None = None) -> tuple[EndingReason, ...]:
    """Read the reasons in the order of their buttons; raises ConfigError that names every fault."""
    return _builtin() if own is None else _read(own)


def reason_of(reasons: tuple[EndingReason, ...], wanted: str) -> EndingReason:
    """Return a reason; one that the office has dropped since is shown by its id."""
    found = next((each for each in reasons if each.id == wanted), None)
    if found is not None:
        return found
    last = reasons[-1]
    return EndingReason(id=wanted, ja=wanted, en=wanted, say_ja=last.say_ja, say_en=last.say_en)


@cache
def _builtin() -> tuple[EndingReason, ...]:
    return _read(BUILTIN)


def _read(path: Path) -> tuple[EndingReason, ...]:
    reasons = load(path, EndingReasonFile).reasons
    names = [each.id for each in reasons]
    if twice := [each for each in names if names.count(each) > 1]:
        raise ConfigError.of("ending_reason_twice", path=path, id=twice[0])
    return reasons
