"""Plan of an import of customers: what a file would add and change. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from kikimori_core.messages import joined, text
from kikimori_records.callers.customer import COLUMNS, Customer, CustomerNumber
from kikimori_records.csv_table import BadCsvError, CsvFault
from kikimori_records.people.fields import FieldError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kikimori_records.callers.fields import NumberReader
    from kikimori_records.csv_table import CsvRow


@dataclass(frozen=True, slots=True)
class CustomerToAdd:
    """A customer that a file would add."""

    values: dict[str, str | None]
    numbers: tuple[CustomerNumber, ...]


@dataclass(frozen=True, slots=True)
class CustomerToChange:
    """A customer that a file would change."""

    customer: Customer
    values: dict[str, str | None]
    """New values, by column."""
    joined: tuple[CustomerNumber, ...]
    parted: tuple[str, ...]
    """Keys of numbers that the file does not name any more."""

    @property
    def differences(self) -> dict[str, tuple[Any, Any]]:
        """Return old and new value by column; numbers as sorted lists."""
        found: dict[str, tuple[Any, Any]] = {
            name: (getattr(self.customer, name), value) for name, value in self.values.items()
        }
        if self.joined or self.parted:
            kept = [each for each in self.customer.numbers if each.caller_key not in self.parted]
            before = sorted(each.number for each in self.customer.numbers)
            found["number"] = (before, sorted(each.number for each in (*kept, *self.joined)))
        return found


@dataclass(frozen=True, slots=True)
class CustomerImport:
    """Changes that a file would make."""

    add: tuple[CustomerToAdd, ...]
    change: tuple[CustomerToChange, ...]
    confirmed: tuple[str, ...]
    """Ids of customers of whom the file says what is known already."""


def plan_customers(
    known: Sequence[Customer], rows: Iterable[CsvRow], numbers: NumberReader
) -> CustomerImport:
    """Compare a file with the list; raises BadCsvError with every fault.

    A customer is found by `id`, else by one of the numbers. A column that is there replaces what is known, numbers too; who is
    not in the file stays as is.
    """
    plan = _Planning(known, numbers)
    for row in rows:
        plan.take(row)
    return plan.made()


def sentence(plan: CustomerToAdd | CustomerToChange) -> str:
    """Return one line about what would be done, for the terminal."""
    if isinstance(plan, CustomerToAdd):
        return text("plan_add_plain", person=plan.values["name"])
    changes = [
        text("plan_change", column=column, old=_worded(old), new=_worded(new))
        for column, (old, new) in plan.differences.items()
    ]
    return text("plan_change_person", person=plan.customer.name, changes=joined(changes))


def _worded(value: str | list[str] | None) -> str:
    if isinstance(value, list):
        return " ".join(value) or text("none")
    return value or text("none")


class _Planning:
    def __init__(self, known: Sequence[Customer], numbers: NumberReader) -> None:
        self._by_id = {each.id: each for each in known}
        self._by_key = {key: each for each in known for key in each.keys}
        self._numbers = numbers
        self._met: dict[str, int] = {}
        """Lines of customers' ids and of numbers."""
        self._faults: list[CsvFault] = []
        self._add: list[CustomerToAdd] = []
        self._change: list[CustomerToChange] = []
        self._confirmed: list[str] = []

    def take(self, row: CsvRow) -> None:
        try:
            self._take(row)
        except FieldError as error:
            self._faults.append(CsvFault(row.line, error.args[0]))
        except LookupError as error:
            self._faults.append(CsvFault(row.line, error.args[0]))

    def made(self) -> CustomerImport:
        freed = {key for each in self._change for key in each.parted}
        news = [each for added in self._add for each in added.numbers]
        news += [each for changed in self._change for each in changed.joined]
        for each in news:
            if each.caller_key in self._by_key and each.caller_key not in freed:
                reason = text("customer_number_taken", number=each.number)
                self._faults.append(CsvFault(self._met[each.caller_key], reason))
        if self._faults:
            raise BadCsvError(sorted(self._faults, key=lambda each: each.line))
        return CustomerImport(tuple(self._add), tuple(self._change), tuple(self._confirmed))

    def _take(self, row: CsvRow) -> None:
        customer = self._by_id.get(str(row.values.get("id") or ""))
        if row.values.get("id") and customer is None:
            raise LookupError(text("customer_no_such_id", key=repr(row.values["id"])))
        given = row.values.get("number")
        mine = customer.numbers if customer else ()
        numbers = () if given is None else self._numbers.several(str(given), mine, self._by_key)
        customer = customer or self._by_numbers(numbers)
        for name in [*(each.caller_key for each in numbers), *([customer.id] if customer else [])]:
            if name in self._met:
                raise LookupError(text("customer_twice", line=self._met[name]))
            self._met[name] = row.line
        values = {name: row.values[name] for name in COLUMNS if name in row.values}
        if customer is None:
            self._new(values, numbers)
        else:
            self._known(customer, values, numbers if given is not None else None)

    def _by_numbers(self, numbers: tuple[CustomerNumber, ...]) -> Customer | None:
        found = {
            each.id: each for number in numbers if (each := self._by_key.get(number.caller_key)) is not None
        }
        if len(found) > 1:
            raise LookupError(text("customer_numbers_of_several"))
        return next(iter(found.values()), None)

    def _new(self, values: Mapping[str, Any], numbers: tuple[CustomerNumber, ...]) -> None:
        if not values.get("name") or not numbers:
            raise LookupError(text("customer_incomplete"))
        self._add.append(CustomerToAdd(dict(values), numbers))

    def _known(
        self, customer: Customer, values: Mapping[str, Any], numbers: tuple[CustomerNumber, ...] | None
    ) -> None:
        news = {name: value for name, value in values.items() if getattr(customer, name) != value}
        joined: tuple[CustomerNumber, ...] = ()
        parted: tuple[str, ...] = ()
        if numbers:  # an empty cell leaves the numbers alone: a customer without one would never be met again
            keys = {each.caller_key for each in numbers}
            joined = tuple(each for each in numbers if each.caller_key not in customer.keys)
            parted = tuple(each for each in customer.keys if each not in keys)
        if news or joined or parted:
            self._change.append(CustomerToChange(customer, news, joined, parted))
        else:
            self._confirmed.append(customer.id)
