"""A small office on a real FreeSWITCH, with telephones that say tones, and control that is under test."""

from __future__ import annotations

import asyncio
import wave
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from tests.support.deadline import WITHIN_S
from tests.support.desk_phone import DeskPhone
from tests.support.ports import free_port
from tests.support.real_freeswitch import MUSIC_HZ, RealFreeSwitch, running_freeswitch
from tests.support.sip_phone import Habit
from tests.support.tone_office import (
    CUSTOMER_HZ,
    OPERATOR_HZ,
    SOUND_HZ,
    SUPERIOR_HZ,
    SUPERVISOR_HZ,
    ToneOffice,
)
from tests.support.wire import Wire

from kikimori.control.pbx_settings import AnnouncementFile, ControlSettings
from kikimori.integrations.freeswitch.control.control import FreeSwitchControl
from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori_core.model.call import CallInfo
from kikimori_core.wire.messages import Party

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

__all__ = [
    "CUSTOMER",
    "CUSTOMER_HZ",
    "MUSIC",
    "OPERATOR_HZ",
    "SOUND_HZ",
    "SUPERIOR_HZ",
    "SUPERVISOR_HZ",
    "FreeSwitchOffice",
    "control_settings",
    "controlled_office",
    "running",
]

CUSTOMER = "0355550142"
TONES = {CUSTOMER: CUSTOMER_HZ, "204": OPERATOR_HZ, "200": SUPERIOR_HZ, "205": SUPERVISOR_HZ}
MUSIC = {MUSIC_HZ}


@dataclass(kw_only=True)
class FreeSwitchOffice(ToneOffice[FreeSwitchControl]):
    pbx: RealFreeSwitch
    wire: Wire
    table: FreeSwitchTable
    settings: ControlSettings

    async def nobody(self) -> None:
        """Wait until FreeSWITCH has no channel left."""
        async with asyncio.timeout(WITHIN_S):
            while "0 total" not in await self.pbx.esl.api("show channels count"):  # noqa: ASYNC110  (tells nobody)
                await asyncio.sleep(0.1)

    async def talk(self) -> CallInfo:
        """The customer calls, the operator answers, both hear each other."""
        self.customer.call("204")
        return await self.know(caller=CUSTOMER)

    async def know(self, caller: str) -> CallInfo:
        """Know the call as a tap would tell it; `caller` is who called."""
        await self.heard(customer={OPERATOR_HZ}, operator={CUSTOMER_HZ})
        async with asyncio.timeout(WITHIN_S):
            # This list is a second late.
            while len(rows := await self.pbx.esl.rows("show channels")) != 2:  # noqa: ASYNC110  (as above)
                await asyncio.sleep(0.05)
        called, calling = sorted((row for row in rows), key=lambda row: row["direction"] == "inbound")
        channels = [str(calling["uuid"]), str(called["uuid"])]
        if caller != CUSTOMER:
            channels.reverse()
        self.call = CallInfo(
            "c1",
            "test",
            caller=Party(number=CUSTOMER),
            operator=Party(number="204"),
            channel=channels[0],
            operator_channel=channels[1],
        )
        return self.call


def control_settings(folder: Path, **changes: object) -> ControlSettings:
    """Settings of the test office; `changes` are fields of them."""
    settings = ControlSettings(
        superior="200",
        ring_s=4,
        longest_hold_s=60,
        after_hold="operator",
        keep_operator=True,
        announcements=(
            AnnouncementFile("hello", "Hello", str(folder / "sound.wav")),
            AnnouncementFile("missing", "Missing", "/no/such/sound.wav"),
        ),
        dial="user/{target}@127.0.0.1",
        music="local_stream://moh",
        book=folder / "held.json",
    )
    return replace(settings, **changes)  # type: ignore[arg-type]


@asynccontextmanager
async def controlled_office(
    folder: Path,
    *,
    habits: Mapping[str, Habit] | None = None,
    run: bool = True,
    music: bool = True,
    tones: Mapping[str, int] = TONES,
    dialplan: str = "",
    **changes: object,
) -> AsyncIterator[FreeSwitchOffice]:
    """Start everything; `changes` are of ControlSettings. Without `run` control is made but not running.

    There is a user 299 whose telephone is not registered.
    """
    ports = {"299": 0} | {name: free_port() for name in tones}
    with wave.open(str(folder / "sound.wav"), "wb") as sound:
        sound.setparams((1, 2, 8000, 0, "NONE", ""))
        sound.writeframes(
            (np.sin(2 * np.pi * SOUND_HZ * np.arange(8000 * 3) / 8000) * 8000).astype("<i2").tobytes()
        )
    settings = control_settings(folder, **changes)
    async with AsyncExitStack() as stack:
        pbx = await stack.enter_async_context(
            running_freeswitch(folder / "pbx", ports, dialplan, music=music)
        )
        phones = {
            name: await stack.enter_async_context(
                DeskPhone(name, ports[name], pbx.sip_port, tone, (habits or {}).get(name, Habit.ANSWER))
            )
            for name, tone in tones.items()
        }
        wire = await stack.enter_async_context(Wire(pbx.esl_port))
        table = FreeSwitchTable(esl_port=wire.port, esl_password_file=pbx.password_file)
        office = FreeSwitchOffice(
            phones=phones,
            customer_name=next(iter(tones)),
            control=FreeSwitchControl(table, settings),
            pbx=pbx,
            wire=wire,
            table=table,
            settings=settings,
        )
        if run:
            await stack.enter_async_context(running(office.control))
            await office.until(lambda: office.control.connected)
        yield office


@asynccontextmanager
async def running(control: FreeSwitchControl) -> AsyncIterator[None]:
    task = asyncio.create_task(control.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.wait([task])
