"""A real Asterisk on loopback with a configuration of its own, for tests that must not take our word for it.

`make asterisk` fetches one into `.asterisk/`; the variable KIKIMORI_ASTERISK names another binary. Without either the
tests that need it are skipped.
"""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port, sound_ports

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

ROOT = Path(__file__).parents[2]
DOWN_WITHIN_S = 10

MUSIC_HZ = 620
"""The music on hold is this tone, so that a test can tell it from everything else on the line."""

NOT_LOADED = (
    "chan_dahdi", "chan_iax2", "chan_unistim", "chan_console", "chan_motif", "chan_mobile", "chan_skinny",
    "chan_mgcp", "res_config_pgsql", "res_config_ldap", "res_config_sqlite3", "cdr_pgsql", "cel_pgsql", "cdr_radius",
    "cel_radius", "cdr_tds", "cel_tds", "cdr_sqlite3_custom", "cel_sqlite3_custom", "res_snmp", "res_xmpp",
    "pbx_dundi", "pbx_ael", "pbx_lua", "res_calendar", "res_fax", "res_phoneprov", "app_voicemail",
    "app_voicemail_imap", "app_voicemail_odbc", "res_odbc", "res_config_odbc", "cdr_odbc", "cel_odbc",
)  # fmt: skip


def asterisk_binary() -> Path | None:
    """Return the Asterisk that tests should use."""
    named = os.environ.get("KIKIMORI_ASTERISK")
    fetched = ROOT / ".asterisk" / "asterisk"
    if named:
        return Path(named)
    return fetched if fetched.exists() else None


needs_asterisk = pytest.mark.skipif(
    asterisk_binary() is None, reason="no Asterisk: `make asterisk`, or KIKIMORI_ASTERISK=/usr/sbin/asterisk"
)


@dataclass(frozen=True)
class Layout:
    """Layout for tests. `phones`: extension or trunk name to the UDP port of its SIP phone on 127.0.0.1."""

    phones: Mapping[str, int]
    dialplan: str = ""
    """Added to extensions.conf: whole contexts. Calls of all phones enter the context `office`."""
    files: Mapping[str, str] = field(default_factory=dict)
    """Further configuration files, by name; they replace the ones made here."""


@dataclass
class RealAsterisk:
    folder: Path
    sip_port: int
    http_port: int
    ami_port: int
    user: str = "kikimori"
    password: str = "not-a-secret"
    process: asyncio.subprocess.Process = field(init=False)

    @property
    def ari_url(self) -> str:
        return f"http://127.0.0.1:{self.http_port}/ari"

    def log(self) -> str:
        return (self.folder / "log" / "full").read_text(encoding="utf-8", errors="replace")

    async def start(self) -> None:
        """Start it and wait until it is fully booted."""
        with (self.folder / "console").open("ab") as console:
            self.process = await asyncio.create_subprocess_exec(
                str(asterisk_binary()), "-f", "-n", "-C", str(self.folder / "etc" / "asterisk.conf"),
                stdout=console, stderr=console,
            )  # fmt: skip
        async with asyncio.timeout(WITHIN_S):
            while "fully booted" not in (await self.cli("core waitfullybooted")).lower():
                assert self.process.returncode is None, self.console()
                await asyncio.sleep(0.2)

    async def die(self) -> None:
        """Kill it, as a crash would."""
        self.process.kill()
        await self.process.wait()

    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")[-2000:]

    async def cli(self, command: str) -> str:
        """Run a console command and return what it printed."""
        process = await asyncio.create_subprocess_exec(
            str(asterisk_binary()), "-C", str(self.folder / "etc" / "asterisk.conf"), "-rx", command,
            stdout=asyncio.subprocess.PIPE, stderr=asyncio.subprocess.STDOUT,
        )  # fmt: skip
        async with asyncio.timeout(WITHIN_S):
            out, _ = await process.communicate()
        return out.decode(errors="replace")


