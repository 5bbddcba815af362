"""`kikimori records erase`, `hold`, `release`, `holds`: what is removed from the record, and what must not be."""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from kikimori.cli.options import add_config
from kikimori.cli.people_store import author, with_store
from kikimori.cli.terminal import say, show, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import text

if TYPE_CHECKING:
    from pathlib import Path

    from kikimori_dashboard import DashboardSettings
    from kikimori_records.keeping.holds import LegalHold
    from kikimori_records.keeping.orders import ErasureOrder, Foreseen
    from kikimori_records.keeping.subject import KeepingSubject
    from kikimori_records.store import Store

MOST_NAMED = 20
"""Calls that are named one by one in the terminal; with `--json` all are."""


def add_actions(actions: Any) -> None:
    """Add the actions to those of `kikimori records`."""
    erase = actions.add_parser("erase")
    _add_subject(erase)
    erase.add_argument("--dry-run", action="store_true")
    erase.add_argument("--yes", action="store_true")
    erase.set_defaults(run=run_erase)

    hold = actions.add_parser("hold")
    _add_subject(hold)
    hold.add_argument("--until", metavar="DATE", type=_date)
    hold.set_defaults(run=run_hold)

    release = actions.add_parser("release")
    release.add_argument("hold", metavar="HOLD")
    release.add_argument("--reason", metavar="TEXT", required=True)
    release.set_defaults(run=run_release)

    holds = actions.add_parser("holds")
    holds.add_argument("--all", action="store_true")
    holds.set_defaults(run=run_holds)

    for each in (erase, hold, release, holds):
        each.add_argument("--json", action="store_true")
        add_config(each, argparse.SUPPRESS)


def _add_subject(parser: argparse.ArgumentParser) -> None:
    subject = parser.add_mutually_exclusive_group(required=True)
    subject.add_argument("--call", metavar="CALL")
    subject.add_argument("--caller", metavar="NUMBER")
    parser.add_argument("--reason", metavar="TEXT", required=True)


def run_erase(args: argparse.Namespace) -> int:
    seen = with_store(args, lambda store, settings: _foreseen(args, store, settings))
    if not args.json:
        _show_foreseen(seen)
    if not args.dry_run:
        if seen.holds:
            held = seen.holds[0]
            raise KikimoriError.of("records_held", hold=held.id, by=held.held_by, reason=held.reason)
        _confirm(args)
    order = None if args.dry_run else with_store(args, lambda store, settings: _erased(args, store, settings))
    if args.json:
        print(json.dumps(_erasure(args, seen, order), ensure_ascii=False))
    elif order is None:
        show(text("records_nothing_erased"))
    elif order.done_at is None:
        show(text("records_erased_later", id=order.id))
    else:
        show(text("records_erased", id=order.id, calls=order.calls))
    return 0


def run_hold(args: argparse.Namespace) -> int:
    async def work(store: Store, settings: DashboardSettings) -> LegalHold:
        from kikimori_records.keeping.holds import hold  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.keeping.ledger import Ledger  # noqa: PLC0415

        folder = _folder(store, settings)
        subject = await _subject(args, store, folder)
        return await hold(store, Ledger(folder), subject, args.reason, author("records hold"), args.until)

    _print_hold(with_store(args, work), as_json=args.json)
    return 0


def run_release(args: argparse.Namespace) -> int:
    async def work(store: Store, settings: DashboardSettings) -> LegalHold:
        from kikimori_records.keeping.holds import release  # noqa: PLC0415  (see cli/up.py)
        from kikimori_records.keeping.ledger import Ledger  # noqa: PLC0415

        folder = _folder(store, settings)
        return await release(store, Ledger(folder), args.hold, args.reason, author("records release"))

    _print_hold(with_store(args, work), as_json=args.json)
    return 0


def run_holds(args: argparse.Namespace) -> int:
    from kikimori_records.keeping.holds import all_holds  # noqa: PLC0415  (see cli/up.py)

    now = datetime.now().astimezone()
    found = with_store(args, lambda store, _settings: all_holds(store))
    listed = [each for each in found if args.all or each.holds_at(now)]
    for each in listed:
        _print_hold(each, as_json=args.json)
    if not listed and not args.json:
        say(text("records_no_holds"))
    return 0


