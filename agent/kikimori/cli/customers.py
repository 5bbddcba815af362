"""`kikimori customers`: the list of customers, by CSV."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config
from kikimori.cli.people_store import author, table_row, with_store, write_with_store
from kikimori.cli.terminal import say_both, show, worded
from kikimori_core.messages import both, text

if TYPE_CHECKING:
    import argparse

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.callers.customer import Customer
    from kikimori_records.callers.plan import CustomerImport
    from kikimori_records.store import Store


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("customers")
    actions = parser.add_subparsers(required=True, metavar="ACTION")
    listed = actions.add_parser("list")
    listed.add_argument("--json", action="store_true")
    listed.set_defaults(run=run_list)

    imported = actions.add_parser("import")
    imported.add_argument("file", type=Path, metavar="FILE")
    imported.add_argument("--dry-run", action="store_true")
    imported.add_argument("--json", action="store_true")
    imported.set_defaults(run=run_import)

    export = actions.add_parser("export")
    export.add_argument("file", type=Path, metavar="FILE")
    export.add_argument("--encoding", choices=["utf-8-sig", "utf-8", "cp932"], default="utf-8-sig")
    export.set_defaults(run=run_export)
    for each in (listed, imported, export):
        add_config(each)


def run_list(args: argparse.Namespace) -> int:
    from rich.console import Console  # noqa: PLC0415  (see cli/up.py)
    from rich.table import Table  # noqa: PLC0415

    customers = with_store(args, lambda store, _settings: _everybody(store))
    if args.json:
        print(json.dumps([_object(each) for each in customers], ensure_ascii=False, indent=1))
        return 0
    if not customers:
        say_both(both("customers_none"))
        return 0
    table = Table(*map(worded, ("name", "numbers", "contract", "in_charge", "manner")), box=None)
    for each in customers:
        numbers = " ".join(number.number for number in each.numbers)
        table.add_row(*table_row(each.name, numbers, each.contract, each.in_charge, each.manner))
    # A name like "[/b]" is no markup.
    Console(markup=False, width=None if sys.stdout.isatty() else 200).print(table)
    return 0


def run_import(args: argparse.Namespace) -> int:
    from kikimori_records.callers.changes import import_customers  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.callers.csv_file import read_customers  # noqa: PLC0415
    from kikimori_records.callers.fields import NumberReader  # noqa: PLC0415
    from kikimori_records.callers.key import office_pseudonyms  # noqa: PLC0415
    from kikimori_records.callers.plan import plan_customers, sentence  # noqa: PLC0415
    from kikimori_records.folder import records_folder  # noqa: PLC0415

    rows = read_customers(args.file.read_bytes())

    async def run(store: Store, settings: DashboardSettings) -> CustomerImport:
        folder = records_folder(settings.records, store.settings)
        numbers = NumberReader(await office_pseudonyms(store, folder), mask=settings.recording.mask_numbers)
        plan = plan_customers(await _everybody(store), rows, numbers)
        if not args.dry_run:
            await import_customers(store, plan, author("customers import"))
        return plan

    plan = with_store(args, run)
    counts = {"added": len(plan.add), "changed": len(plan.change), "unchanged": len(plan.confirmed)}
    if args.json:
        changes = [{"id": each.customer.id, "changed": each.differences} for each in plan.change]
        print(json.dumps({"dry_run": args.dry_run, **counts, "changes": changes}, ensure_ascii=False))
        return 0
    for said in (*map(sentence, plan.add), *map(sentence, plan.change)):
        show(said)
    show(text("customers_would_be_imported" if args.dry_run else "customers_imported", **counts))
    return 0


def run_export(args: argparse.Namespace) -> int:
    async def write(store: Store, settings: DashboardSettings) -> bytes:
        from kikimori_records.audit.log import append  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.callers.csv_file import write_customers  # noqa: PLC0415

        customers = await _everybody(store)
        content = write_customers(customers, settings.language, args.encoding)
        entry = author("customers export").entry("customer.export", "customer", "", count=len(customers))
        await append(store, entry)
        return content

    write_with_store(args, write)
    return 0


async def _everybody(store: Store) -> list[Customer]:
    from kikimori_records.callers.queries import list_customers  # noqa: PLC0415  (see cli/up.py)

    async with store.read() as connection:
        return await list_customers(connection)


def _object(customer: Customer) -> dict[str, Any]:
    return {
        "id": customer.id,
        "name": customer.name,
        "numbers": [each.number for each in customer.numbers],
        "contract": customer.contract,
        "in_charge": customer.in_charge,
        "manner": customer.manner,
        "changed_at": customer.changed_at.isoformat(),
    }
