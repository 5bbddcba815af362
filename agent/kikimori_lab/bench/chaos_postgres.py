"""PostgreSQL of `kikimori bench record-chaos`, which can be killed and started again; never runs as root."""

from __future__ import annotations

import asyncio
import os
import pwd
import secrets
import shutil
import signal
import tempfile
from contextlib import suppress
from pathlib import Path

import psycopg

from kikimori.errors import KikimoriError
from kikimori_records.settings import StoreSettings

USER, DATABASE = "kikimori", "kikimori"
STARTS_WITHIN_S = 90.0
LOOK_EVERY_S = 0.03


def programs() -> Path | None:
    """Return the folder of Debian's newest `postgres`; None where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda each: float(each.parts[4]))
    return found[-1].parent if found else None


class ChaosPostgres:
    """Server on a port of loopback with an empty database, in a folder of its own."""

    def __init__(self, port: int, bin_folder: Path) -> None:
        self._port = port
        self._bin = bin_folder
        self._folder = Path(tempfile.mkdtemp(prefix="kikimori-chaos-postgres-"))
        self._password = secrets.token_urlsafe(16)
        self._process: asyncio.subprocess.Process | None = None
        self._as: tuple[str, ...] = ()
        if os.geteuid() == 0:
            user = pwd.getpwnam("postgres")
            os.chown(self._folder, user.pw_uid, user.pw_gid)
            self._as = ("setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups")

    def settings(self, folder: Path) -> StoreSettings:
        """Return the settings of the database; `folder`: that of keys and password."""
        secret = folder / "store-password"
        secret.write_text(self._password + "\n", encoding="utf-8")
        url = f"postgresql://{USER}@127.0.0.1:{self._port}/{DATABASE}"
        return StoreSettings(url=url, password_file=secret, dir=folder)

    async def make(self) -> None:
        """Make the cluster and an empty database."""
        secret = self._folder / "password"
        secret.write_text(self._password + "\n", encoding="utf-8")
        secret.chmod(0o644)
        made = await asyncio.create_subprocess_exec(
            *self._as, self._bin / "initdb", "--pgdata", self._folder / "data", "--username", USER,
            "--pwfile", secret, "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale", "C.UTF-8",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=self._folder,
        )  # fmt: skip
        if await made.wait() != 0:
            raise KikimoriError.of("not_started", program="initdb", path=self._folder)
        await self.start()
        async with await self._connect("postgres") as connection:
            await connection.execute(f"CREATE DATABASE {DATABASE}")

    async def start(self) -> None:
        """Start, and wait until it answers; raises KikimoriError."""
        self._process = await asyncio.create_subprocess_exec(
            *self._as, self._bin / "postgres", "-D", self._folder / "data", "-p", str(self._port),
            "-k", self._folder, "-c", "listen_addresses=127.0.0.1", "-c", "shared_buffers=16MB",
            # One call for the whole disk: before it recovers it would sync a thousand files one by one.
            "-c", "recovery_init_sync_method=syncfs",
            stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.DEVNULL, cwd=self._folder,
            start_new_session=True,
        )  # fmt: skip
        with suppress(TimeoutError):
            async with asyncio.timeout(STARTS_WITHIN_S):
                while self._process.returncode is None:
                    with suppress(psycopg.OperationalError):
                        await (await self._connect("postgres")).close()
                        return
                    await asyncio.sleep(LOOK_EVERY_S)
        raise KikimoriError.of("not_started", program="postgres", path=self._folder)

    async def kill(self) -> None:
        """SIGKILL to the server and to the processes of its connections."""
        process = self._process
        if process is None or process.returncode is not None:
            return
        for each in (process.pid, *_children(process.pid)):
            with suppress(ProcessLookupError):
                os.kill(each, signal.SIGKILL)
        await process.wait()

    async def stop(self) -> None:
        """Kill it and remove its files."""
        await self.kill()
        await asyncio.to_thread(shutil.rmtree, self._folder, ignore_errors=True)

    async def _connect(self, database: str) -> psycopg.AsyncConnection[tuple[object, ...]]:
        return await psycopg.AsyncConnection.connect(
            host="127.0.0.1", port=self._port, user=USER, password=self._password, dbname=database,
            autocommit=True, connect_timeout=5,
        )  # fmt: skip


def _children(pid: int) -> list[int]:
    with suppress(OSError):
        return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text("ascii").split()]
    return []