async def _foreseen(args: argparse.Namespace, store: Store, settings: DashboardSettings) -> Foreseen:
    from kikimori_records.keeping.orders import foresee  # noqa: PLC0415  (see cli/up.py)

    return await foresee(store, await _subject(args, store, _folder(store, settings)))


async def _erased(args: argparse.Namespace, store: Store, settings: DashboardSettings) -> ErasureOrder:
    from kikimori_records.keeping.ledger import Ledger  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.keeping.orders import order  # noqa: PLC0415
    from kikimori_records.keeping.served import erase_now  # noqa: PLC0415

    folder = _folder(store, settings)
    subject = await _subject(args, store, folder)
    made = await order(store, Ledger(folder), subject, args.reason, author("records erase"))
    return await erase_now(store, folder, made)


def _folder(store: Store, settings: DashboardSettings) -> Path:
    """Return the folder of the records, and make it where there is none."""
    from kikimori_records.folder import records_folder  # noqa: PLC0415  (see cli/up.py)

    folder = records_folder(settings.records, store.settings)
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


async def _subject(args: argparse.Namespace, store: Store, folder: Path) -> KeepingSubject:
    from kikimori_records.keeping.pseudonyms import Pseudonyms  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.keeping.subject import call_named, caller  # noqa: PLC0415

    if args.caller is not None:
        return caller(args.caller, Pseudonyms.load(folder))
    async with store.read() as connection:
        return await call_named(connection, args.call)


def _confirm(args: argparse.Namespace) -> None:
    """Ask the person at the terminal; raises KikimoriError where nobody says yes."""
    if args.yes:
        return
    if not sys.stdin.isatty() or args.json:
        raise KikimoriError.of("records_needs_yes")
    say(text("records_confirm"))
    if sys.stdin.readline().strip() != "yes":
        raise KikimoriError.of("records_not_confirmed")


def _show_foreseen(seen: Foreseen) -> None:
    size = f"{seen.sound_bytes / 1e6:.1f}"
    show(text("records_foreseen", calls=len(seen.calls), lines=seen.lines, size=size))
    for uid in seen.calls[:MOST_NAMED]:
        print(f"  {uid}")
    if len(seen.calls) > MOST_NAMED:
        print("  …")
    for each in seen.holds:
        _print_hold(each, as_json=False)


def _erasure(args: argparse.Namespace, seen: Foreseen, order: ErasureOrder | None) -> dict[str, Any]:
    return {
        "erasure": order.id if order else None,
        "dry_run": args.dry_run,
        "done": bool(order and order.done_at),
        "calls": list(seen.calls),
        "sound_bytes": seen.sound_bytes,
        "lines": seen.lines,
        "holds": [_object(each) for each in seen.holds],
    }


def _print_hold(held: LegalHold, *, as_json: bool) -> None:
    if as_json:
        print(json.dumps(_object(held), ensure_ascii=False))
        return
    what = held.uid or held.caller_number or held.caller_key
    until = f"{held.until.astimezone():%Y-%m-%d %H:%M}" if held.until else text("records_until_released")
    at = f"{held.at.astimezone():%Y-%m-%d %H:%M}"
    said = {
        "id": held.id[:8],
        "what": what,
        "by": held.held_by,
        "at": at,
        "until": until,
        "reason": held.reason,
    }
    code = "records_hold_released" if held.released_at else "records_hold"
    print(worded(text(code, **said, released_by=held.released_by)))


def _object(held: LegalHold) -> dict[str, Any]:
    said = {name: getattr(held, name) for name in type(held).__slots__}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in said.items()}


def _date(given: str) -> datetime:
    """Read a date, which means its whole day, or a time; without a zone it is that of this machine."""
    try:
        found = datetime.fromisoformat(given)
        is_day = len(given) == len("2027-03-31")
        return (found + timedelta(days=1) if is_day else found).astimezone()
    except (ValueError, OverflowError):
        raise argparse.ArgumentTypeError(text("records_date_wrong", given=repr(given))) from None
