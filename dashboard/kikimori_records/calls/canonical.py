"""One spelling of values as JSON, so that the same content always has the same hash."""

from __future__ import annotations

import hashlib
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kikimori_records.columns import time_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


def canonical(value: Any) -> bytes:
    """Return a value as JSON: keys sorted, no spaces, UTF-8, times as UTC with microseconds."""
    made = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), default=_plain)
    return made.encode("utf-8", errors="surrogatepass")


def digest_of_rows(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return the SHA-256 of rows in their order, in hexadecimal digits; `uid` is left out, as the manifest names it."""
    plain = [{name: value for name, value in row.items() if name != "uid"} for row in rows]
    return hashlib.sha256(canonical(plain)).hexdigest()


def _plain(value: object) -> str:
    if isinstance(value, datetime):
        return time_text(value)
    raise TypeError(type(value).__name__)