@asynccontextmanager
async def running_asterisk(folder: Path, layout: Layout) -> AsyncIterator[RealAsterisk]:
    """Start an Asterisk that knows `layout`, wait until it is fully booted, stop it at the end."""
    binary = asterisk_binary()
    assert binary is not None
    ports = {"sip": free_port(), "http": free_port(), "ami": free_port()}
    write_configuration(folder, binary, layout, ports)
    asterisk = RealAsterisk(folder, ports["sip"], ports["http"], ports["ami"])
    try:
        await asterisk.start()
        yield asterisk
    finally:
        process = getattr(asterisk, "process", None)
        if process is not None and process.returncode is None:
            process.terminate()
            try:
                async with asyncio.timeout(DOWN_WITHIN_S):
                    await process.wait()
            except TimeoutError:
                process.kill()
                await process.wait()


def write_configuration(folder: Path, binary: Path, layout: Layout, ports: Mapping[str, int]) -> None:
    etc = folder / "etc"
    for each in ("etc", "run", "log", "spool", "db", "moh"):
        (folder / each).mkdir(parents=True, exist_ok=True)
    modules = next(
        (
            m
            for m in (binary.parent / "modules", binary.parent.parent / "lib" / "asterisk" / "modules")
            if m.is_dir()
        ),
        None,
    )
    data = next((d for d in (binary.parent / "data",) if d.is_dir()), None)
    heard_at = sound_ports()
    seconds = np.arange(8000 * 10) / 8000
    (np.sin(2 * np.pi * MUSIC_HZ * seconds) * 8000).astype("<i2").tofile(folder / "moh" / "music.sln")
    files = {
        "asterisk.conf": "[directories]\n"
        + (f"astmoddir => {modules}\n" if modules else "")
        + (f"astdatadir => {data}\n" if data else "")
        + f"astetcdir => {etc}\nastrundir => {folder / 'run'}\nastlogdir => {folder / 'log'}\n"
        f"astspooldir => {folder / 'spool'}\nastdbdir => {folder / 'db'}\nastkeydir => {folder / 'db'}\n"
        f"astvarlibdir => {folder / 'db'}\n",
        "modules.conf": "[modules]\nautoload=yes\n"
        + "".join(f"noload => {name}.so\n" for name in NOT_LOADED),
        "logger.conf": "[logfiles]\nfull => notice,warning,error,verbose\n",
        "http.conf": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nbindport={ports['http']}\n"
        "#tryinclude http-tls.conf\n",
        "ari.conf": "[general]\nenabled=yes\n[kikimori]\ntype=user\nread_only=no\npassword=not-a-secret\n",
        "manager.conf": f"[general]\nenabled=yes\nbindaddr=127.0.0.1\nport={ports['ami']}\n"
        "#tryinclude manager-tls.conf\n[kikimori]\nsecret=not-a-secret\nread=all\nwrite=all\n#tryinclude kikimori-manager.conf\n",
        "rtp.conf": f"[general]\nrtpstart={heard_at[0]}\nrtpend={heard_at[-1]}\nstrictrtp=no\n",
        "musiconhold.conf": f"[default]\nmode=files\ndirectory={folder / 'moh'}\n",
        "pjsip.conf": f"[udp]\ntype=transport\nprotocol=udp\nbind=127.0.0.1:{ports['sip']}\n"
        + "".join(phone(name, port) for name, port in layout.phones.items()),
        "extensions.conf": layout.dialplan,
        "queues.conf": "[general]\n",
    } | dict(layout.files)
    for name, text in files.items():
        (etc / name).write_text(text, encoding="utf-8")


def phone(name: str, port: int) -> str:
    return (
        f"\n[{name}]\ntype=endpoint\ncontext=office\ntransport=udp\naors={name}\ndisallow=all\nallow=ulaw\n"
        f'direct_media=no\nidentify_by=username\ncallerid="{name}" <{name}>\ntrust_id_inbound=yes\nallow_transfer=yes\n'
        f"\n[{name}]\ntype=aor\ncontact=sip:{name}@127.0.0.1:{port}\n"
    )
