"""Examination of a store without opening it for use: nothing is made, migrated or changed. It blocks: run it in a thread."""

from __future__ import annotations

import os
import shutil
import stat
from enum import StrEnum
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from kikimori_records.address import reading
from kikimori_records.audit.verify import verify_on
from kikimori_records.audit.waiting import FILE as WAITING
from kikimori_records.disk import require_local
from kikimori_records.errors import StoreError
from kikimori_records.faults import explained
from kikimori_records.migrating import version_in
from kikimori_records.schema import people

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from kikimori_records.settings import StoreSettings

LEAST_FREE = 500 * 1024 * 1024
"""Bytes below which the disk is too full."""


class Standing(StrEnum):
    """Whether something is as it should be."""

    OK = "ok"
    WARNING = "warning"
    FAULT = "fault"


class Finding(NamedTuple):
    """One result."""

    check: str
    standing: Standing
    detail: str
    next_step: str = ""


def examine_store(settings: StoreSettings) -> Iterator[Finding]:
    """Give the findings on folder, disk, database, schema and audit; never raises for what it finds."""
    try:
        folder = settings.folder()
    except StoreError as error:
        yield _fault("store folder", error)
        return
    yield from _folder(folder, settings)
    if settings.is_sqlite and not _exists(settings.file()):
        yield Finding(
            "database", Standing.OK, f"{settings.file()}: none yet, it is made at the dashboard's start"
        )
        return
    try:
        with reading(settings) as connection:
            yield from _database(connection, settings)
    except DBAPIError as error:
        yield _fault("database", explained(error, settings))
    except StoreError as error:
        yield _fault("database", error)


def _folder(folder: Path, settings: StoreSettings) -> Iterator[Finding]:
    if not _exists(folder):
        yield Finding("store folder", Standing.OK, f"{folder}: none yet, it is made at the dashboard's start")
        return
    try:
        found = folder.stat()
        if settings.is_sqlite:
            require_local(folder)
        free = shutil.disk_usage(folder).free
        yield from _owners(folder, found.st_uid)
        waiting = (folder / WAITING).stat().st_size if _exists(folder / WAITING) else 0
    except StoreError as error:
        yield _fault("store folder", error)
        return
    except OSError as error:
        reason = error.strerror or str(error)
        yield Finding("store folder", Standing.WARNING, f"{folder}: {reason}", "check again with sudo")
        return
    if found.st_mode & 0o077:
        yield Finding(
            "store folder",
            Standing.WARNING,
            f"{folder}: others on this machine may read it",
            f"chmod 700 {folder}",
        )
    else:
        yield Finding("store folder", Standing.OK, str(folder))
    enough = free >= LEAST_FREE
    yield Finding(
        "store disk",
        Standing.OK if enough else Standing.FAULT,
        f"{free / 1e9:.1f} GB free",
        "" if enough else "make room: what people do cannot be written down otherwise",
    )
    if waiting:
        yield Finding(
            "waiting audit",
            Standing.WARNING,
            "entries wait on the disk for the database",
            "is the database away?",
        )


def _owners(folder: Path, owner: int) -> Iterator[Finding]:
    """Name files of another user: written by hand as root they stop the service."""
    strange = [each.name for each in folder.iterdir() if _is_ours(each.name) and each.lstat().st_uid != owner]
    if strange:
        yield Finding(
            "store owner",
            Standing.FAULT,
            f"{', '.join(sorted(strange))}: of another user than {folder}",
            f"sudo chown --reference={folder} {folder}/*",
        )
    elif owner not in (os.geteuid(), 0) and os.geteuid() != 0:
        yield Finding("store owner", Standing.WARNING, f"{folder}: of user {owner}", "check again with sudo")


def _is_ours(name: str) -> bool:
    return name.startswith(("kikimori.", "store-", "audit-", "keys-"))


def _database(connection: Connection, settings: StoreSettings) -> Iterator[Finding]:
    if settings.is_sqlite:
        mode = stat.S_IMODE(settings.file().stat().st_mode)
        where = f"SQLite {settings.file()}, {settings.file().stat().st_size / 1e6:.1f} MB"
        if mode & 0o077:
            step = f"chmod 600 {settings.file()}"
            yield Finding("database", Standing.FAULT, f"{where}: others on this machine may read it", step)
        else:
            yield Finding("database", Standing.OK, where)
        damage = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if damage != "ok":
            yield Finding(
                "database", Standing.FAULT, f"damaged: {damage}", "kikimori store restore, from a backup"
            )
            return
    else:
        version = connection.execute(text("SHOW server_version")).scalar_one()
        yield Finding("database", Standing.OK, f"PostgreSQL {version}")
    schema = version_in(connection)
    if not schema.fits:
        step = "start the dashboard: it migrates" if settings.is_sqlite else "kikimori store migrate"
        if not schema.known:
            step = "install the later version again, or restore the backup from before"
        yield Finding("schema", Standing.FAULT, f"{schema.found or 'none'}, needed {schema.needed}", step)
        return
    yield Finding("schema", Standing.OK, schema.needed)
    active = select(func.count()).select_from(people).where(people.c.disabled_at.is_(None))
    yield Finding("people", Standing.OK, str(connection.execute(active).scalar_one()))
    chain = verify_on(connection)
    if chain.broken_at is not None:
        yield Finding(
            "audit",
            Standing.FAULT,
            f"entry {chain.broken_at} does not follow from the one before: changed, removed or put in",
            "keep the database as it is, and compare it with the last backup",
        )
    else:
        yield Finding(
            "audit", Standing.OK, f"{chain.count} entries, none changed, the last is {chain.last_number}"
        )


def _fault(check: str, error: StoreError) -> Finding:
    return Finding(check, Standing.FAULT, error.message, error.next_step)


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True
