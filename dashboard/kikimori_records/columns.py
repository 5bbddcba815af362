"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import String, Text
from sqlalchemy.types import TypeDecorator

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy.engine import Dialect

TIME_LENGTH = 32


def time_text(value: datetime) -> str:
    """Return a time as it is kept: UTC with microseconds, so that the order of texts is the order of times."""
    if value.tzinfo is None:
        raise ValueError("a time without a zone")
    return value.astimezone(UTC).isoformat(timespec="microseconds")


class UtcTime(TypeDecorator[datetime]):
    """Time with zone UTC, kept as ISO text with microseconds."""

    impl = String(TIME_LENGTH).with_variant(String(TIME_LENGTH, collation="C"), "postgresql")
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else time_text(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        return None if value is None else datetime.fromisoformat(value)


class Words(TypeDecorator[str]):
    """Text of people. What no database can hold, NUL and halves of characters, becomes U+FFFD."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002
        return None if value is None else storable(value)


def storable(value: str) -> str:
    """Return the text as both databases keep it."""
    clean = value.replace("\0", "\N{REPLACEMENT CHARACTER}")
    return "".join("\N{REPLACEMENT CHARACTER}" if "\ud800" <= c <= "\udfff" else c for c in clean)


def storable_json(value: Any, not_finite: Callable[[float], Any]) -> Any:
    """Return a value of JSON without what PostgreSQL refuses in it, now or when it is asked for.

    `not_finite` gives what stands there for NaN and infinite numbers.
    """
    match value:
        case str():
            return storable(value)
        case float() if not math.isfinite(value):
            return not_finite(value)
        case list() | tuple():
            return [storable_json(each, not_finite) for each in value]
        case dict():
            return {storable(name): storable_json(each, not_finite) for name, each in value.items()}
        case _:
            return value
