"""A small office on a real Asterisk, with telephones that say tones, and control that is under test."""

from __future__ import annotations

import asyncio
import socket
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import kikimori_config
import numpy as np
from tests.support.asterisk.wire import Wire
from tests.support.real_asterisk import MUSIC_HZ, Layout, RealAsterisk, free_port, running_asterisk
from tests.support.sip_phone import Habit, Phone

from kikimori.asterisk.settings import AsteriskTable
from kikimori.model.call import CallInfo
from kikimori.pbx.asterisk import AsteriskControl, ControlSettings, Sound
from kikimori.pbx.control import PbxAnswer, PbxRequest
from kikimori_wire.messages import Action, CallStatus, Party

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Mapping
    from pathlib import Path

WITHIN_S = 15.0
CUSTOMER_HZ, OPERATOR_HZ, SUPERIOR_HZ, SUPERVISOR_HZ, SOUND_HZ = 440, 1000, 1700, 1240, 2300
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


@dataclass
class Office:
    asterisk: RealAsterisk
    wire: Wire
    phones: dict[str, Phone]
    table: AsteriskTable
    settings: ControlSettings
    control: AsteriskControl
    told: list[CallStatus] = field(default_factory=list)
    call: CallInfo = field(default_factory=lambda: CallInfo("c1", "test"))

    @property
    def customer(self) -> Phone:
        return self.phones["trunk"]

    @property
    def operator(self) -> Phone:
        return self.phones["204"]

    @property
    def superior(self) -> Phone:
        return self.phones["200"]

    @property
    def supervisor(self) -> Phone:
        return self.phones["205"]

    async def until(self, condition: Callable[[], object], within_s: float = WITHIN_S) -> None:
        async with asyncio.timeout(within_s):
            while not condition():  # noqa: ASYNC110  (sound of several telephones sets no event)
                await asyncio.sleep(0.02)

    async def heard(self, **phones: set[int] | None) -> None:
        """Wait until each phone (`customer`, `operator`, `superior`, `supervisor`) hears these tones; None = is out."""

        def now() -> dict[str, set[int] | None]:
            return {
                name: phone.hears() if (phone := getattr(self, name)).in_call else None for name in phones
            }

        try:
            await self.until(lambda: now() == phones)
        except TimeoutError:
            raise AssertionError(f"wanted {phones}, heard {now()}") from None

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

    async def press(
        self,
        action: Action,
        target: str = "200",
        *,
        keep: bool | None = None,
        announcement: str | None = None,
        call: CallInfo | None = None,
    ) -> PbxAnswer:
        request = PbxRequest(action, call or self.call, target, keep, announcement)
        return await self.control.carry_out(request, self.told.append)


def control_settings(folder: Path, **changes: object) -> ControlSettings:
    """Settings of the test office; `changes` are fields of them."""
    settings = ControlSettings(
        superior="200",
        ring_s=3,
        longest_hold_s=60,
        after_hold="operator",
        keep_operator=True,
        announcements=(
            Sound("hello", "Hello", str(folder / "sound")),
            Sound("missing", "Missing", "no/such/sound"),
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
) -> AsyncIterator[Office]:
    """Start everything; `changes` are of ControlSettings. Without `run` control is made but not running.

    `more` are further lines of the context `office`.
    """
    ports = {name: free_port(socket.SOCK_DGRAM) for name in tones}
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
        office = Office(asterisk, wire, phones, table, settings, AsteriskControl(table, settings))
        if run:
            running = asyncio.create_task(office.control.run())
            stack.push_async_callback(_end, running)
            await office.until(lambda: office.control.connected, 60)
        yield office


async def _end(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.wait([task])


MUSIC = {MUSIC_HZ}
