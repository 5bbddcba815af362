"""CSV files of people: UTF-8 with or without BOM, UTF-16, and Shift_JIS (cp932) as Japanese Excel writes it.

Header names are Japanese or English. A cell that begins with `=`, `+`, `-` or `@` is written with `'` before it, so that a
table program does not calculate it, and read without.
"""

from __future__ import annotations

import csv
import io
import unicodedata
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from kikimori_core.errors import KikimoriError
from kikimori_core.messages import both
from kikimori_core.messages import text as words
from kikimori_records.cells import is_calculated, safe
from kikimori_records.people import fields
from kikimori_records.people.fields import READERS, ROLE_NAMES, FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_records.people.person import Person

MOST_BYTES = 4 * 1024 * 1024
MOST_ROWS = 10_000
MOST_FAULTS = 50

Encoding = Literal["utf-8-sig", "utf-8", "cp932"]

HEADERS = {
    # column: (Japanese, English, and what else is read)
    "id": ("ID", "id"),
    "login": ("ログイン", "login", "ログインID", "ユーザー名", "user", "username"),
    "name": ("氏名", "name", "名前"),
    "roles": ("役割", "roles", "role", "ロール", "権限"),
    "extensions": ("内線", "extensions", "extension", "内線番号"),
    "telephone": ("手元の電話", "telephone", "電話", "phone", "電話番号"),
    "team": ("チーム", "team", "班", "グループ"),
    "queue": ("着信先", "queue", "キュー", "窓口"),
    "seat_row": ("席の行", "seat_row", "行", "row"),
    "seat_column": ("席の列", "seat_column", "列", "column"),
    "disabled": ("無効", "disabled"),
}
_COLUMN_OF = {
    unicodedata.normalize("NFKC", each).casefold(): column
    for column, names in HEADERS.items()
    for each in names
}


@dataclass(frozen=True, slots=True)
class CsvFault:
    """Something wrong in a file."""

    line: int
    reason: str


class BadCsvError(KikimoriError):
    """A file of which nothing was imported; its message names every line and the reason."""

    def __init__(self, faults: list[CsvFault]) -> None:
        shown: list[str] = [
            words("csv_line", line=each.line, reason=each.reason) for each in faults[:MOST_FAULTS]
        ]
        if len(faults) > MOST_FAULTS:
            shown.append(words("csv_more", count=len(faults) - MOST_FAULTS))
        message, next_step = both("csv_faults", faults=tuple(shown))
        super().__init__(message, next_step=next_step)
        self.faults = faults


@dataclass(frozen=True, slots=True)
class CsvRow:
    """One line of a file: the columns that it has, read and checked."""

    line: int
    values: dict[str, object]
    """By column; of people as `fields.READERS` read them, `disabled` as bool, `id` as text."""


def read_csv(content: bytes) -> list[CsvRow]:
    """Read a file; raises BadCsvError with every fault."""
    if len(content) > MOST_BYTES:
        raise _wrong(1, words("csv_too_large", most=MOST_BYTES // 1024 // 1024))
    text = _decoded(content)
    first = text.partition("\n")[0]
    divider = max(",\t;", key=first.count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=divider, strict=True)
    faults: list[CsvFault] = []
    rows: list[CsvRow] = []
    try:
        columns = _columns(next(reader, []))
        begin = reader.line_num + 1
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not any(each.strip() for each in cells):
                continue
            if len(rows) + len(faults) >= MOST_ROWS:
                raise _wrong(line, words("csv_too_many", most=MOST_ROWS))
            try:
                rows.append(CsvRow(line, _values(columns, cells)))
            except FieldError as error:
                faults.append(CsvFault(line, error.args[0]))
    except csv.Error as error:
        faults.append(CsvFault(reader.line_num, words("csv_unreadable", reason=error)))
    if faults:
        raise BadCsvError(faults)
    return rows


def write_csv(
    people: Iterable[Person], language: Literal["ja", "en"], encoding: Encoding = "utf-8-sig"
) -> bytes:
    """Return a file that `read_csv` reads; raises KikimoriError for a letter that the encoding has not."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(names[0 if language == "ja" else 1] for names in HEADERS.values())
    for each in people:
        roles = [ROLE_NAMES[role] if language == "ja" else role for role in sorted(each.roles)]
        writer.writerow(
            safe(cell)
            for cell in (
                each.id,
                each.login or "",
                each.name,
                " ".join(roles),
                " ".join(sorted(each.extensions)),
                each.telephone or "",
                each.team or "",
                each.queue or "",
                "" if each.seat_row is None else str(each.seat_row),
                "" if each.seat_column is None else str(each.seat_column),
                "" if each.disabled_at is None else ("はい" if language == "ja" else "yes"),
            )
        )
    try:
        return out.getvalue().encode(encoding)
    except UnicodeEncodeError as error:
        raise KikimoriError.of("csv_letter_unknown", object=repr(error.object[error.start])) from None


def _decoded(content: bytes) -> str:
    encodings = ["utf-16"] if content.startswith((b"\xff\xfe", b"\xfe\xff")) else ["utf-8-sig", "cp932"]
    for each in encodings:
        try:
            text = content.decode(each)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise _wrong(1, "the text is neither UTF-8 nor Shift_JIS: save it as CSV UTF-8")


def _columns(header: list[str]) -> list[str]:
    """Return the columns that a header names; raises BadCsvError."""
    found = []
    for each in header:
        plain = unicodedata.normalize("NFKC", each).strip().casefold()
        column = _COLUMN_OF.get(plain)
        if plain and column is None:
            names = "、".join(names[0] for names in HEADERS.values())
            said = words("csv_no_column", key=repr(each), names=names, columns=", ".join(HEADERS))
            raise _wrong(1, said)
        if column is not None and column in found:
            raise _wrong(1, words("csv_column_twice", key=repr(each)))
        found.append(column or "")
    if not {"name", "id", "login"} & set(found):
        raise _wrong(1, words("csv_no_header", header="氏名", other="ログイン"))
    return found


def _values(columns: list[str], cells: list[str]) -> dict[str, object]:
    if len(cells) > len(columns) and any(each.strip() for each in cells[len(columns) :]):
        more = words("csv_cells", cells=len(cells), columns=len(columns))
        raise FieldError("line", "too_long", "", more)
    values: dict[str, object] = {}
    for column, cell in zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False):
        text = cell[1:] if cell.startswith("'") and is_calculated(cell) else cell
        if column in READERS:
            values[column] = READERS[column](text)
        elif column == "disabled":
            values[column] = fields.yes_or_no(text, column)
        elif column == "id":
            values[column] = text.strip()
    return values


def _wrong(line: int, reason: str) -> BadCsvError:
    return BadCsvError([CsvFault(line, reason)])
