"""Line-in: one stereo sound card for each telephone, without a real one (`tests/support/fake_sound.py`)."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING

import numpy as np
from tests.support.deadline import WITHIN_S
from tests.support.fake_sound import FakeSound
from tests.taps.contract.driver import Abilities, PeerCall

from kikimori.integrations.line_in.settings import ActivityTable, DeviceTable, LineInTable
from kikimori.integrations.line_in.sound import Device
from kikimori.integrations.line_in.tap import LineInTap
from kikimori_core.model.call import Party, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.fake_sound import FakeCapture

    from kikimori_core.model.feed import CallDesk

RATE = 8000
FRAMES = 160
END_S = 3
DESKS = 2


class LineInDriver:
    abilities = Abilities(
        numbers=False, names=False, keys=frozenset(), garbage_ends=False, flood_ends=False, listens=False
    )

    def __init__(self) -> None:
        self._sound = FakeSound(*(Device(f"USB Audio {n}", 2, RATE) for n in range(DESKS)))
        self._numbers = count()

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> LineInTap:  # noqa: ARG002  (no network)
        table = LineInTable(
            enabled=True,
            activity=ActivityTable(begin_s=0.2, end_s=END_S),
            devices=tuple(
                DeviceTable(name=f"desk-{n}", device=f"USB Audio {n}", customer="left") for n in range(DESKS)
            ),
        )
        tap = LineInTap(desk, table, lambda: self._sound)
        await tap.listen()
        return tap

    async def begin(self, customer: Party, operator: Party) -> PeerCall:  # noqa: ARG002  (a line tells no names)
        name = f"USB Audio {next(self._numbers)}"
        async with asyncio.timeout(WITHIN_S):
            while name not in self._sound.captures:  # noqa: ASYNC110  (opened in a thread)
                await asyncio.sleep(0.01)
        return _Call(self._sound.captures[name])

    async def knock(self) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        assert all(capture.closed for capture in self._sound.captures.values())


class _Call:
    def __init__(self, capture: FakeCapture) -> None:
        self._capture = capture

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        samples = len(next(iter(voices.values()))) // 2
        frames = np.zeros((samples, 2), dtype="<i2")
        for channel, role in enumerate((Role.CUSTOMER, Role.OPERATOR)):
            if role in voices:
                frames[:, channel] = np.frombuffer(voices[role], dtype="<i2")
        for at in range(0, samples, FRAMES):
            self._capture.put(frames[at : at + FRAMES].tobytes())
            await asyncio.sleep(0)

    async def pause(self, seconds: float) -> None:
        # A sound card that nobody speaks into still gives samples: that is all of its silence.
        await self.speak({Role.CUSTOMER: bytes(round(seconds * RATE) * 2)})

    async def key(self, role: Role, digit: str) -> None:
        raise NotImplementedError

    async def hold(self, *, on: bool) -> None:
        raise NotImplementedError

    async def replace_operator(self, operator: Party) -> None:
        raise NotImplementedError

    async def hang_up(self) -> None:
        await self.pause(END_S + 0.5)

    async def break_connection(self) -> None:
        self._capture.unplug()

    async def flood(self) -> None:
        for _ in range(120):
            self._capture.put(bytes(RATE * 4))

    async def garbage(self) -> None:
        self._capture.put(b"\1\2\3")
