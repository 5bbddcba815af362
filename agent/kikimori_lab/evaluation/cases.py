"""Sentences and dialogues with the right judgement: one JSON object in a line of text.

An utterance: `text`, `type`, `speaker`, `expected` (categories, any of them is right; none = no alarm; `any` = any alarm),
`source`. A dialogue: `turns` ([seconds, speaker, text]) instead of `text`, `until_s`, `expected` and `forbidden` rules, and
`answered`: the demands that were made again and again, with the answers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from kikimori.errors import KikimoriError
from kikimori_core.messages import text
from kikimori_core.model.evidence import Role
from kikimori_core.wire.toml_file import first_fault

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from pathlib import Path

ANY = "any"
"""Name in `expected` for any alarm: each one is right."""
HARMLESS_BEGINS, HARMLESS_ENDS = "neg", "-false"
"""Start and end of the names of types whose cases must raise nothing, or nothing forbidden."""

_Second = Annotated[float, Field(ge=0, allow_inf_nan=False)]
_Text = Annotated[str, Field(min_length=1)]


class AnsweredDemand(BaseModel):
    """A demand of a dialogue that was made three times or more, by the beginnings of the turns."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    times: Annotated[tuple[_Second, ...], Field(min_length=1)]
    """Each time it was made."""
    refused: tuple[_Second, ...] = ()
    """Each refusal of the operator within 20 s after it."""


class Case(BaseModel):
    """One utterance or one dialogue, and what should be raised. Further keys are the writer's notes."""

    model_config = ConfigDict(extra="ignore", frozen=True)

    type: _Text
    """Subject, a name of the writer's choice; figures are given per type."""
    expected: tuple[_Text, ...]
    text: _Text | None = None
    speaker: str = ""
    """Speaker of an utterance: customer, operator or mixed."""
    turns: Annotated[tuple[tuple[_Second, Role, _Text], ...], Field(min_length=1)] | None = None
    until_s: _Second | None = None
    """Length of the call in s; None = five seconds after the last turn began."""
    forbidden: tuple[_Text, ...] = ()
    answered: tuple[AnsweredDemand, ...] | None = None
    """Demands of a dialogue that were made again and again; () = none, None = not judged."""
    name: str = ""
    source: str = ""
    """Origin of the words."""

    @model_validator(mode="after")
    def _one_kind(self) -> Case:
        if (self.text is None) == (self.turns is None):
            raise ValueError(text("case_text_or_turns"))
        if self.text is not None and self.speaker not in set(Role):
            raise ValueError(text("case_speaker", value=repr(self.speaker), roles=", ".join(Role)))
        if self.turns and any(
            late[0] < early[0] for early, late in zip(self.turns, self.turns[1:], strict=False)
        ):
            raise ValueError(text("case_turns_in_order"))
        return self

    @property
    def harmless(self) -> bool:
        """A harmless case: nothing, or nothing that is forbidden, may be raised."""
        return harmless_type(self.type) or not self.expected

    @property
    def shown(self) -> str:
        """Text or name, for lists."""
        return self.text if self.text is not None else self.name


def harmless_type(name: str) -> bool:
    """Return whether a type is harmless by its name."""
    return name.startswith(HARMLESS_BEGINS) or name.endswith(HARMLESS_ENDS)


def read_cases(path: Path) -> list[Case]:
    """Read a file; raises KikimoriError that names file, line and reason."""
    cases = []
    for number, line in json_lines(path):
        try:
            cases.append(Case.model_validate_json(line))
        except ValidationError as error:
            raise malformed(path, number, error) from None
    if not cases:
        raise KikimoriError.of("cases_empty", file=path)
    return cases


def json_lines(path: Path) -> Iterator[tuple[int, str]]:
    """Yield the number and text of each line that is not blank; raises KikimoriError."""
    try:
        with path.open(encoding="utf-8-sig") as lines:
            for number, line in enumerate(lines, start=1):
                if line.strip():
                    yield number, line
    except OSError as error:
        raise KikimoriError.of("file_unreadable", path=path, reason=error.strerror) from None
    except UnicodeDecodeError:
        raise KikimoriError.of("file_not_text", path=path) from None


def malformed(path: Path, number: int, error: ValidationError) -> KikimoriError:
    """Return the faults of a line."""
    where, reason = first_fault(error)
    said = text("key_reason", key=where, reason=reason) if where else reason
    return KikimoriError.of("cases_malformed", file=path, line=number, reason=said)


def names_expected(cases: Iterable[Case]) -> set[str]:
    """Return the categories and rules that some case asks for or forbids."""
    return {name for case in cases for name in (*case.expected, *case.forbidden)} - {ANY}
