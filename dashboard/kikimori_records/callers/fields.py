"""Fields of a customer as people type them, cleaned and checked; the same for files and pages."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING

from kikimori_records.callers.customer import CustomerNumber
from kikimori_records.keeping.numbers import MASK, masked
from kikimori_records.people.fields import FieldError, name, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Container

    from kikimori_records.keeping.pseudonyms import Pseudonyms

LONGEST_LABEL = 128
LONGEST_MANNER = 400
MOST_NUMBERS = 20

_NUMBER = re.compile(r"\+?[0-9()\s.\-\u2010-\u2015\u2212\u30fc]{3,40}")
_WITHOUT_ZERO = re.compile(r"[1-9][0-9]{8,9}")
_BETWEEN = re.compile(r"[,;、；，/／\n]+")


def text(given: str, field: str, most: int = LONGEST_LABEL) -> str | None:
    """Return a text of one line, None for an empty one; raises FieldError."""
    found = " ".join(plain(given).split())
    if len(found) > most:
        raise FieldError(field, "too_long", f"{found[:20]}…")
    if any(unicodedata.category(letter) == "Cc" for letter in found):
        raise FieldError(field, "control", given)
    return found or None


READERS: dict[str, Callable[[str], str | None]] = {
    "name": name,
    "contract": lambda given: text(given, "contract"),
    "in_charge": lambda given: text(given, "in_charge"),
    "manner": lambda given: text(given, "manner", LONGEST_MANNER),
}
"""Reader of each column's text."""


class NumberReader:
    """Reads telephone numbers of customers in every spelling."""

    def __init__(self, pseudonyms: Pseudonyms, *, mask: bool = False) -> None:
        """`mask`: of numbers the last digits alone are kept."""
        self._pseudonyms = pseudonyms
        self._mask = mask

    def one(self, given: str) -> CustomerNumber:
        """Return one number; raises FieldError."""
        number = unicodedata.normalize("NFKC", given).strip()
        key = self._pseudonyms.of(number) if _NUMBER.fullmatch(number) else None
        if key is None or not any(each.isdigit() for each in number):
            raise FieldError("number", "telephone", given)
        return CustomerNumber(key, masked(number) if self._mask else number)

    def several(
        self, given: str, known: tuple[CustomerNumber, ...] = (), listed: Container[str] = ()
    ) -> tuple[CustomerNumber, ...]:
        """Return the numbers in a text, each once.

        Args:
            given: The text.
            known: Numbers of the customer, among which a masked one is looked up.
            listed: Keys of all numbers on the list, among which one is looked up whose leading 0 is gone.

        Raises:
            FieldError: one is no number, or there are too many.
        """
        found: dict[str, CustomerNumber] = {}
        for part in (each.strip() for each in _BETWEEN.split(given)):
            if not part:
                continue
            before = next((each for each in known if MASK in part and each.number == part), None)
            made = before or self._with_zero(part, listed) or self.one(part)
            found.setdefault(made.caller_key, made)
        if len(found) > MOST_NUMBERS:
            raise FieldError("number", "too_many", given[:40])
        return tuple(found.values())

    def _with_zero(self, given: str, listed: Container[str]) -> CustomerNumber | None:
        """Return the listed number from which a table program took the leading 0; None where there is none.

        Such a program reads 09012345678 as a number, and saves 9012345678.
        """
        digits = unicodedata.normalize("NFKC", given)
        if not _WITHOUT_ZERO.fullmatch(digits) or self.one(digits).caller_key in listed:
            return None
        found = self.one(f"0{digits}")
        return found if found.caller_key in listed else None
