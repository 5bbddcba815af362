"""A real Asterisk to walk over."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from tests.support.asterisk.controlled import controlled_office
from tests.support.real_asterisk import MUSIC_HZ
from tests.support.walked_office import HOLD_S, PAIRS, RING_S, RINGING_HZ, TONES, WalkedPbx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.asterisk.controlled import AsteriskOffice

FILES = {
    "indications.conf": f"[general]\ncountry=test\n[test]\ndescription=Test\nring={RINGING_HZ}\nbusy=480/500,0/500\n"
    "congestion=480/250,0/250\n",
    "queues.conf": "[general]\n"
    + "".join(f"[q{operator}]\nmember => PJSIP/{operator}\n" for _, operator in PAIRS),
}
MORE_DIALPLAN = "".join(
    f"exten => 60{number},1,Answer()\n same => n,Queue(q{operator})\n"
    f"exten => out{number},1,Dial(PJSIP/{trunk},30)\n same => n,Hangup()\n"
    for number, (trunk, operator) in enumerate(PAIRS, 1)
)


class WalkedAsterisk(WalkedPbx):
    kind = "asterisk"
    music_hz = MUSIC_HZ
    troubles = ("reload", "moh")

    def __init__(self, office: AsteriskOffice) -> None:
        self._office = office
        self._asterisk = office.asterisk
        self.phones = office.phones
        self.wire = office.wire
        assert office.table.ami_password_file is not None
        self.password_file = office.table.ami_password_file

    @property
    def process(self) -> asyncio.subprocess.Process:
        return self._asterisk.process

    async def channels(self) -> list[tuple[str, str]]:
        names = await self._office.channels()
        return [(name.partition("/")[2].rpartition("-")[0], name) for name in names]

    async def rest(self) -> list[str]:
        _, *bridges = (await self._asterisk.cli("bridge show all")).strip().splitlines()
        return bridges

    async def hang_up(self, channel: str) -> None:
        await self._asterisk.cli(f"channel request hangup {channel}")

    async def trouble(self, what: str) -> None:
        await self._asterisk.cli({"reload": "core reload", "moh": "moh reload"}[what])

    async def die(self) -> None:
        await self._asterisk.die()

    async def start(self) -> None:
        await self._asterisk.start()


@asynccontextmanager
async def walked_asterisk(folder: Path) -> AsyncIterator[WalkedAsterisk]:
    async with controlled_office(
        folder,
        run=False,
        tones=TONES,
        files=FILES,
        longest_hold_s=HOLD_S,
        ring_s=RING_S,
        more=MORE_DIALPLAN,
    ) as office:
        yield WalkedAsterisk(office)
