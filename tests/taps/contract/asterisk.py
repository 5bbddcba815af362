"""Asterisk by ARI: the simulated one (`tests/support/asterisk/ari_peer.py`), whose copies come over AudioSocket."""

from __future__ import annotations

import asyncio
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

from tests.support.asterisk.ari_peer import PASSWORD, USER, Media, SimulatedAsterisk
from tests.support.audio_socket import audio_socket_tap
from tests.support.deadline import WITHIN_S
from tests.support.telephone import FRAME_BYTES, KIND_AUDIO_8K, message
from tests.taps.contract.driver import Abilities, PeerCall

from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori.integrations.asterisk.tap.tap import AsteriskTap
from kikimori.integrations.audiosocket.tap import AudioSocketTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Party, Role

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from kikimori.taps.tap import Address
    from kikimori_core.model.feed import CallDesk
    from kikimori_core.wire.messages import Problem

SIDES = SidesTable(customer_endpoints=("PJSIP/trunk*",), operator_endpoints=("PJSIP/2??",))


async def until(condition: Callable[[], object]) -> None:
    async with asyncio.timeout(WITHIN_S):
        while not condition():  # noqa: ASYNC110  (the simulated PBX announces nothing)
            await asyncio.sleep(0.005)


class _Both:
    """The tap with the AudioSocket server that it needs, opened and closed together as the agent does."""

    def __init__(self, tap: AsteriskTap, audio: AudioSocketTap) -> None:
        self._tap = tap
        self._audio = audio
        self.name = tap.name

    @property
    def addresses(self) -> dict[str, Address]:
        return self._tap.addresses

    async def listen(self) -> None:
        await self._audio.listen()
        await self._tap.listen()

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(self._audio.run())
            tasks.create_task(self._tap.run())

    async def close(self) -> None:
        await asyncio.gather(self._audio.close(), self._tap.close())

    def problems(self) -> tuple[Problem, ...]:
        return self._tap.problems()

    def counters(self) -> dict[str, int]:
        return self._tap.counters()


class AsteriskDriver:
    # Strangers come to the AudioSocket server, which has a driver of its own.
    abilities = Abilities(hold=True, replaces=True, listens=False)

    def __init__(self) -> None:
        self._pbx = SimulatedAsterisk()
        self._folder = TemporaryDirectory()

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> _Both:
        await self._pbx.come_back()
        password = Path(self._folder.name) / "password"
        password.write_text(PASSWORD, encoding="utf-8")
        table = AsteriskTable(tap=True, ari_url=self._pbx.url, ari_user=USER, ari_password_file=password)
        directory = LegDirectory(asyncio.get_running_loop().time)
        audio = audio_socket_tap(desk, directory, networks)
        tap = _Both(AsteriskTap(desk, directory, SIDES, table, lambda: audio.server.address), audio)
        await tap.listen()
        return tap

    async def begin(self, customer: Party, operator: Party) -> PeerCall:
        pbx = self._pbx
        channels = {
            Role.CUSTOMER: pbx.channel("PJSIP/trunk", customer.number or "", customer.name or ""),
            Role.OPERATOR: pbx.channel(
                f"PJSIP/{operator.number}", operator.number or "", operator.name or "", app="AppDial"
            ),
        }
        bridge = pbx.connect(*channels.values())
        await until(lambda: all(pbx.copies(each) for each in channels.values()))
        return _Call(pbx, bridge, channels)

    async def knock(self) -> int:
        raise NotImplementedError

    async def close(self) -> None:
        await self._pbx.go_away()
        self._folder.cleanup()


class _Call:
    def __init__(self, pbx: SimulatedAsterisk, bridge: str, channels: dict[Role, str]) -> None:
        self._pbx = pbx
        self._bridge = bridge
        self._channels = channels

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        size = len(next(iter(voices.values())))
        for at in range(0, size, FRAME_BYTES):
            for role, channel in self._channels.items():
                frame = voices[role][at : at + FRAME_BYTES] if role in voices else bytes(FRAME_BYTES)
                self._pbx.say(channel, frame)

    async def pause(self, seconds: float) -> None:
        # The tap tells a silent network by the clock: there is no other way to be silent than to wait.
        await asyncio.sleep(seconds)

    async def key(self, role: Role, digit: str) -> None:
        self._pbx.press(self._channels[role], digit)

    async def hold(self, *, on: bool) -> None:
        self._pbx.hold(self._channels[Role.OPERATOR], on=on)

    async def replace_operator(self, operator: Party) -> None:
        pbx, left = self._pbx, self._channels[Role.OPERATOR]
        came = pbx.channel(
            f"PJSIP/{operator.number}", operator.number or "", operator.name or "", app="AppDial"
        )
        pbx.enter(self._bridge, came)
        self._channels[Role.OPERATOR] = came
        pbx.hang_up(left)
        await until(lambda: pbx.copies(came))

    async def hang_up(self) -> None:
        self._pbx.hang_up(*self._channels.values())

    async def break_connection(self) -> None:
        """In the middle of a message: a reset alone is how Asterisk hangs up on silence that it has not read."""
        for media in self._media():
            media.writer.write(message(KIND_AUDIO_8K, bytes(320))[:100])
            media.writer.close()

    async def flood(self) -> None:
        for media in self._media():
            media.writer.write(message(KIND_AUDIO_8K, bytes(60_000)) * 16)

    async def garbage(self) -> None:
        for media in self._media():
            media.writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")

    def _media(self) -> list[Media]:
        return [media for channel in self._channels.values() for media in self._pbx.copies(channel)]
