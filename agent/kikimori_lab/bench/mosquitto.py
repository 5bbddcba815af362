"""Mosquitto with the shipped files, changed only as their comments ask: site, users, paths, port."""

from __future__ import annotations

import asyncio
import getpass
import re
import shutil
import signal
from typing import TYPE_CHECKING

from kikimori.config import DEFAULTS
from kikimori.errors import KikimoriError
from kikimori_core.wire.settings import BrokerSettings
from kikimori_lab.bench.ports import free_ports

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

START_WITHIN_S = 90.0
PLACES = ("mosquitto", "/usr/sbin/mosquitto")


def mosquitto_program() -> str:
    """Return where Mosquitto is; raises KikimoriError."""
    for each in PLACES:
        if found := shutil.which(each):
            return found
    raise KikimoriError.of("mosquitto_not_installed")


class ShippedMosquitto:
    """Broker on a free loopback port; it can be killed and started again with its last saved state."""

    def __init__(
        self,
        folder: Path,
        site: str,
        *,
        agents: Sequence[str],
        dashboards: Sequence[str],
        certificates: Path | None = None,
    ) -> None:
        """`certificates`: folder with mosquitto.crt and .key for the listener with TLS; None = there is no such listener."""
        self.port, self.tls_port = free_ports(2)
        self._folder = folder
        self._config = folder / "mosquitto.conf"
        installed = folder / "conf.d"
        self._users = (*agents, *dashboards)
        self._process: asyncio.subprocess.Process | None = None
        installed.mkdir(parents=True, exist_ok=True)
        shipped = DEFAULTS / "mosquitto"
        acl = (shipped / "kikimori.acl").read_text(encoding="utf-8")
        (folder / "kikimori.acl").write_text(_for_site(acl, site, dashboards), encoding="utf-8")
        text = (shipped / "kikimori.conf").read_text(encoding="utf-8")
        text = text.replace("/etc/mosquitto/kikimori.", f"{folder}/kikimori.")
        text = text.replace("listener 1883", f"listener {self.port}")
        (installed / "kikimori.conf").write_text(text, encoding="utf-8")
        if certificates is not None:
            text = (shipped / "kikimori-tls.conf").read_text(encoding="utf-8")
            text = text.replace("/etc/kikimori/certificates/", f"{certificates}/")
            text = text.replace("listener 8883", f"listener {self.tls_port} 127.0.0.1")
            (installed / "kikimori-tls.conf").write_text(text, encoding="utf-8")
        # As Debian's own file, which includes the shipped ones.
        own = f"user {getpass.getuser()}\npersistence true\npersistence_location {folder}/\ninclude_dir {installed}\n"
        self._config.write_text(own, encoding="utf-8")

    def settings(self, user: str) -> BrokerSettings:
        """Return how a user connects; its secret is its name."""
        secret = self._folder / f"{user}.secret"
        secret.write_text(f"{user}\n", encoding="utf-8")
        return BrokerSettings(port=self.port, username=user, password_file=secret)

    def tls_settings(self, user: str, authority: Path) -> BrokerSettings:
        """Return how a user connects by TLS, trusting the authority in a file."""
        changed = {"port": self.tls_port, "ca_file": authority}
        return self.settings(user).model_copy(update=changed)

    def reload(self) -> None:
        """Have it read its files again, as `systemctl reload mosquitto` does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGHUP)

    async def start(self) -> None:
        passwords = self._folder / "kikimori.passwd"
        if not passwords.exists():
            passwords.touch(mode=0o600)
            for user in self._users:
                made = await asyncio.create_subprocess_exec("mosquitto_passwd", "-b", passwords, user, user)
                await made.wait()
        self._process = await asyncio.create_subprocess_exec(
            mosquitto_program(),
            "-c",
            self._config,
            stderr=asyncio.subprocess.DEVNULL,
            start_new_session=True,
        )
        async with asyncio.timeout(START_WITHIN_S):
            while not await self._listens():
                if self._process.returncode is not None:
                    raise KikimoriError.of("mosquitto_ended", code=self._process.returncode)
                await asyncio.sleep(0.02)

    async def stop(self) -> None:
        await self._end(signal.SIGTERM)

    async def save(self) -> None:
        """Have it write its retained messages and sessions to the disk now."""
        before = self._saved_at()
        if self._process is not None:
            self._process.send_signal(signal.SIGUSR1)
        async with asyncio.timeout(START_WITHIN_S):
            while self._saved_at() == before:  # noqa: ASYNC110 - another program's file
                await asyncio.sleep(0.02)

    def _saved_at(self) -> float:
        saved = self._folder / "mosquitto.db"
        return saved.stat().st_mtime_ns if saved.exists() else 0

    async def kill(self) -> None:
        """Send SIGKILL: state that was not saved is lost."""
        await self._end(signal.SIGKILL)

    async def _end(self, number: signal.Signals) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.send_signal(number)
            await self._process.wait()

    async def _listens(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        await writer.wait_closed()
        return True


def _for_site(acl: str, site: str, dashboards: Sequence[str]) -> str:
    """Name the site, and repeat the block of `dashboard` for each dashboard."""
    acl = re.sub(r"(kikimori/v\d)/main/", rf"\1/{site}/", acl)
    return re.sub(
        r"^user dashboard\n(?:topic .*\n)+",
        lambda block: "".join(_renamed(block[0], name) for name in dashboards),
        acl,
        flags=re.MULTILINE,
    )


def _renamed(block: str, name: str) -> str:
    return block.replace("user dashboard\n", f"user {name}\n").replace(
        "dashboards/dashboard/", f"dashboards/{name}/"
    )
