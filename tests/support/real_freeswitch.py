"""A real FreeSWITCH on loopback with a configuration of its own, for tests that must not take our word for it.

The variable KIKIMORI_FREESWITCH names where one is installed: a folder with `bin/freeswitch`. It is not in Debian and
nothing here fetches it; without the variable the tests that need it are skipped.
"""

from __future__ import annotations

import asyncio
import os
import wave
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port, sound_ports

from kikimori.integrations.freeswitch.client import EslAwayError, EslClient

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

PASSWORD = "not-a-secret"

MUSIC_HZ = 620
"""The music on hold is this tone, so that a test can tell it from everything else on the line."""

NEEDED = (
    "mod_logfile", "mod_event_socket", "mod_commands", "mod_dptools", "mod_dialplan_xml", "mod_sndfile",
    "mod_tone_stream", "mod_local_stream", "mod_sofia",
)  # fmt: skip
STREAMERS = ("audio_fork", "audio_stream")
QUEUES = ("fifo", "callcenter")
OTHERS = ("mod_loopback", *(f"mod_{name}" for name in QUEUES))
"""Loaded where they are installed."""


def freeswitch_prefix() -> Path | None:
    """Return the installation that tests should use."""
    named = os.environ.get("KIKIMORI_FREESWITCH")
    return Path(named) if named else None


def modules_folder() -> Path | None:
    prefix = freeswitch_prefix()
    if prefix is None:
        return None
    places = (prefix / "mod", prefix / "lib" / "freeswitch" / "mod")
    return next((each for each in places if each.is_dir()), None)


def streamers() -> tuple[str, ...]:
    """Return which of the modules that stream audio are installed, as `[freeswitch] module` names them."""
    folder = modules_folder()
    return () if folder is None else tuple(each for each in STREAMERS if installed(f"mod_{each}"))


def installed(module: str) -> bool:
    folder = modules_folder()
    return folder is not None and (folder / f"{module}.so").exists()


needs_freeswitch = pytest.mark.skipif(
    freeswitch_prefix() is None, reason="no FreeSWITCH: KIKIMORI_FREESWITCH=/usr/local/freeswitch"
)


@dataclass
class RealFreeSwitch:
    folder: Path
    sip_port: int
    esl_port: int
    esl: EslClient = field(init=False)
    """The tests' own connection, beside those of what is tested."""
    process: asyncio.subprocess.Process = field(init=False)

    @property
    def password_file(self) -> Path:
        return self.folder / "password"

    async def start(self) -> None:
        """Start it; `esl` must be run for it to be waited for."""
        prefix, modules = freeswitch_prefix(), modules_folder()
        assert prefix is not None
        assert modules is not None
        folders = {
            name: self.folder / name
            for name in (
                "conf", "log", "db", "run", "sounds", "temp", "scripts", "htdocs", "grammar", "recordings",
                "storage", "cache", "certs",
            )
        }  # fmt: skip
        for each in folders.values():
            each.mkdir(exist_ok=True)
        arguments = [word for name, place in folders.items() for word in (f"-{name}", str(place))]
        with (self.folder / "console").open("ab") as console:
            self.process = await asyncio.create_subprocess_exec(
                str(prefix / "bin" / "freeswitch"), "-nf", "-nc", "-nonat", "-base", str(self.folder),
                *arguments, "-mod", str(modules),
                env={**os.environ, "LD_LIBRARY_PATH": str(prefix / "lib")},
                stdin=asyncio.subprocess.DEVNULL, stdout=console, stderr=console,
            )  # fmt: skip

    async def until_up(self) -> None:
        """Wait until it takes calls."""
        async with asyncio.timeout(WITHIN_S):
            while not await self._takes_calls():
                assert self.process.returncode is None, self.console()
                await asyncio.sleep(0.1)

    async def _takes_calls(self) -> bool:
        with suppress(EslAwayError):  # slow, while it starts
            return self.esl.up and "RUNNING" in await self.esl.api("sofia status")
        return False

    async def stop(self) -> None:
        """Kill it: in good order it takes seconds, and leaves nothing but its folder either way."""
        if self.process.returncode is None:
            self.process.kill()
            await self.process.wait()

    def console(self) -> str:
        return (self.folder / "console").read_text(errors="replace")[-2000:]


@asynccontextmanager
async def running_freeswitch(
    folder: Path, phones: Mapping[str, int], dialplan: str = "", *, music: bool = True
) -> AsyncIterator[RealFreeSwitch]:
    """Start a FreeSWITCH, wait until it takes calls, stop it at the end.

    `phones`: extension to the UDP port of its SIP phone on 127.0.0.1; each can be called under its name;
    with the port 0 it is not registered. `dialplan`:
    further `<extension>`s, before those. Calls to 600 and 601 wait in a queue of mod_fifo and mod_callcenter, whose one
    member is the last of `phones`. Without `music` there is no `local_stream` to play.
    """
    freeswitch = RealFreeSwitch(folder, free_port(), free_port())
    _write_configuration(freeswitch, phones, dialplan, music=music)
    freeswitch.esl = EslClient("127.0.0.1", freeswitch.esl_port, lambda: PASSWORD)
    await freeswitch.start()
    asking = asyncio.create_task(freeswitch.esl.run())
    try:
        await freeswitch.until_up()
        yield freeswitch
    finally:
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        await freeswitch.stop()


