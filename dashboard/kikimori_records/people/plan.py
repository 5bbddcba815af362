"""Plan of changes of people: from a file or a form to what would be added and changed. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from kikimori_core.messages import joined, text
from kikimori_records.people.csv_file import BadCsvError, CsvFault
from kikimori_records.people.person import NewPerson, Person

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from kikimori_records.people.csv_file import CsvRow

PLAIN = (
    "name",
    "login",
    "roles",
    "extensions",
    "telephone",
    "team",
    "queue",
    "seat_row",
    "seat_column",
)
"""Columns that people change directly; the others have commands of their own."""

Differences = dict[str, tuple[Any, Any]]
"""Old and new value by column, as they stand in the audit: sets as sorted lists."""


@dataclass(frozen=True, slots=True)
class PersonPlan:
    """One person to add or to change."""

    person: Person | None
    """None = to be added."""
    new: NewPerson | None
    values: dict[str, Any] = field(default_factory=dict)
    """New values, by column."""
    disabled: bool | None = None
    """True = the person is to be disabled, False = enabled; None = as now."""
    differences: Differences = field(default_factory=dict)

    @property
    def title(self) -> str:
        found = self.person or self.new
        assert found is not None  # noqa: S101  (one of the two)
        return f"{found.name} ({found.login})" if found.login else found.name


@dataclass(frozen=True, slots=True)
class ImportPlan:
    """Changes that a file would make."""

    add: tuple[PersonPlan, ...]
    change: tuple[PersonPlan, ...]
    unchanged: int


def differences(person: Person, values: Mapping[str, Any]) -> Differences:
    """Return the columns that would change, with old and new value."""
    return {
        column: (_said(getattr(person, column)), _said(value))
        for column, value in values.items()
        if getattr(person, column) != value
    }


def first_values(new: NewPerson) -> Differences:
    """Return what a new person is given, as `differences` does."""
    return {
        each.name: (None, _said(getattr(new, each.name)))
        for each in fields(new)
        if each.name in PLAIN and getattr(new, each.name) not in (None, frozenset())
    }


def plan_import(known: Sequence[Person], rows: Iterable[CsvRow]) -> ImportPlan:
    """Compare a file with everybody there is, the disabled too; raises BadCsvError with every fault.

    A person is found by `id`, else by login, else by a name that one person alone has. Who is not in the file stays as is.
    """
    faults: list[CsvFault] = []
    add: list[PersonPlan] = []
    change: list[PersonPlan] = []
    unchanged = 0
    met: dict[object, int] = {}
    logins = {each.login: each.id for each in known if each.login is not None}
    for row in rows:
        try:
            person = _found(known, row.values)
            key = person.id if person else row.values.get("login") or row.values.get("name")
            if key in met:
                raise LookupError(text("csv_same_person", line=met[key]))  # noqa: TRY301
            met[key] = row.line
            plan = _planned(person, row.values)
            _claim_login(logins, plan)
        except LookupError as error:
            faults.append(CsvFault(row.line, error.args[0]))
            continue
        if plan.person is None:
            add.append(plan)
        elif plan.differences:
            change.append(plan)
        else:
            unchanged += 1
    if faults:
        raise BadCsvError(faults)
    return ImportPlan(tuple(add), tuple(change), unchanged)


def _found(known: Sequence[Person], values: Mapping[str, Any]) -> Person | None:
    """Return the person that a line is about, None for a new one; raises LookupError."""
    if values.get("id"):
        found = next((each for each in known if each.id == values["id"]), None)
        if found is None:
            raise LookupError(text("csv_no_such_id", key=repr(values["id"])))
        return found
    if values.get("login"):
        return next((each for each in known if each.login == values["login"]), None)
    named = [each for each in known if each.name == values.get("name")]
    if len(named) > 1:
        raise LookupError(
            text("csv_ambiguous", count=len(named), person=values.get("name"), header="ログイン")
        )
    return named[0] if named else None


def _planned(person: Person | None, values: Mapping[str, Any]) -> PersonPlan:
    plain = {column: value for column, value in values.items() if column in PLAIN}
    disabled = values.get("disabled")
    if person is None:
        if not plain.get("name"):
            raise LookupError(text("csv_no_name", header="氏名"))
        if disabled:
            raise LookupError(text("csv_new_disabled"))
        new = NewPerson(**plain)
        return PersonPlan(None, new, differences=first_values(new))
    if "login" in plain and plain["login"] is None and values.get("id") is None:
        # A line that names nobody's login says nothing about it.
        del plain["login"]
    changed = differences(person, plain)
    was = person.disabled_at is not None
    if disabled is not None and disabled != was:
        changed["disabled"] = (was, disabled)
    else:
        disabled = None
    return PersonPlan(
        person, None, {each: plain[each] for each in changed if each in plain}, disabled, changed
    )


def _claim_login(logins: dict[str, str], plan: PersonPlan) -> None:
    """Note a login; raises LookupError when another person has it. Exchanging two logins takes two files."""
    wanted = plan.new.login if plan.new else plan.values.get("login")
    owner = plan.person.id if plan.person else ""
    if wanted is None:
        return
    if logins.get(wanted, owner) != owner or (not owner and wanted in logins):
        raise LookupError(text("login_taken", login=wanted))
    logins[wanted] = owner or f"new {wanted}"


def _said(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value


def sentence(plan: PersonPlan) -> str:
    """Return one line about what would be done, for the terminal."""
    changes = {
        column: text("plan_value" if plan.person is None else "plan_change", column=column, **_both(pair))
        for column, pair in plan.differences.items()
        if plan.person is not None or column != "name"
    }
    if not changes:
        return text("plan_add_plain", person=plan.title)
    code = "plan_add" if plan.person is None else "plan_change_person"
    return text(code, person=plan.title, changes=joined(changes.values()))


def _both(pair: tuple[Any, Any]) -> dict[str, str]:
    return dict(zip(("old", "new"), map(_worded, pair), strict=True))


def _worded(value: Any) -> str:
    match value:
        case None | []:
            return text("none")
        case list():
            return " ".join(value)
        case bool():
            return text("yes" if value else "no")
        case _:
            return str(value)
