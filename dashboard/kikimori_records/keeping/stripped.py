"""JSON of alerts and events without what a person said, or without who called."""

from __future__ import annotations

from typing import Any

OF_OPERATOR = frozenset({"quote"})
"""Names of fields that hold words of the operator, whoever the evidence is about: a refusal."""
OF_WORDS = OF_OPERATOR | {"text", "matched", "words", "summary", "other", "comment", "doubted", "demand"}
"""Names of fields that hold words of a call, or a person's own words about it."""
OF_NUMBER = frozenset({"caller", "caller_number", "caller_name"})
"""Names of fields that hold the caller's number or name."""


def without(value: Any, names: frozenset[str]) -> Any:
    """Return a value of JSON without the fields of these names, at any depth."""
    if isinstance(value, dict):
        return {name: without(each, names) for name, each in value.items() if name not in names}
    if isinstance(value, list):
        return [without(each, names) for each in value]
    return value
