"""`kikimori records verify`, `days`, `proof`: whether the record is what it was, and a call with its proof."""

from __future__ import annotations

import argparse
import json
import os
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config, dashboard_settings
from kikimori.cli.people_store import author, with_store
from kikimori.cli.terminal import say, show
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.proof.accounts import DayAccounts
    from kikimori_records.proof.findings import RecordFinding, RecordReport
    from kikimori_records.proof.queries import KeptAnchor
    from kikimori_records.proof.trees import ClosedTree
    from kikimori_records.store import Store


def add_actions(actions: Any) -> None:
    """Add the actions to those of `kikimori records`."""
    verify = actions.add_parser("verify")
    verify.add_argument("--day", metavar="DATE", type=_day)
    verify.add_argument("--head", metavar="HEX", nargs="+", action="extend", default=[])
    verify.set_defaults(run=run_verify)

    days = actions.add_parser("days")
    days.add_argument("--day", metavar="DATE", type=_day)
    days.add_argument("--last", metavar="N", type=int, default=14)
    days.set_defaults(run=run_days)

    proof = actions.add_parser("proof")
    proof.add_argument("uid", metavar="UID")
    proof.add_argument("--to", metavar="FOLDER", type=Path, required=True)
    proof.set_defaults(run=run_proof)

    for each in (verify, days, proof):
        each.add_argument("--json", action="store_true")
        add_config(each, argparse.SUPPRESS)


def run_verify(args: argparse.Namespace) -> int:
    async def work(store: Store, settings: DashboardSettings) -> RecordReport:
        from kikimori_records.folder import records_folder  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.proof.checking import check_record  # noqa: PLC0415

        folder, anchors = records_folder(settings.records, store.settings), settings.records.anchors
        heads = _heads(args.head)
        return await check_record(store, folder, anchors, day=args.day, heads=heads)

    report = with_store(args, work)
    if args.json:
        print(json.dumps(report.fields(), ensure_ascii=False))
    else:
        _show_report(report)
    return 1 if report.findings else 0


def _heads(given: list[str]) -> list[str]:
    """Return heads as they were typed: whole, or in the groups of 8 digits in which they are printed."""
    digits = "".join(each.replace(" ", "") for each in given)
    return [digits[at : at + 64] for at in range(0, len(digits), 64)]


def _show_report(report: RecordReport) -> None:
    for each in report.stretches:
        places = ", ".join(each.places)
        said = {"first": each.first_day, "last": each.last_day, "trees": each.trees, "places": places}
        show(text(f"record_stretch.{each.standing}", **said))
    for found in report.findings:
        show(_finding(found))
    counts = {name: getattr(report, name) for name in ("calls", "whole", "erased", "expired", "waiting")}
    show(text("record_counts", **counts))
    if report.erased and not report.findings:
        show(text("record_erased_intact", erased=report.erased))
    show(text("record_changed", count=len(report.findings)) if report.findings else text("record_unchanged"))


def _finding(found: RecordFinding) -> str:
    where = " ".join(str(each) for each in (found.day, found.uid, found.what) if each is not None)
    number = "" if found.number is None else str(found.number)
    return text(f"record_fault.{found.code}", where=where, number=number)


def run_days(args: argparse.Namespace) -> int:
    async def work(store: Store, _settings: DashboardSettings) -> tuple[list[ClosedTree], list[DayAccounts]]:
        from kikimori_records.proof import queries  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.proof.accounts import accounts_since  # noqa: PLC0415

        async with store.read() as connection:
            trees = await queries.trees(connection)
            return trees, await accounts_since(connection, "")

    trees, accounts = with_store(args, work)
    wanted = sorted({each.day for each in trees} | {each.day for each in accounts})
    wanted = [args.day] if args.day is not None else wanted[-max(args.last, 1) :]
    trees = [each for each in trees if each.day in wanted]
    accounts = [each for each in accounts if each.day in wanted]
    if args.json:
        for day in wanted:
            its = {
                "day": day,
                "trees": [each.fields() for each in trees if each.day == day],
                "accounts": [each.fields() for each in accounts if each.day == day],
            }
            print(json.dumps(its, ensure_ascii=False))
    elif args.day is not None and trees:
        _show_page(args, trees, accounts)
    elif not wanted:
        say(text("record_no_days"))
    else:
        for day in wanted:
            _show_day(day, [each for each in trees if each.day == day], [a for a in accounts if a.day == day])
    return 1 if any(each.missing for each in accounts) else 0


def _show_day(day: str, trees: list[ClosedTree], accounts: list[DayAccounts]) -> None:
    show(text("record_day", day=day, calls=sum(each.count for each in trees), trees=len(trees)))
    _show_accounts(accounts)


def _show_accounts(accounts: list[DayAccounts]) -> None:
    for each in accounts:
        said = {name: value for name, value in each.fields().items() if name not in ("day", "checked_at")}
        agent = said.pop("agent_id")
        show(text("record_account_missing" if each.missing else "record_account", agent=agent, **said))


def _show_page(args: argparse.Namespace, trees: list[ClosedTree], accounts: list[DayAccounts]) -> None:
    """Show what is printed for a day: its head, and what was heard."""
    from kikimori_core.wire.directory import zone_of  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.proof.page_text import head_text  # noqa: PLC0415

    settings = dashboard_settings(args)
    site = settings.site_name or settings.site
    print(head_text(trees, site, settings.language, zone_of(settings.time_zone)))
    _show_accounts(accounts)


def run_proof(args: argparse.Namespace) -> int:
    _make_folder(args)

    async def work(store: Store, settings: DashboardSettings) -> list[KeptAnchor]:
        from kikimori_records.audit.log import append  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.folder import records_folder  # noqa: PLC0415
        from kikimori_records.proof.export import export_proof  # noqa: PLC0415

        folder = records_folder(settings.records, store.settings)
        kept = await export_proof(store, folder, args.uid, args.to)
        await append(store, author("records proof").entry("records.proof", "call", args.uid))
        return kept

    kept = with_store(args, work)
    if args.json:
        print(json.dumps({"uid": args.uid, "folder": str(args.to), "anchors": len(kept)}, ensure_ascii=False))
        return 0
    show(text("proof_written", folder=args.to))
    show(text("proof_anchored" if kept else "proof_unanchored", count=len(kept)))
    return 0


def _make_folder(args: argparse.Namespace) -> None:
    """Make the folder for a proof, for the owner of the store: as whom it is written. Raises KikimoriError, OSError."""
    from kikimori.cli.store_options import in_place  # noqa: PLC0415  (see cli/up.py)

    args.to.mkdir(mode=0o700, parents=True, exist_ok=True)
    if any(args.to.iterdir()):
        raise KikimoriError.of("proof_folder_used", folder=args.to)
    owner_of = in_place(dashboard_settings(args), args.config).folder()
    if os.geteuid() == 0 and owner_of.exists():
        owner = owner_of.stat()
        os.chown(args.to, owner.st_uid, owner.st_gid)


def _day(given: str) -> str:
    """Return a date as it was typed; raises ValueError."""
    return date.fromisoformat(given).isoformat()
