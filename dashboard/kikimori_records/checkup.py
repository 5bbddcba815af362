"""Examination of a store without opening it for use: nothing is made, migrated or changed. It blocks: run it in a thread."""

from __future__ import annotations

import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text
from sqlalchemy.exc import DBAPIError

from kikimori_core.messages import both
from kikimori_core.model.diagnosis import CheckState, Diagnosis
from kikimori_records.address import reading
from kikimori_records.audit.verify import verify_on
from kikimori_records.audit.waiting import FILE as WAITING
from kikimori_records.disk import require_local
from kikimori_records.errors import StoreError
from kikimori_records.faults import explained
from kikimori_records.journals.fault_rows import count_open
from kikimori_records.migrating import version_in
from kikimori_records.people import can_administer
from kikimori_records.schema import people, record_accounts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from kikimori_records.settings import StoreSettings

ACCOUNTS_OVER = timedelta(days=30)
LEAST_FREE = 500 * 1024 * 1024
"""Bytes below which the disk is too full."""


def examine_store(settings: StoreSettings) -> Iterator[Diagnosis]:
    """Give the findings on folder, disk, database, schema and audit; never raises for what it finds."""
    try:
        folder = settings.folder()
    except StoreError as error:
        yield _fault("store folder", error)
        return
    yield from _folder(folder, settings)
    if settings.is_sqlite and not _exists(settings.file()):
        yield Diagnosis("database", CheckState.OK, *both("store_none_yet", file=settings.file()))
        return
    try:
        with reading(settings) as connection:
            yield from _database(connection, settings)
    except DBAPIError as error:
        yield _fault("database", explained(error, settings))
    except StoreError as error:
        yield _fault("database", error)


def _folder(folder: Path, settings: StoreSettings) -> Iterator[Diagnosis]:
    if not _exists(folder):
        yield Diagnosis("store folder", CheckState.OK, *both("store_none_yet", file=folder))
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
        texts = both("store_folder_unreadable", folder=folder, reason=reason)
        yield Diagnosis("store folder", CheckState.WARNING, *texts)
        return
    if found.st_mode & 0o077:
        yield Diagnosis(
            "store folder",
            CheckState.WARNING,
            *both("store_folder_public", folder=folder),
        )
    else:
        yield Diagnosis("store folder", CheckState.OK, str(folder))
    enough = free >= LEAST_FREE
    yield Diagnosis(
        "store disk",
        CheckState.OK if enough else CheckState.FAULT,
        *both("store_disk_free" if enough else "store_disk_full", free=f"{free / 1e9:.1f}"),
    )
    if waiting:
        yield Diagnosis(
            "waiting audit",
            CheckState.WARNING,
            *both("store_audit_waits"),
        )


def _owners(folder: Path, owner: int) -> Iterator[Diagnosis]:
    """Name files of another user: written by hand as root they stop the service."""
    strange = [each.name for each in folder.iterdir() if _is_ours(each.name) and each.lstat().st_uid != owner]
    if strange:
        yield Diagnosis(
            "store owner",
            CheckState.FAULT,
            *both("store_owner_strange", files=", ".join(sorted(strange)), folder=folder),
        )
    elif owner not in (os.geteuid(), 0) and os.geteuid() != 0:
        yield Diagnosis(
            "store owner", CheckState.WARNING, *both("store_owner_other", folder=folder, owner=owner)
        )


def _is_ours(name: str) -> bool:
    return name.startswith(("kikimori.", "store-", "audit-", "keys-"))


def _database(connection: Connection, settings: StoreSettings) -> Iterator[Diagnosis]:
    if settings.is_sqlite:
        mode = stat.S_IMODE(settings.file().stat().st_mode)
        where = {"file": settings.file(), "size": f"{settings.file().stat().st_size / 1e6:.1f}"}
        if mode & 0o077:
            yield Diagnosis("database", CheckState.FAULT, *both("store_sqlite_public", **where))
        else:
            yield Diagnosis("database", CheckState.OK, *both("store_sqlite", **where))
        damage = connection.execute(text("PRAGMA quick_check(1)")).scalar_one()
        if damage != "ok":
            yield Diagnosis("database", CheckState.FAULT, *both("store_damaged", damage=damage))
            return
    else:
        version = connection.execute(text("SHOW server_version")).scalar_one()
        yield Diagnosis("database", CheckState.OK, *both("store_postgres", version=version))
    schema = version_in(connection)
    if not schema.fits:
        cause = "later" if not schema.known else "sqlite" if settings.is_sqlite else "postgres"
        texts = both(f"store_schema.{cause}", found=schema.found or "none", needed=schema.needed)
        yield Diagnosis("schema", CheckState.FAULT, *texts)
        return
    yield Diagnosis("schema", CheckState.OK, *both("store_schema_good", needed=schema.needed))
    yield _people(connection)
    chain = verify_on(connection)
    if chain.broken_at is not None:
        yield Diagnosis(
            "audit",
            CheckState.FAULT,
            *both("store_audit_broken", at=chain.broken_at),
        )
    else:
        yield Diagnosis(
            "audit", CheckState.OK, *both("store_audit_good", count=chain.count, last=chain.last_number)
        )
    yield from _accounts(connection)
    if count := count_open(connection):
        yield Diagnosis("received journals", CheckState.WARNING, *both("journal_faults_open", count=count))
    else:
        yield Diagnosis("received journals", CheckState.OK, *both("journal_faults_good"))


def _people(connection: Connection) -> Diagnosis:
    """Count the people; without an administrator who can sign in nobody can add any."""
    columns = select(people.c.roles, people.c.login, people.c.password_hash)
    found = connection.execute(columns.where(people.c.disabled_at.is_(None))).all()
    if any(can_administer(*each) for each in found):
        return Diagnosis("people", CheckState.OK, *both("store_people", count=len(found)))
    return Diagnosis("people", CheckState.WARNING, *both("store_no_administrator", count=len(found)))


def _accounts(connection: Connection) -> Iterator[Diagnosis]:
    """Tell of days on which calls were heard of which nothing is recorded, excluded or stopped."""
    c = record_accounts.c
    since = (datetime.now(UTC) - ACCOUNTS_OVER).date().isoformat()
    sums = (func.count(c.day.distinct()), func.sum(c.heard), func.sum(c.missing))
    days, heard, missing = connection.execute(select(*sums).where(c.day >= since)).one()
    if not days:
        return
    if not missing:
        yield Diagnosis(
            "record accounts", CheckState.OK, *both("record_accounts_good", heard=heard, days=days)
        )
        return
    worst = select(c.day, c.agent_id, c.missing).where(c.day >= since, c.missing > 0).order_by(c.day.desc())
    last = connection.execute(worst.limit(1)).one()
    texts = both(
        "record_accounts_missing",
        missing=missing,
        heard=heard,
        days=days,
        day=last.day,
        agent_id=last.agent_id,
    )
    yield Diagnosis("record accounts", CheckState.WARNING, *texts)


def _fault(check: str, error: StoreError) -> Diagnosis:
    return Diagnosis(check, CheckState.FAULT, error.message, error.next_step)


def _exists(path: Path) -> bool:
    try:
        path.lstat()
    except FileNotFoundError:
        return False
    except OSError:
        return True
    return True
