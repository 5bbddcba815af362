"""A small office on a real Asterisk, with telephones that say tones, and control that is under test."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import kikimori_config
import numpy as np
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.real_asterisk import MUSIC_HZ, Layout, RealAsterisk, running_asterisk
from tests.support.sip_phone import Habit, Phone
from tests.support.tone_office import (
    CUSTOMER_HZ,
    OPERATOR_HZ,
    SOUND_HZ,
    SUPERIOR_HZ,
    SUPERVISOR_HZ,
    ToneOffice,
)
from tests.support.wire import Wire

from kikimori.integrations.asterisk.control import AnnouncementFile, AsteriskControl, AsteriskControlSettings
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Party

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

__all__ = [
    "CUSTOMER_HZ",
    "MUSIC",
    "OPERATOR_HZ",
    "SOUND_HZ",
    "SUPERIOR_HZ",
    "SUPERVISOR_HZ",
    "AsteriskOffice",
    "control_settings",
    "controlled_office",
    "shipped",
]

TONES = {"trunk": CUSTOMER_HZ, "204": OPERATOR_HZ, "200": SUPERIOR_HZ, "205": SUPERVISOR_HZ, "201": 2000}

OFFICE = """
[office]
exten => _2XX,1,Dial(PJSIP/${EXTEN},30)
 same => n,Hangup()
exten => outside,1,Dial(PJSIP/trunk,30)
exten => 600,1,Answer()
 same => n,Queue(help)
"""


def shipped(name: str) -> str:
    """A file of config/pbx/asterisk/ as it is shipped."""
    folder = next(iter(kikimori_config.__path__))
    with open(f"{folder}/pbx/asterisk/{name}", encoding="utf-8") as file:  # noqa: PTH123
        return file.read()


@dataclass(kw_only=True)
class AsteriskOffice(ToneOffice[AsteriskControl]):
    asterisk: RealAsterisk
    wire: Wire
    table: AsteriskTable
    settings: AsteriskControlSettings

    async def channels(self) -> list[str]:
        lines = (await self.asterisk.cli("core show channels concise")).splitlines()
        return [line.split("!")[0] for line in lines if "!" in line]

    async def nobody(self) -> None:
        """Wait until Asterisk has no channel left."""
        async with asyncio.timeout(WITHIN_S):
            while await self.channels():  # noqa: ASYNC110  (the console tells nobody)
                await asyncio.sleep(0.1)

    async def talk(self, extension: str = "204") -> CallInfo:
        """The customer calls, the operator answers, both hear each other."""
        self.customer.call(extension)
        await self.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        return await self.know()

    async def know(self) -> CallInfo:
        """Know the call as a tap would tell it."""
        names = await self.channels()
        self.call = CallInfo(
            "c1",
            "test",
            operator=Party(number="204"),
            channel=next(name for name in names if "/trunk-" in name),
            operator_channel=next((name for name in names if "/204-" in name), None),
        )
        return self.call


def control_settings(folder: Path, **changes: object) -> AsteriskControlSettings:
    """Settings of the test office; `changes` are fields of them."""
    settings = AsteriskControlSettings(
        superior="200",
        ring_s=3,
        longest_hold_s=60,
        after_hold="operator",
        keep_operator=True,
        announcements=(
            AnnouncementFile("hello", "Hello", str(folder / "sound")),
            AnnouncementFile("missing", "Missing", "no/such/sound"),
        ),
        dial="Local/{extension}@office",
        music="default",
        book=folder / "held.json",
    )
    return replace(settings, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def controlled_office(
    folder: Path,
    *,
    files: Mapping[str, str] | None = None,
    dialplan: str | None = None,
    more: str = "",
    habits: Mapping[str, Habit] | None = None,
    tones: Mapping[str, int] = TONES,
    run: bool = True,
    **changes: object,
) -> AsyncIterator[AsteriskOffice]:
    """Start everything; `changes` are of ControlSettings. Without `run` control is made but not running.

    `more` are further lines of the context `office`.
    """
    ports = {name: free_port() for name in tones}
    sound = folder / "sound"
    (np.sin(2 * np.pi * SOUND_HZ * np.arange(8000 * 3) / 8000) * 8000).astype("<i2").tofile(
        sound.with_suffix(".sln")
    )
    (folder / "password").write_text("not-a-secret\n", encoding="utf-8")
    user = (
        shipped("kikimori-manager.conf").replace("change-me", "not-a-secret").replace("[kikimori]", "[least]")
    )
    layout = Layout(
        ports,
        OFFICE + more + (shipped("kikimori-control.conf") if dialplan is None else dialplan),
        {
            "queues.conf": "[general]\n[help]\nmember => PJSIP/204\n",
            "kikimori-manager.conf": user,
            **(files or {}),
        },
    )
    settings = control_settings(folder, **changes)
    async with AsyncExitStack() as stack:
        asterisk = await stack.enter_async_context(running_asterisk(folder, layout))
        phones = {
            name: await stack.enter_async_context(
                Phone(name, ports[name], asterisk.sip_port, tone, (habits or {}).get(name, Habit.ANSWER))
            )
            for name, tone in tones.items()
        }
        wire = await stack.enter_async_context(Wire(asterisk.ami_port))
        table = AsteriskTable(ami_port=wire.port, ami_user="least", ami_password_file=folder / "password")
        office = AsteriskOffice(
            phones=phones,
            customer_name="trunk",
            control=AsteriskControl(table, settings),
            asterisk=asterisk,
            wire=wire,
            table=table,
            settings=settings,
        )
        if run:
            running = asyncio.create_task(office.control.run())
            stack.push_async_callback(_end, running)
            await office.until(lambda: office.control.connected)
        yield office


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


MUSIC = {MUSIC_HZ}
