"""A real PostgreSQL of Debian's: one server for the whole test run, a database for each test.

It never runs as root: started by root, it runs as the user `postgres`. Its files are in a folder of its own below `/tmp`;
the cluster that Debian's package may run is left alone.
"""

from __future__ import annotations

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, LiteralString

import psycopg
import pytest
from tests.support.ports import free_port

from kikimori_records.migrating import migrate
from kikimori_records.schema import metadata
from kikimori_records.settings import StoreSettings

if TYPE_CHECKING:
    from collections.abc import Iterator

USER = "kikimori"
PASSWORD = "ひみつ p@ss/word"
START_WITHIN_S = 120
FAST = (
    "fsync=off",
    "synchronous_commit=off",
    "full_page_writes=off",
    "shared_buffers=16MB",
    "max_connections=60",
)

CUT_OFF: LiteralString = (
    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
    "WHERE datname = current_database() AND pid <> pg_backend_pid()"
)
BARE: tuple[LiteralString, ...] = ("DROP SCHEMA public CASCADE", "CREATE SCHEMA public")
EMPTIED = (
    "ALTER TABLE audit DISABLE TRIGGER ALL",
    f"TRUNCATE {', '.join((*metadata.tables, 'search_terms'))}",
    "ALTER TABLE audit ENABLE TRIGGER ALL",
)


def programs() -> Path:
    """Return the folder with `initdb` and `postgres`, of the newest version."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: float(each.parts[4]))
    assert found, "no PostgreSQL: sudo apt-get install postgresql"
    return found[-1].parent


class Postgres:
    """A server on a free port of loopback, with a superuser that has a password."""

    def __init__(self, folder: Path) -> None:
        self.port = free_port()
        self._folder = folder
        self._data = folder / "data"
        self._process: subprocess.Popen[bytes] | None = None
        self._as: tuple[str, ...] = ()
        self._made: set[str] = set()
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            self._as = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")

    def make(self) -> None:
        secret = self._folder / "password"
        secret.write_text(PASSWORD + "\n", encoding="utf-8")
        secret.chmod(0o644)
        made: list[str | Path] = [
            *self._as, programs() / "initdb", "--pgdata", self._data, "--username", USER, "--pwfile", secret,
            "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync",
        ]  # fmt: skip
        subprocess.run(made, check=True, capture_output=True, cwd=self._folder)

    def start(self) -> None:
        """Start it and wait until it answers."""
        options = [part for each in FAST for part in ("-c", each)]
        self._process = subprocess.Popen(
            [
                *self._as, programs() / "postgres", "-D", self._data, "-p", str(self.port),
                "-k", self._folder, "-c", "listen_addresses=127.0.0.1", *options,
            ],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd=self._folder,
        )  # fmt: skip
        until = time.monotonic() + START_WITHIN_S
        while True:
            try:
                self._connect("postgres").close()
            except psycopg.OperationalError:
                assert self._process.poll() is None, "postgres ended at once"
                assert time.monotonic() < until, "postgres does not answer"
                time.sleep(0.05)
            else:
                return

    def stop(self) -> None:
        """Stop it; open connections and what runs on them are cut."""
        self._end(signal.SIGINT)

    def abandon(self) -> None:
        """Stop it for good: nothing is saved."""
        self._end(signal.SIGQUIT)

    def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP to the server and its connections: they stay open, nothing is answered."""
        self._signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self._signal(signal.SIGCONT)

    def _signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        for each in (self._process.pid, *_children(self._process.pid)):
            with suppress(ProcessLookupError):  # a connection's that has just ended
                os.kill(each, number)

    def settings(self, folder: Path, *, migrated: bool = False) -> StoreSettings:
        """Return the settings of a database without tables, or with empty ones; `folder`: that of keys and waiting entries.

        A test may have one of each. They are made once and emptied: each is 300 files on a disk that may be slow.
        """
        name = "migrated" if migrated else "bare"
        secret = folder / "store-password"
        secret.write_text(PASSWORD + "\n", encoding="utf-8")
        url = f"postgresql://{USER}@127.0.0.1:{self.port}/{name}"
        found = StoreSettings(url=url, password_file=secret, dir=folder)
        if name not in self._made:
            self._made.add(name)
            with self._connect("postgres") as connection:
                connection.execute(f"CREATE DATABASE {name} TEMPLATE template0")
            if migrated:
                migrate(found)
            return found
        with self._connect(name) as connection:
            connection.execute(CUT_OFF)
            for each in EMPTIED if migrated else BARE:
                connection.execute(each)
        return found

    def _connect(self, database: str) -> psycopg.Connection[tuple[object, ...]]:
        return psycopg.connect(
            host="127.0.0.1", port=self.port, user=USER, password=PASSWORD, dbname=database, autocommit=True
        )


def _children(pid: int) -> list[int]:
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii")
    return [int(each) for each in found.split()]


@pytest.fixture(scope="session")
def one_postgres() -> Iterator[Postgres]:
    """The run's server. A test that stops it takes `postgres`, which starts it again."""
    folder = Path(tempfile.mkdtemp(prefix="kikimori-postgres-", dir="/tmp"))
    server = Postgres(folder)
    try:
        server.make()
        server.start()
        yield server
    finally:
        server.abandon()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def postgres(one_postgres: Postgres) -> Iterator[Postgres]:
    yield one_postgres
    if one_postgres._process is not None and one_postgres._process.poll() is None:
        one_postgres.thaw()
    else:
        one_postgres.start()


async def in_thread(server: Postgres, act: str) -> None:
    """Let a server `start`, `stop`, … without blocking the loop of the program under test."""
    await asyncio.to_thread(getattr(server, act))
