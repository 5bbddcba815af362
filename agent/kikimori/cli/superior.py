"""`kikimori superior`: to whom calls are transferred, in which order and at which hours."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config
from kikimori.cli.people_store import author, table_row, with_store
from kikimori.cli.terminal import say
from kikimori.errors import KikimoriError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from kikimori_core.wire.opening_hours import Hours
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.people.superiors import SuperiorRow
    from kikimori_records.store import Store

HOURS = 'e.g. "mon-fri 09:00-12:00 13:00-18:00; sat 10:00-12:00", or with 月 to 日; an empty text = always'


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
    print(f"added {added.name} ({added.number}) in place {added.position}")
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
        raise KikimoriError("nothing to change was given", next_step="kikimori superior change --help")

    async def change(store: Store, _settings: DashboardSettings) -> SuperiorRow:
        found = _find(await _all(store), args.which)
        return await change_superior(store, found.id, author("superior change"), **values)

    changed = with_store(args, change)
    print(f"{changed.name} ({changed.number}) is as given")
    _warn(changed.number)
    return 0


def run_remove(args: argparse.Namespace) -> int:
    async def remove(store: Store, _settings: DashboardSettings) -> SuperiorRow:
        from kikimori_records.people.superiors import remove_superior  # noqa: PLC0415  (see cli/up.py)

        found = _find(await _all(store), args.which)
        await remove_superior(store, found.id, author("superior remove"))
        return found

    removed = with_store(args, remove)
    print(f"removed {removed.name} ({removed.number})")
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
    if len(found) != 1:
        raise KikimoriError(
            f"{len(found) or 'no'} superiors are {which!r}",
            next_step="`kikimori superior list --json` has the ids",
        )
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
        say(
            'no superior is in the directory: transfers go to [pbx] superior\n  next: kikimori superior add "課長 木村" 200'
        )
        return
    table = Table("", "name", "number", "hours", "now", box=None)
    for row in found:
        state = "off" if not row.enabled else "open" if row.is_open(now) else "closed"
        table.add_row(
            *table_row(row.position, row.name, row.number, hours_text(row.hours, "en") or "always", state)
        )
    # A name like "[/b]" is no markup.
    Console(markup=False).print(table)


def _checked(read: Any, text: str) -> Any:
    from kikimori_records.people.fields import FieldError  # noqa: PLC0415  (see cli/up.py)

    try:
        return read(text)
    except FieldError as error:
        raise KikimoriError(str(error), next_step="kikimori superior add --help") from None


def _number(text: str) -> str:
    from kikimori_records.people import fields  # noqa: PLC0415  (see cli/up.py)

    found: str | None = _checked(lambda given: fields.telephone(given, "number"), text)
    if found is None:
        raise KikimoriError("the number is empty", next_step="write the extension or queue to dial, e.g. 200")
    return found


def _hours(text: str) -> Hours:
    from kikimori_core.wire.opening_hours import BadHoursError, read_hours  # noqa: PLC0415  (see cli/up.py)

    try:
        return read_hours(text)
    except BadHoursError as error:
        raise KikimoriError(f"--hours: {error}", next_step=HOURS) from None


def _warn(number: str) -> None:
    from kikimori.control.targets import is_short  # noqa: PLC0415  (see cli/up.py)

    if not is_short(number):
        say(
            f"note: {number} may lead out of the house: each agent rings it only where its own file names it\n"
            "  next: [[control.outside]] in kikimori.toml of the agent"
        )
