"""Found calls as a CSV file, for table programs: UTF-8 with a byte order mark, as Excel in Japan opens it too."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Literal
from zoneinfo import ZoneInfo

from kikimori_records.audit.csv_file import MARK
from kikimori_records.cells import safe

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_records.search.finding import FoundCall

HEADERS = {
    "ja": ("日時", "オペレーター", "内線", "チーム", "発信者番号", "発信者名", "長さ (秒)", "いちばん重い警告", "警告の数", "結果", "一致した言葉", "通話のID", "警告の種類"),
    "en": ("at", "operator", "extension", "team", "caller's number", "caller's name", "length (s)", "worst alert", "alerts", "outcome", "matching words", "id of call", "kinds of alerts"),
}  # fmt: skip
BETWEEN = " / "
"""Between the lines of one call, and between its alerts."""


def header(language: Literal["ja", "en"]) -> str:
    return MARK + _line(HEADERS[language])


def line(found: FoundCall, zone: str, language: Literal["ja", "en"]) -> str:
    """Return one call as a line; its time is that of the office's zone."""
    call = found.call
    return _line(
        (
            call.started_at.astimezone(ZoneInfo(zone)).strftime("%Y-%m-%d %H:%M:%S"),
            call.operator or "",
            call.operator_number or "",
            call.team or "",
            call.caller_number or "",
            call.caller_name or "",
            str(round(call.heard_s)),
            call.worst or "",
            str(call.alerts),
            call.outcome or "",
            BETWEEN.join(each.text for each in found.lines),
            call.uid,
            BETWEEN.join((each.title or {}).get(language, each.kind) for each in found.reasons),
        )
    )


def _line(cells: Iterable[str]) -> str:
    out = io.StringIO(newline="")
    csv.writer(out, lineterminator="\r\n").writerow(map(safe, cells))
    # Half a character, which JSON can carry, is none in a file.
    return out.getvalue().encode("utf-8", "replace").decode()
