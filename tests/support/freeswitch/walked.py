"""A real FreeSWITCH to walk over."""

from __future__ import annotations

from contextlib import asynccontextmanager
from random import Random
from typing import TYPE_CHECKING, Any

from tests.support.freeswitch.controlled import controlled_office
from tests.support.real_freeswitch import MUSIC_HZ
from tests.support.walked_office import HOLD_S, PAIRS, RING_S, TONES, WalkedPbx

if TYPE_CHECKING:
    import asyncio
    from collections.abc import AsyncIterator, Mapping
    from pathlib import Path

    from tests.support.freeswitch.controlled import FreeSwitchOffice


LONG_HOLD_S, LONG_RING_S = 30, 8
"""So long that a person presses meanwhile, and a wrong page stays wrong."""


def _extension(number: str, *applications: str) -> str:
    actions = "".join(
        f'<action application="{name}" data="{data}"/>'
        for name, _, data in (application.partition(":") for application in applications)
    )
    return f'<extension name="{number}"><condition field="destination_number" expression="^{number}$">{actions}</condition></extension>\n'


MORE_DIALPLAN = "".join(
    _extension(
        f"60{number}",
        "answer:",
        "playback:tone_stream://%(300,0,480)",
        "set:hangup_after_bridge=true",
        f"bridge:user/{operator}@127.0.0.1",
    )
    + _extension(f"out{number}", f"bridge:user/{trunk}@127.0.0.1")
    for number, (trunk, operator) in enumerate(PAIRS, 1)
)
"""Callers of 60n are answered before the operator is called; when an operator calls, nothing says what follows."""


class WalkedFreeSwitch(WalkedPbx):
    kind = "freeswitch"
    music_hz = MUSIC_HZ
    patience = 0.8
    troubles = ("reload", "lose book")

    def __init__(self, office: FreeSwitchOffice, settings: Mapping[str, Any]) -> None:
        self.settings = settings
        self._pbx = office.pbx
        self.phones = office.phones
        self.wire = office.wire
        self.password_file = office.pbx.password_file

    @property
    def process(self) -> asyncio.subprocess.Process:
        return self._pbx.process

    async def channels(self) -> list[tuple[str, str]]:
        rows = await self._pbx.esl.rows("show channels")
        return [(str(row["name"]).rpartition("/")[2].partition("@")[0], str(row["uuid"])) for row in rows]

    async def rest(self) -> list[str]:
        return []

    async def hang_up(self, channel: str) -> None:
        await self._pbx.esl.api(f"uuid_kill {channel}")

    async def trouble(self, what: str) -> None:
        assert what == "reload"
        await self._pbx.esl.api("reloadxml")

    async def die(self) -> None:
        await self._pbx.stop()

    async def start(self) -> None:
        await self._pbx.start()
        await self._pbx.until_up()


@asynccontextmanager
async def walked_freeswitch(folder: Path, seed: int) -> AsyncIterator[WalkedFreeSwitch]:
    """Start it; the seed says how long holds and ringing last, who is rung after a hold, and whether operators stay."""
    drawn = Random(seed)  # noqa: S311  (a test must be repeatable)
    settings = {
        "longest_hold_s": drawn.choice((HOLD_S, LONG_HOLD_S)),
        "ring_s": drawn.choice((RING_S, LONG_RING_S)),
        "after_hold": drawn.choice(("operator", "superior")),
        "keep_operator": drawn.choice((True, False)),
    }
    async with controlled_office(folder, run=False, tones=TONES, dialplan=MORE_DIALPLAN) as office:
        yield WalkedFreeSwitch(office, settings)
