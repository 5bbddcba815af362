"""The audit as a CSV file, for table programs: UTF-8 with a byte order mark."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Literal

from kikimori_records.cells import safe
from kikimori_records.columns import time_text

if TYPE_CHECKING:
    from kikimori_records.audit.entry import AuditRow

HEADERS = {
    "ja": ("番号", "日時 (UTC)", "種類", "だれ", "だれのID", "操作", "対象の種類", "対象", "結果", "詳細", "ハッシュ"),
    "en": ("number", "at (UTC)", "kind", "who", "id of who", "action", "kind of object", "object", "outcome", "details", "hash"),
}  # fmt: skip
MARK = "\N{ZERO WIDTH NO-BREAK SPACE}"
"""Byte order mark: without it Excel reads Shift_JIS."""


def header(language: Literal["ja", "en"]) -> str:
    return MARK + _line(HEADERS[language])


def line(row: AuditRow) -> str:
    """Return one entry as a line."""
    entry = row.entry
    details = json.dumps(entry.details, ensure_ascii=False) if entry.details else ""
    return _line(
        (
            str(row.number),
            time_text(entry.at),
            str(entry.actor_kind),
            entry.actor_name,
            entry.actor_id or "",
            entry.action,
            entry.object_kind or "",
            entry.object_id or "",
            entry.outcome,
            details,
            row.hash,
        )
    )


def _line(cells: tuple[str, ...]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(map(safe, cells))
    # Half a character, which JSON can carry, is none in a file.
    return out.getvalue().encode("utf-8", "replace").decode()
