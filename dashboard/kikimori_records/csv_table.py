"""CSV files of people and customers: UTF-8 with or without BOM, UTF-16, and Shift_JIS (cp932) as Japanese Excel writes it.

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
from kikimori_records.people.fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

MOST_BYTES = 4 * 1024 * 1024
MOST_FAULTS = 50

Encoding = Literal["utf-8-sig", "utf-8", "cp932"]


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
    """By column, as `CsvForm.read` read them."""


@dataclass(frozen=True, slots=True)
class CsvForm:
    """Form of the files of one list."""

    headers: Mapping[str, tuple[str, ...]]
    """Names of each column: Japanese, English, and what else is read."""
    needed: tuple[str, ...]
    """Columns of which a file must have one; the first two are named where it has none."""
    read: Callable[[str, str], object]
    """Reads a cell of a column; raises FieldError."""
    most_rows: int = 10_000

    def header(self, language: Literal["ja", "en"]) -> list[str]:
        return [names[0 if language == "ja" else 1] for names in self.headers.values()]


def read_table(content: bytes, form: CsvForm) -> list[CsvRow]:
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
        columns = _columns(next(reader, []), form)
        begin = reader.line_num + 1
        for cells in reader:
            line, begin = begin, reader.line_num + 1
            if not any(each.strip() for each in cells):
                continue
            if len(rows) + len(faults) >= form.most_rows:
                raise _wrong(line, words("csv_too_many", most=form.most_rows))
            try:
                rows.append(CsvRow(line, _values(columns, cells, form)))
            except FieldError as error:
                faults.append(CsvFault(line, error.args[0]))
    except csv.Error as error:
        faults.append(CsvFault(reader.line_num, words("csv_unreadable", reason=error)))
    if faults:
        raise BadCsvError(faults)
    return rows


def write_table(header: Iterable[str], rows: Iterable[Iterable[str]], encoding: Encoding) -> bytes:
    """Return a file that `read_table` reads; raises KikimoriError for a letter that the encoding has not."""
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for cells in rows:
        writer.writerow(safe(cell) for cell in cells)
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


def _columns(header: list[str], form: CsvForm) -> list[str]:
    """Return the columns that a header names; raises BadCsvError."""
    known = {_plain(each): column for column, names in form.headers.items() for each in names}
    found = []
    for each in header:
        plain = _plain(each)
        column = known.get(plain)
        if plain and column is None:
            names = "、".join(names[0] for names in form.headers.values())
            said = words("csv_no_column", key=repr(each), names=names, columns=", ".join(form.headers))
            raise _wrong(1, said)
        if column is not None and column in found:
            raise _wrong(1, words("csv_column_twice", key=repr(each)))
        found.append(column or "")
    if not set(form.needed) & set(found):
        one, other = ("{} ({})".format(*form.headers[each][:2]) for each in form.needed[:2])
        raise _wrong(1, words("csv_no_header", header=one, other=other))
    return found


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKC", name).strip().casefold()


def _values(columns: list[str], cells: list[str], form: CsvForm) -> dict[str, object]:
    if len(cells) > len(columns) and any(each.strip() for each in cells[len(columns) :]):
        more = words("csv_cells", cells=len(cells), columns=len(columns))
        raise FieldError("line", "too_long", "", more)
    values: dict[str, object] = {}
    for column, cell in zip(columns, cells + [""] * (len(columns) - len(cells)), strict=False):
        text = cell[1:] if cell.startswith("'") and is_calculated(cell) else cell
        if column:
            values[column] = form.read(column, text)
    return values


def _wrong(line: int, reason: str) -> BadCsvError:
    return BadCsvError([CsvFault(line, reason)])
