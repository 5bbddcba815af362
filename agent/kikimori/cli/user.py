"""`kikimori user`: the people of the office."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config
from kikimori.cli.people_store import author, table_row, with_store, write_with_store
from kikimori.cli.terminal import say_both, show, worded
from kikimori.cli.user_access import add_actions
from kikimori.errors import KikimoriError
from kikimori_core.messages import both, text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.people.person import Person
    from kikimori_records.store import Store

FIELDS = ("name", "login", "roles", "extensions", "telephone", "team", "queue", "seat_row", "seat_column")


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("user")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    add = actions.add_parser("add")
    add.add_argument("name", metavar="NAME")
    add.add_argument("--login", default="")
    _add_fields(add)
    add.set_defaults(run=run_add)

    change = actions.add_parser("change")
    change.add_argument("who", metavar="WHO")
    change.add_argument("--name")
    change.add_argument("--login")
    _add_fields(change)
    change.set_defaults(run=run_change)

    role = actions.add_parser("role")
    role.add_argument("who", metavar="WHO")
    role.add_argument("--add", metavar="ROLES", default="")
    role.add_argument("--remove", metavar="ROLES", default="")
    role.set_defaults(run=run_role)

    disable = actions.add_parser("disable")
    disable.add_argument("who", metavar="WHO")
    disable.add_argument("--undo", action="store_true")
    disable.set_defaults(run=run_disable)

    listed = actions.add_parser("list")
    listed.add_argument("--all", action="store_true")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_list)

    imported = actions.add_parser("import")
    imported.add_argument("file", type=Path, metavar="FILE")
    imported.add_argument("--dry-run", action="store_true")
    imported.set_defaults(run=run_import)

    export = actions.add_parser("export")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--encoding", choices=["utf-8-sig", "utf-8", "cp932"], default="utf-8-sig")
    export.add_argument("--all", action="store_true")
    export.set_defaults(run=run_export)

    ways_in = add_actions(actions, _find)
    for each in (add, change, role, disable, listed, imported, export, *ways_in):
        add_config(each)


def _add_fields(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--role", dest="roles", metavar="ROLES")
    parser.add_argument("--extension", dest="extensions", metavar="NUMBERS")
    parser.add_argument("--telephone", metavar="NUMBER")
    parser.add_argument("--team")
    parser.add_argument("--queue")
    parser.add_argument("--seat-row", metavar="N")
    parser.add_argument("--seat-column", metavar="N")


def run_add(args: argparse.Namespace) -> int:
    from kikimori_records.people.changes import add_person  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.people.person import NewPerson  # noqa: PLC0415

    values = _values(args)
    new = NewPerson(**values)

    async def add(store: Store, _settings: DashboardSettings) -> Person:
        return await add_person(store, new, author("user add"))

    person = with_store(args, add)
    roles = ", ".join(sorted(person.roles)) or text("user_no_role_yet")
    show(text("user_added", person=_title(person), roles=roles))
    _warn(person)
    return 0


def run_change(args: argparse.Namespace) -> int:
    values = _values(args)
    if not values:
        raise KikimoriError.of("user_nothing_to_change")
    return _changed(args, values, None, "user change")


def run_role(args: argparse.Namespace) -> int:
    from kikimori_records.people import fields  # noqa: PLC0415  (see cli/up.py)

    added, removed = _read("roles", fields.roles, args.add), _read("roles", fields.roles, args.remove)
    if not added and not removed:
        raise KikimoriError.of("user_no_role")

    async def change(store: Store, _settings: DashboardSettings) -> Person:
        from kikimori_records.people.changes import change_person  # noqa: PLC0415

        person = await _find(store, args.who)
        roles = (person.roles | added) - removed
        return await change_person(store, person.id, {"roles": roles}, author("user role"))

    person = with_store(args, change)
    roles = ", ".join(sorted(person.roles)) or text("user_has_no_role")
    show(text("user_roles", person=_title(person), roles=roles))
    _warn(person)
    return 0


def run_disable(args: argparse.Namespace) -> int:
    return _changed(args, {}, not args.undo, "user disable")


def _changed(args: argparse.Namespace, values: dict[str, Any], disabled: bool | None, command: str) -> int:
    async def change(store: Store, _settings: DashboardSettings) -> Person:
        from kikimori_records.people.changes import change_person  # noqa: PLC0415  (see cli/up.py)

        person = await _find(store, args.who)
        return await change_person(store, person.id, values, author(command), disabled=disabled)

    person = with_store(args, change)
    show(text("user_is_disabled" if person.disabled_at else "user_as_given", person=_title(person)))
    _warn(person)
    return 0


def run_list(args: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415  (see cli/up.py)
    from rich.table import Table  # noqa: PLC0415

    people = with_store(args, lambda store, _settings: _everybody(store, disabled=args.all))
    if args.json:
        print(json.dumps([_object(each) for each in people], ensure_ascii=False, indent=1))
        return 0
    if not people:
        say_both(both("user_nobody"))
        return 0
    headings = ("name", "login", "roles", "extensions", "team", "seat", "telephone")
    table = Table(*map(worded, headings), box=None)
    for each in people:
        seat = "" if each.seat_row is None else f"{each.seat_row}-{each.seat_column or ''}"
        name = worded(text("user_disabled_mark", person=each.name)) if each.disabled_at else each.name
        cells = (name, each.login, " ".join(sorted(each.roles)), " ".join(sorted(each.extensions)), each.team)
        table.add_row(*table_row(*cells, seat, each.telephone))
    # A name like "[/b]" is no markup.
    Console(markup=False, width=None if sys.stdout.isatty() else 200).print(table)
    return 0


def run_import(args: argparse.Namespace) -> int:
    from kikimori_records.people.changes import import_people  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.people.csv_file import read_csv  # noqa: PLC0415
    from kikimori_records.people.plan import ImportPlan, plan_import, sentence  # noqa: PLC0415

    rows = read_csv(args.file.read_bytes())

    async def run(store: Store, _settings: DashboardSettings) -> ImportPlan:
        plan = plan_import(await _everybody(store, disabled=True), rows)
        if not args.dry_run:
            await import_people(store, plan, author("user import"))
        return plan

    plan = with_store(args, run)
    for each in (*plan.add, *plan.change):
        show(sentence(each))
    code = "user_would_be_imported" if args.dry_run else "user_imported"
    show(text(code, added=len(plan.add), changed=len(plan.change), unchanged=plan.unchanged))
    return 0


def run_export(args: argparse.Namespace) -> int:
    async def write(store: Store, settings: DashboardSettings) -> bytes:
        from kikimori_records.audit.log import append  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.people.csv_file import write_csv  # noqa: PLC0415

        people = await _everybody(store, disabled=args.all)
        content = write_csv(people, settings.language, args.encoding)
        entry = author("user export").entry("person.export", "person", "", count=len(people))
        await append(store, entry)
        return content

    write_with_store(args, write)
    return 0


async def _everybody(store: Store, *, disabled: bool) -> Sequence[Person]:
    from kikimori_records.people.queries import list_people  # noqa: PLC0415  (see cli/up.py)

    return await list_people(store, disabled=disabled)


async def _find(store: Store, who: str) -> Person:
    """Return the person that somebody means; raises KikimoriError."""
    from kikimori_records.people.person import plain_login  # noqa: PLC0415  (see cli/up.py)

    people = await _everybody(store, disabled=True)
    login = plain_login(who)
    found = [each for each in people if who == each.id or login == each.login]
    found = found or [each for each in people if each.name == who.strip()]
    if len(found) == 1:
        return found[0]
    if found:
        ids = ", ".join(each.id for each in found)
        raise KikimoriError.of("user_ambiguous", count=len(found), who=repr(who), ids=ids)
    raise KikimoriError.of("user_unknown", who=repr(who))


def _values(args: argparse.Namespace) -> dict[str, Any]:
    """Return the columns that were given, read and checked; raises KikimoriError."""
    from kikimori_records.people.fields import READERS  # noqa: PLC0415  (see cli/up.py)

    return {
        column: _read(column, READERS[column], given)
        for column in FIELDS
        if (given := getattr(args, column, None)) is not None
    }


def _read(column: str, read: Any, given: str) -> Any:
    from kikimori_records.people.fields import FieldError  # noqa: PLC0415  (see cli/up.py)

    try:
        return read(given)
    except FieldError as error:
        option = {"roles": "role", "extensions": "extension"}.get(column, column).replace("_", "-")
        raise KikimoriError.of("user_option_wrong", option=option, error=error) from None


def _warn(person: Person) -> None:
    from kikimori.control.targets import is_short  # noqa: PLC0415  (see cli/up.py)

    if person.telephone and person.roles & {"supervisor", "admin"} and not is_short(person.telephone):
        say_both(both("user_not_rung", number=person.telephone))


def _title(person: Person) -> str:
    return f"{person.name} ({person.login})" if person.login else person.name


def _object(person: Person) -> dict[str, Any]:
    return {
        "id": person.id,
        **{column: _plain(getattr(person, column)) for column in FIELDS},
        "disabled_at": person.disabled_at.isoformat() if person.disabled_at else None,
        "has_password": person.password_hash is not None,
        "has_factor": person.totp_secret is not None,
    }


def _plain(value: Any) -> Any:
    return sorted(value) if isinstance(value, frozenset) else value
