"""Shape of a call's rows as the office wants them kept: without the operator's words, with masked numbers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_records.keeping.numbers import masked, plain
from kikimori_records.keeping.stripped import OF_OPERATOR, OF_WORDS

if TYPE_CHECKING:
    from kikimori_records.calls.rows import CallRows
    from kikimori_records.keeping.pseudonyms import Pseudonyms

OPERATOR = "operator"


@dataclass(frozen=True, slots=True)
class RowShaping:
    """Choices of an office on what of a call is written at all."""

    pseudonyms: Pseudonyms
    transcript_operator: bool = True
    """False = no words of the operator's side."""
    mask_numbers: bool = False
    """True = of callers' numbers the last four digits alone; the pseudonym is that of the whole number."""

    def shape(self, rows: CallRows) -> None:
        """Change a call's rows before they are written, and before the manifest is made from them."""
        rows.call["caller_key"] = self.pseudonyms.of(rows.call.get("caller_number"))
        if not self.transcript_operator:
            rows.lines = [each for each in rows.lines if each["role"] != OPERATOR]
            for each in rows.alerts:
                each["revisions"] = without_operator(each["revisions"])
        if self.mask_numbers:
            for name in ("caller_number", "caller_name"):
                rows.call[name] = _masked(name, rows.call.get(name))
            for each in rows.alerts:
                each["revisions"] = with_masks(each["revisions"])
            for each in rows.events:
                each["body"] = with_masks(each["body"])


def without_operator(value: Any) -> Any:
    """Return a value of JSON in which nothing said by the operator is quoted, at any depth."""
    if isinstance(value, dict):
        gone = OF_WORDS if value.get("role") == OPERATOR else OF_OPERATOR
        return {name: without_operator(each) for name, each in value.items() if name not in gone}
    if isinstance(value, list):
        return [without_operator(each) for each in value]
    return value


def with_masks(value: Any) -> Any:
    """Return a value of JSON in which callers' numbers are masked, at any depth."""
    if isinstance(value, dict):
        made = {name: with_masks(each) for name, each in value.items()}
        if isinstance(party := made.get("caller"), dict):
            made["caller"] = {name: _masked(name, each) for name, each in party.items()}
        return made
    if isinstance(value, list):
        return [with_masks(each) for each in value]
    return value


def _masked(name: str, value: Any) -> Any:
    """Return a number masked; a name as it is, unless a telephone sends the number as the name."""
    if not isinstance(value, str) or not value:
        return value
    return masked(value) if name.endswith("number") or plain(value).isdigit() else value
