"""CSV files of people, see `kikimori_records.csv_table`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kikimori_records.csv_table import (
    BadCsvError,
    CsvFault,
    CsvForm,
    CsvRow,
    Encoding,
    read_table,
    write_table,
)
from kikimori_records.people import fields
from kikimori_records.people.fields import READERS, ROLE_NAMES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_records.people.person import Person

__all__ = ["BadCsvError", "CsvFault", "CsvRow", "Encoding", "read_csv", "write_csv"]

HEADERS = {
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


def read_csv(content: bytes) -> list[CsvRow]:
    """Read a file: `disabled` as bool, `id` as text, the rest by `fields.READERS`; raises BadCsvError with every fault."""
    return read_table(content, FORM)


def write_csv(
    people: Iterable[Person], language: Literal["ja", "en"], encoding: Encoding = "utf-8-sig"
) -> bytes:
    """Return a file that `read_csv` reads; raises KikimoriError for a letter that the encoding has not."""
    return write_table(FORM.header(language), (_cells(each, language) for each in people), encoding)


def _read(column: str, cell: str) -> object:
    if column in READERS:
        return READERS[column](cell)
    return fields.yes_or_no(cell, column) if column == "disabled" else cell.strip()


def _cells(person: Person, language: Literal["ja", "en"]) -> tuple[str, ...]:
    roles = [ROLE_NAMES[role] if language == "ja" else role for role in sorted(person.roles)]
    return (
        person.id,
        person.login or "",
        person.name,
        " ".join(roles),
        " ".join(sorted(person.extensions)),
        person.telephone or "",
        person.team or "",
        person.queue or "",
        "" if person.seat_row is None else str(person.seat_row),
        "" if person.seat_column is None else str(person.seat_column),
        "" if person.disabled_at is None else ("はい" if language == "ja" else "yes"),
    )


FORM = CsvForm(HEADERS, ("name", "login", "id"), _read)
