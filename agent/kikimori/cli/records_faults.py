"""`kikimori records faults`: what was wrong with received journals, and the next step."""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config
from kikimori.cli.people_store import author, with_store
from kikimori.cli.terminal import say, show, worded
from kikimori_core.messages import remedy, text

if TYPE_CHECKING:
    from kikimori_dashboard import DashboardSettings
    from kikimori_records.journals.fault_rows import FoundFault
    from kikimori_records.store import Store


def add_actions(actions: Any) -> None:
    """Add the action to those of `kikimori records`."""
    faults = actions.add_parser("faults")
    faults.add_argument("--since", metavar="DATE", type=_day)
    faults.add_argument("--all", action="store_true")
    faults.add_argument("--acknowledge", metavar="TEXT")
    faults.add_argument("--json", action="store_true")
    add_config(faults, argparse.SUPPRESS)
    faults.set_defaults(run=run_faults)


def run_faults(args: argparse.Namespace) -> int:
    if args.acknowledge:
        return _acknowledge(args)

    async def ask(store: Store, _settings: DashboardSettings) -> list[FoundFault]:
        from kikimori_records.journals.fault_rows import found_faults  # noqa: PLC0415  (see cli/up.py)

        return await found_faults(store, since=args.since)

    found = [each for each in with_store(args, ask) if args.all or not each.acknowledged]
    for each in found:
        if args.json:
            print(json.dumps(each.fields(), ensure_ascii=False))
        else:
            _show(each)
    if not found and not args.json:
        say(text("journal_faults_none"))
    return 1 if any(not each.acknowledged for each in found) else 0


def _acknowledge(args: argparse.Namespace) -> int:
    async def work(store: Store, _settings: DashboardSettings) -> int:
        from kikimori_records.journals.fault_rows import acknowledge  # noqa: PLC0415  (see cli/up.py)

        return await acknowledge(store, args.acknowledge, author("records faults"))

    count = with_store(args, work)
    if args.json:
        print(json.dumps({"acknowledged": count}))
    else:
        show(text("journal_faults_seen", count=count))
    return 0


def _show(fault: FoundFault) -> None:
    at = f"{fault.found_at.astimezone():%Y-%m-%d %H:%M}"
    lost = f" {fault.lost_sound_s} s" if fault.lost_sound_s else ""
    print(f"{at}  {fault.agent_id}  {fault.run}/{fault.number}  {fault.code} ×{fault.records}{lost}")
    show(text(f"journal_fault.{fault.code}"))
    for uid in fault.calls:
        print(f"  {uid}")
    print("→", worded(remedy(f"journal_fault.{fault.code}")))


def _day(given: str) -> datetime:
    try:
        return datetime.fromisoformat(given).astimezone()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(text("records_date_wrong", given=repr(given))) from None
