"""One spelling of values as JSON, so that the same content always has the same hash."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kikimori_records.columns import time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_LATER = {"spoken_by"}
"""Columns that rows did not have when the first manifests were made: empty, they are not hashed."""


def canonical(value: Any) -> bytes:
    """Return a value as JSON: keys sorted, no spaces, UTF-8, times as UTC with microseconds."""
    made = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return made.encode("utf-8", errors="surrogatepass")


def digest_of_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of rows in their order, in hexadecimal digits."""
    return hashlib.sha256(canonical_rows(rows)).hexdigest()


def canonical_rows(rows: Iterable[Mapping[str, Any]]) -> bytes:
    """Return rows in their order as JSON; without `uid`, as the manifest names it, and without empty columns of `_LATER`."""
    return canonical([{name: value for name, value in row.items() if _is_told(name, value)} for row in rows])


def _is_told(name: str, value: object) -> bool:
    return name != "uid" and not (value is None and name in _LATER)


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return time_text(value)
    raise TypeError(type(value).__name__)
