"""The truth about a recorded call: `NAME.json` beside its audio. The format is described in the README."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kikimori.errors import KikimoriError
from kikimori_core.messages import text
from kikimori_core.model.call import Role
from kikimori_core.wire.messages import Severity
from kikimori_core.wire.toml_file import first_fault
from kikimori_core.wire.values import known_only

if TYPE_CHECKING:
    from pathlib import Path

Second = Annotated[float, Field(ge=0, allow_inf_nan=False)]


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class TruthSegment(_Part):
    """Utterance; seconds from the first sample."""

    role: Role
    start: Second
    end: Second
    text: str
    style: str = "calm"
    voice: str = ""
    """Name of the speaker; figures are given for each."""


class TruthKey(_Part):
    role: Role
    at: Second
    digit: str


class ExpectedAlert(_Part):
    """An alert that must be raised first with `severity`, in the media time `start` … `end` (`from`, `to`)."""

    rule: str
    severity: Severity
    start: Annotated[Second, Field(alias="from")]
    end: Annotated[Second, Field(alias="to")]
    needs_words: bool = False

    @model_validator(mode="after")
    def _in_order(self) -> ExpectedAlert:
        if self.end < self.start:
            raise ValueError(text("truth_in_order"))
        return self


class TruthPerson(_Part):
    extension: str
    name: str


class Truth(_Part):
    """Known facts about a recorded call."""

    version: Literal[1]
    audio: str
    channels: tuple[Role, ...]
    language: str
    title: dict[str, str] = {}
    tags: tuple[str, ...] = ()
    """Labels of the call for people: `harmless`, `joke`."""
    condition: str = ""
    """Kind of line and noise, e.g. `babble`; figures are given for each."""
    caller: str | None = None
    caller_name: str | None = None
    operator: TruthPerson = TruthPerson(extension="", name="")
    segments: tuple[TruthSegment, ...] = ()
    dtmf: tuple[TruthKey, ...] = ()
    expected_alerts: tuple[ExpectedAlert, ...] = ()
    tolerated: tuple[str, ...] = ()
    """Rules that may be raised and need not be: reasonable people differ."""


def read_truth(path: Path) -> Truth:
    """Read a truth file; raises KikimoriError that names file, key and reason."""
    try:
        with known_only():
            return Truth.model_validate_json(path.read_bytes())
    except OSError as error:
        raise KikimoriError.of("file_unreadable", path=path, reason=error.strerror) from None
    except ValidationError as error:
        where, reason = first_fault(error)
        raise KikimoriError.of("truth_malformed", file=path, key=where, reason=reason) from None
