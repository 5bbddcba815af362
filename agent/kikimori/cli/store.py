"""`kikimori store`: database, sound and keys: check, migrate, back up, restore."""

from __future__ import annotations

import asyncio
import json
import os
from contextlib import contextmanager, suppress
from dataclasses import asdict
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from kikimori.cli.options import add_config, config_path, configured, dashboard_settings
from kikimori.cli.store_options import as_owner, folder_of_keys, store_settings
from kikimori.cli.terminal import cell, say, show, worded
from kikimori.errors import KikimoriError
from kikimori_core.messages import joined, text
from kikimori_core.model.diagnosis import CheckState

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterator, Sequence

    from kikimori_records.backup import BackupDone
    from kikimori_records.keeping.ledger import Line
    from kikimori_records.settings import StoreSettings


def add_parser(subparsers: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    parser = subparsers.add_parser("store")
    actions = parser.add_subparsers(required=True, metavar="ACTION")

    check = _action(actions, "check")
    check.add_argument("--json", action="store_true")
    check.set_defaults(run=run_check)

    migrate = _action(actions, "migrate")
    migrate.set_defaults(run=run_migrate)

    backup = _action(actions, "backup")
    backup.add_argument("file", type=Path, metavar="FILE")
    backup.add_argument("--without-sound", action="store_true")
    backup.set_defaults(run=run_backup)

    restore = _action(actions, "restore")
    restore.add_argument("file", type=Path, metavar="FILE")
    restore.add_argument("--erasures", type=Path, metavar="LIST", action="append", default=[])
    restore.set_defaults(run=run_restore)


def _action(actions: Any, name: str) -> argparse.ArgumentParser:
    parser: argparse.ArgumentParser = actions.add_parser(name)
    add_config(parser)
    return parser


def run_check(args: argparse.Namespace) -> int:
    from kikimori_records.checkup import examine_store  # noqa: PLC0415  (see cli/up.py)

    code = 0
    for found in examine_store(store_settings(args)):
        code = 1 if found.state is CheckState.FAULT else code
        if args.json:
            print(json.dumps(asdict(found), ensure_ascii=False))
            continue
        said = worded(text("doctor_finding", check=found.check, detail=found.detail))
        standing = cell(text(f"state.{found.state}"), 8)
        print(f"{standing} {said}")
        if found.next_step:
            print(f"         {worded(text('said_next', next_step=found.next_step))}")
    return code


def run_migrate(args: argparse.Namespace) -> int:
    from kikimori_records.migrating import migrate  # noqa: PLC0415  (see cli/up.py)

    settings = store_settings(args)
    with _in_words(settings), _alone(settings):
        done = migrate(settings)
    if done.before == done.after:
        show(text("store_migrated_before", schema=done.after))
        return 0
    if done.copy is not None:
        show(text("store_copy", path=done.copy))
    show(text("store_migrated", before=done.before or "none", after=done.after))
    return 0


def run_backup(args: argparse.Namespace) -> int:
    from kikimori_records.backup import back_up  # noqa: PLC0415  (see cli/up.py)

    # Opened by root: the owner of the store may write elsewhere as little as others.
    with _new_file(args.file) as out:
        settings, keys, records = _places(args)
        with _in_words(settings):
            done = back_up(settings, out, keys, records, with_sound=not args.without_sound)
    show(text("file_reason", file=args.file, reason=_summary(done)))
    say(text("backup_is_secret"))
    return 0


def run_restore(args: argparse.Namespace) -> int:
    from kikimori_records.keeping.ledger import parsed  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.restore import restore  # noqa: PLC0415

    lists = [parsed(each.read_bytes()) for each in args.erasures]
    with args.file.open("rb") as file:
        settings, keys, records = _places(args)
        with _in_words(settings):
            done = restore(settings, file, keys, records)
    show(text("store_restored", summary=_summary(done)))
    if done.records or lists:
        records.mkdir(mode=0o700, parents=True, exist_ok=True)
        show(text("store_erased_again", calls=asyncio.run(_erased_again(settings, records, lists))))
    if done.records and not lists:
        say(text("store_without_list"))
    return 0


async def _erased_again(settings: StoreSettings, records: Path, lists: Sequence[Sequence[Line]]) -> int:
    """Erase what was erased after the backup; return the number of calls."""
    from kikimori.cli.people_store import store_beside  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.keeping.served import erase_again  # noqa: PLC0415

    async with store_beside(settings) as store:
        return await erase_again(store, records, lists)


def _places(args: argparse.Namespace) -> tuple[StoreSettings, Path, Path]:
    """Return the store's settings, the folder of the dashboard's keys and that of the records."""
    from kikimori_records.folder import records_folder  # noqa: PLC0415  (see cli/up.py)

    configured(args, log_level="warning")
    dashboard = dashboard_settings(args)
    settings = as_owner(dashboard, config_path(args))
    return settings, folder_of_keys(dashboard, settings), records_folder(dashboard.records, settings)


@contextmanager
def _new_file(path: Path) -> Iterator[IO[bytes]]:
    """Open a new file for this user alone, and remove it where its writing fails; raises KikimoriError, OSError."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        raise KikimoriError.of("file_there", path=path) from None
    try:
        with os.fdopen(handle, "wb") as file:
            yield file
    except BaseException:
        # As another user now, this may not be allowed; what is cut off is never restored.
        with suppress(OSError):
            path.unlink()
        raise


def _summary(done: BackupDone) -> str:
    counts = [text("store_rows", count=count, table=name) for name, count in done.rows.items() if count]
    parts = [text("store_schema_of", schema=done.schema), *(counts or [text("store_no_rows")]), *done.files]
    if done.records:
        parts.append(text("store_record_files", count=done.records, size=f"{done.record_bytes / 1e6:.1f}"))
    return joined(parts)


@contextmanager
def _in_words(settings: StoreSettings) -> Iterator[None]:
    """Turn what the database refuses into an error with its next step."""
    from sqlalchemy.exc import DBAPIError  # noqa: PLC0415  (see cli/up.py)

    from kikimori_records.faults import explained  # noqa: PLC0415

    try:
        yield
    except DBAPIError as error:
        raise explained(error, settings) from error


@contextmanager
def _alone(settings: StoreSettings) -> Iterator[None]:
    """Hold SQLite's lock of the one dashboard: its tables must not change while it runs."""
    from kikimori_records import locks  # noqa: PLC0415  (see cli/up.py)
    from kikimori_records.disk import make_private  # noqa: PLC0415

    if not settings.is_sqlite:
        yield
        return
    settings.folder().mkdir(mode=0o700, parents=True, exist_ok=True)
    held = locks.serving(settings.folder())
    try:
        make_private(settings.file())
        yield
    finally:
        held.release()