def _write_configuration(
    freeswitch: RealFreeSwitch, phones: Mapping[str, int], dialplan: str, *, music: bool
) -> None:
    folder = freeswitch.folder
    ports = sound_ports()
    (folder / "conf").mkdir(parents=True)
    (folder / "moh").mkdir()
    freeswitch.password_file.write_text(f"{PASSWORD}\n", encoding="utf-8")
    seconds = np.arange(8000 * 10) / 8000
    with wave.open(str(folder / "moh" / "music.wav"), "wb") as music_file:
        music_file.setparams((1, 2, 8000, 0, "NONE", ""))
        music_file.writeframes((np.sin(2 * np.pi * MUSIC_HZ * seconds) * 8000).astype("<i2").tobytes())
    modules = "".join(
        f'<load module="{name}"/>'
        for name in (*NEEDED, *(f"mod_{each}" for each in streamers()), *filter(installed, OTHERS))
    )
    member = f"user/{list(phones)[-1]}@127.0.0.1"
    stream = (
        f"""<directory name="moh" path="{folder / "moh"}"><param name="rate" value="8000"/><param name="channels" value="1"/>
<param name="interval" value="20"/><param name="timer-name" value="soft"/></directory>"""
        if music
        else ""
    )
    users = "".join(
        f'<user id="{name}"><params><param name="dial-string" '
        f'value="{f"sofia/internal/{name}@127.0.0.1:{port}" if port else "error/user_not_registered"}"/></params></user>'
        for name, port in phones.items()
    )
    (folder / "conf" / "freeswitch.xml").write_text(
        f"""<?xml version="1.0"?>
<document type="freeswitch/xml">
<section name="configuration">
{_table("switch.conf", {"loglevel": "debug", "rtp-start-port": ports[0], "rtp-end-port": ports[-1], "sessions-per-second": 100, "core-db-name": folder / "db" / "core.db"})}
{_table("event_socket.conf", {"nat-map": "false", "listen-ip": "127.0.0.1", "listen-port": freeswitch.esl_port, "password": PASSWORD})}
<configuration name="modules.conf"><modules>{modules}</modules></configuration>
<configuration name="logfile.conf"><profiles><profile name="default"><settings>
<param name="logfile" value="{folder / "log" / "freeswitch.log"}"/></settings>
<mappings><map name="all" value="debug,info,notice,warning,err,crit,alert"/></mappings></profile></profiles></configuration>
<configuration name="local_stream.conf">{stream}</configuration>
<configuration name="fifo.conf"><settings/><fifos><fifo name="600@127.0.0.1" importance="0">
<member timeout="60" simo="1" lag="1">{member}</member></fifo></fifos></configuration>
<configuration name="callcenter.conf"><settings/>
<queues><queue name="601@127.0.0.1"><param name="strategy" value="longest-idle-agent"/>
<param name="moh-sound" value="local_stream://moh"/></queue></queues>
<agents><agent name="member@127.0.0.1" type="callback" contact="{member}" status="Available" max-no-answer="9"
 wrap-up-time="0" reject-delay-time="1" busy-delay-time="1"/></agents>
<tiers><tier agent="member@127.0.0.1" queue="601@127.0.0.1" level="1" position="1"/></tiers></configuration>
<configuration name="acl.conf"><network-lists/></configuration>
<configuration name="timezones.conf"><timezones/></configuration>
<configuration name="post_load_modules.conf"><modules/></configuration>
<configuration name="sofia.conf"><profiles><profile name="internal"><settings>
<param name="context" value="default"/><param name="dialplan" value="XML"/><param name="auth-calls" value="false"/>
<param name="sip-ip" value="127.0.0.1"/><param name="sip-port" value="{freeswitch.sip_port}"/><param name="rtp-ip" value="127.0.0.1"/>
<param name="inbound-codec-prefs" value="PCMU"/><param name="outbound-codec-prefs" value="PCMU"/>
<param name="hold-music" value="local_stream://moh"/><param name="rtp-timer-name" value="soft"/>
<param name="manage-presence" value="false"/><param name="dbname" value="{folder / "db" / "sofia.db"}"/>
</settings></profile></profiles></configuration>
</section>
<section name="dialplan"><context name="default">
{dialplan}
<extension name="phones"><condition field="destination_number" expression="^({"|".join(phones)})$">
<action application="set" data="hangup_after_bridge=true"/>
<action application="bridge" data="user/$1@127.0.0.1"/></condition></extension>
<extension name="fifo"><condition field="destination_number" expression="^600$"><action application="answer"/>
<action application="set" data="fifo_music=local_stream://moh"/><action application="fifo" data="600@127.0.0.1 in"/></condition></extension>
<extension name="callcenter"><condition field="destination_number" expression="^601$"><action application="answer"/>
<action application="callcenter" data="601@127.0.0.1"/></condition></extension>
</context></section>
<section name="directory"><domain name="127.0.0.1">{users}</domain></section>
</document>
""",
        encoding="utf-8",
    )


def _table(name: str, settings: Mapping[str, object]) -> str:
    parameters = "".join(f'<param name="{key}" value="{value}"/>' for key, value in settings.items())
    return f'<configuration name="{name}"><settings>{parameters}</settings></configuration>'
