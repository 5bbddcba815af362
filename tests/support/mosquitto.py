"""A real Mosquitto on a free loopback port: started, stopped, killed, frozen and started again on the same port."""

from __future__ import annotations

import asyncio
import getpass
import signal
import subprocess
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.deadline import WITHIN_S
from tests.support.ports import answers, free_port

from kikimori_core.wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

PROGRAM = "/usr/sbin/mosquitto"
PASSWORDS = "/usr/bin/mosquitto_passwd"


class Mosquitto:
    """With `persistent`, retained messages and sessions outlive an orderly restart (not a `kill`)."""

    def __init__(
        self, folder: Path, *, persistent: bool = True, passwords: Mapping[str, str] | None = None
    ) -> None:
        """`passwords`: by user; None = anybody is let in."""
        self.settings = BrokerSettings(port=free_port())
        self._config = folder / "mosquitto.conf"
        lines = [f"listener {self.settings.port} 127.0.0.1"]
        if passwords is None:
            lines.append("allow_anonymous true")
        else:
            file = folder / "passwords"
            file.touch(0o600)
            for user, password in passwords.items():
                subprocess.run([PASSWORDS, "-b", file, user, password], check=True)
            lines += ["allow_anonymous false", f"password_file {file}"]
            persistent = True  # names the user as whom it runs, who can read the file
        if persistent:
            lines += [
                "persistence true",
                f"persistence_location {folder}/",
                f"user {getpass.getuser()}",
            ]
        self._config.write_text("\n".join(lines) + "\n", encoding="utf-8")
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            PROGRAM, "-c", str(self._config), stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(WITHIN_S):
            while not await answers(self.settings.port):
                assert self._process.returncode is None, "mosquitto ended at once"
                await asyncio.sleep(0.01)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def kill(self) -> None:
        """SIGKILL: nothing is saved, sockets are closed by the kernel."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(signal.SIGCONT)
            self._process.send_signal(number)
            await self._process.wait()

    def freeze(self) -> None:
        """SIGSTOP: connections stay, nothing is read or answered."""
        assert self._process is not None
        self._process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        assert self._process is not None
        self._process.send_signal(signal.SIGCONT)


@asynccontextmanager
async def mosquitto(
    folder: Path, *, persistent: bool = True, passwords: Mapping[str, str] | None = None
) -> AsyncIterator[Mosquitto]:
    broker = Mosquitto(folder, persistent=persistent, passwords=passwords)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
