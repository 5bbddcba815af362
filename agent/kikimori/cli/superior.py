"""`kikimori superior`: to whom calls are transferred, in which order and at which hours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config
from kikimori.cli.people_store import author, table_row, with_store
from kikimori.cli.terminal import language, say_both, show, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import both, text

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from kikimori_core.wire.opening_hours import Hours
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.people.superiors import SuperiorRow
    from kikimori_records.store import Store


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("superior")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    listed = actions.add_parser("list")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_list)

    add = actions.add_parser("add")
    add.add_argument("name", metavar="NAME")
    add.add_argument("number", metavar="NUMBER")
    add.add_argument("--hours", default="")
    add.set_defaults(run=run_add)

    change = actions.add_parser("change")
    change.add_argument("which", metavar="WHICH")
    change.add_argument("--name")
    change.add_argument("--number")
    change.add_argument("--hours")
    absent = change.add_mutually_exclusive_group()
    absent.add_argument("--off", action="store_true")
    absent.add_argument("--on", action="store_true")
    change.set_defaults(run=run_change)

    remove = actions.add_parser("remove")
    remove.add_argument("which", metavar="WHICH")
    remove.set_defaults(run=run_remove)

    order = actions.add_parser("order")
    order.add_argument("which", metavar="WHICH", nargs="+")
    order.set_defaults(run=run_order)

    for each in (listed, add, change, remove, order):
        add_config(each)


def run_list(args: argparse.Namespace) -> int:
    async def read(store: Store, settings: DashboardSettings) -> tuple[Sequence[SuperiorRow], str]:
        return await _all(store), settings.time_zone

    found, zone = with_store(args, read)
    _show(found, zone, as_json=args.json)
    return 0


def run_add(args: argparse.Namespace) -> int:
    from kikimori_records.people import fields  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.people.superiors import add_superior  # noqa: PLC0415

    name, number, hours = _checked(fields.name, args.name), _number(args.number), _hours(args.hours)
    added = with_store(
        args, lambda store, _: add_superior(store, name, number, author("superior add"), hours=hours)
    )
    show(text("superior_added", superior=added.name, number=added.number, position=added.position))
    _warn(number)
    return 0


def run_change(args: argparse.Namespace) -> int:
    from kikimori_records.people import fields  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.people.superiors import change_superior  # noqa: PLC0415

    values: dict[str, Any] = {}
    if args.name is not None:
        values["name"] = _checked(fields.name, args.name)
    if args.number is not None:
        values["number"] = _number(args.number)
    if args.hours is not None:
        values["hours"] = _hours(args.hours)
    if args.off or args.on:
        values["enabled"] = args.on
    if not values:
        raise KikimoriError.of("superior_nothing_to_change")

    async def change(store: Store, _settings: DashboardSettings) -> SuperiorRow:
        found = _find(await _all(store), args.which)
        return await change_superior(store, found.id, author("superior change"), **values)

    changed = with_store(args, change)
    show(text("superior_as_given", superior=changed.name, number=changed.number))
    _warn(changed.number)
    return 0


def run_remove(args: argparse.Namespace) -> int:
    async def remove(store: Store, _settings: DashboardSettings) -> SuperiorRow:
        from kikimori_records.people.superiors import remove_superior  # noqa: PLC0415  (see cli/up.py)

        found = _find(await _all(store), args.which)
        await remove_superior(store, found.id, author("superior remove"))
        return found

    removed = with_store(args, remove)
    show(text("superior_removed", superior=removed.name, number=removed.number))
    return 0


def run_order(args: argparse.Namespace) -> int:
    async def order(store: Store, settings: DashboardSettings) -> tuple[Sequence[SuperiorRow], str]:
        from kikimori_records.people.superiors import order_superiors  # noqa: PLC0415  (see cli/up.py)

        known = await _all(store)
        ids = [_find(known, each).id for each in args.which]
        return await order_superiors(store, ids, author("superior order")), settings.time_zone

    found, zone = with_store(args, order)
    _show(found, zone, as_json=False)
    return 0


async def _all(store: Store) -> Sequence[SuperiorRow]:
    from kikimori_records.people.superiors import list_superiors  # noqa: PLC0415  (see cli/up.py)

    return await list_superiors(store, disabled=True)


def _find(known: Sequence[SuperiorRow], which: str) -> SuperiorRow:
    """Return the superior that somebody means; raises KikimoriError."""
    found = [each for each in known if which in (each.id, each.number)]
    found = found or [each for each in known if which == str(each.position)]
    if not found:
        raise KikimoriError.of("superior_unknown", superior=repr(which))
    if len(found) > 1:
        raise KikimoriError.of("superior_ambiguous", count=len(found), superior=repr(which))
    return found[0]


def _show(found: Sequence[SuperiorRow], zone: str, *, as_json: bool) -> None:
    from rich.console import Console  # noqa: PLC0415  (see cli/up.py)
    from rich.table import Table  # noqa: PLC0415

    from kikimori_core.wire.directory import zone_of  # noqa: PLC0415
    from kikimori_core.wire.opening_hours import hours_text  # noqa: PLC0415

    now = datetime.now(UTC).astimezone(zone_of(zone))
    if as_json:
        rows = [
            {
                **{
                    each: getattr(row, each)
                    for each in ("id", "position", "name", "number", "hours", "enabled")
                },
                "open_now": row.enabled and row.is_open(now),
            }
            for row in found
        ]
        print(json.dumps(rows, ensure_ascii=False, indent=1))
        return
    if not found:
        say_both(both("superior_none", superior="課長 木村"))
        return
    table = Table("", *map(worded, ("name", "number", "hours", "now")), box=None)
    for row in found:
        state = "off" if not row.enabled else "open" if row.is_open(now) else "closed"
        hours = hours_text(row.hours, language()) or worded("always")
        table.add_row(*table_row(row.position, row.name, row.number, hours, worded(state)))
    # A name like "[/b]" is no markup.
    Console(markup=False).print(table)


def _checked(read: Any, given: str) -> Any:
    from kikimori_records.people.fields import FieldError  # noqa: PLC0415  (see cli/up.py)

    try:
        return read(given)
    except FieldError as error:
        raise KikimoriError(error.args[0], next_step="kikimori superior add --help") from None


def _number(given: str) -> str:
    from kikimori_records.people import fields  # noqa: PLC0415  (see cli/up.py)

    found: str | None = _checked(lambda each: fields.telephone(each, "number"), given)
    if found is None:
        raise KikimoriError.of("superior_no_number")
    return found


def _hours(given: str) -> Hours:
    from kikimori_core.wire.opening_hours import BadHoursError, read_hours  # noqa: PLC0415  (see cli/up.py)

    try:
        return read_hours(given)
    except BadHoursError as error:
        raise KikimoriError.of("superior_hours_wrong", error=error, first="月", last="日") from None


def _warn(number: str) -> None:
    from kikimori.control.targets import is_short  # noqa: PLC0415  (see cli/up.py)

    if not is_short(number):
        say_both(both("superior_outside", number=number))
