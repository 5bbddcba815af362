"""CSV files of customers, see `kikimori_records.csv_table`. One line a customer; several numbers divided by `、`, `;` or `/`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from kikimori_records.callers.fields import READERS
from kikimori_records.csv_table import CsvForm, CsvRow, Encoding, read_table, write_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from kikimori_records.callers.customer import Customer

MOST_ROWS = 20_000
HEADERS = {
    "id": ("ID", "id"),
    "number": ("電話番号", "number", "番号", "numbers", "電話", "telephone", "phone"),
    "name": ("お客様名", "name", "氏名", "名前", "顧客名", "会社名"),
    "contract": ("契約", "contract", "契約番号", "お客様番号", "顧客番号"),
    "in_charge": ("担当", "in_charge", "担当者", "person in charge"),
    "manner": (
        "お話しのしかた",
        "manner",
        "話し方",
        "対応方針",
        "応対の取り決め",
        "way to speak",
        "agreed way to speak",
    ),
}


def read_customers(content: bytes) -> list[CsvRow]:
    """Read a file: `number` and `id` as they stand, the rest by `fields.READERS`; raises BadCsvError with every fault."""
    return read_table(content, FORM)


def write_customers(
    customers: Iterable[Customer], language: Literal["ja", "en"], encoding: Encoding = "utf-8-sig"
) -> bytes:
    """Return a file that `read_customers` reads; raises KikimoriError for a letter that the encoding has not."""
    return write_table(FORM.header(language), map(_cells, customers), encoding)


def _read(column: str, cell: str) -> object:
    return READERS[column](cell) if column in READERS else cell.strip()


def _cells(customer: Customer) -> tuple[str, ...]:
    return (
        customer.id,
        "、".join(each.number for each in customer.numbers),
        customer.name,
        customer.contract or "",
        customer.in_charge or "",
        customer.manner or "",
    )


FORM = CsvForm(HEADERS, ("number", "name", "id"), _read, MOST_ROWS)
