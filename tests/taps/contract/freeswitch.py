"""FreeSWITCH: calls told over the event socket, their audio streamed over WebSocket."""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import aiohttp
from tests.support.deadline import WITHIN_S
from tests.support.freeswitch.stream import FRAME_S, AudioStream
from tests.support.freeswitch.switch import Channel, Switch
from tests.taps.contract.driver import Abilities, PeerCall

from kikimori.integrations.freeswitch.settings import FreeSwitchTable
from kikimori.integrations.freeswitch.tap.tap import FreeSwitchTap
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Literal

    from kikimori_core.model.call import Party
    from kikimori_core.model.feed import CallDesk


class FreeSwitchDriver:
    def __init__(
        self,
        mode: Literal["stereo", "mono"] = "stereo",
        module: Literal["audio_fork", "audio_stream"] = "audio_fork",
    ) -> None:
        self.abilities = Abilities(hold=True, replaces=True)
        self._mode = mode
        self._module = module

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> FreeSwitchTap:
        self._folder = tempfile.TemporaryDirectory()
        password = Path(self._folder.name) / "password"
        password.write_text("secret\n", encoding="utf-8")
        self._switch = Switch("secret")
        await self._switch.start()
        table = FreeSwitchTable(
            tap=True,
            esl_port=self._switch.port,
            esl_password_file=password,
            module=self._module,
            mode=self._mode,
            media_port=0,
            allow=networks,
        )
        self._tap = FreeSwitchTap(desk, table, SidesTable(operator_numbers=("2??",)))
        await self._tap.listen()
        return self._tap

    async def begin(self, customer: Party, operator: Party) -> PeerCall:
        async with asyncio.timeout(WITHIN_S):
            while not (self._tap.esl and self._tap.esl.up and self._switch.linked):  # noqa: ASYNC110  (no event)
                await asyncio.sleep(0.01)
        pair = self._switch.dial_in(
            customer.number or "", customer.name or "", operator.number or "", operator.name or ""
        )
        call = _Call(self._switch, self._mode, *pair)
        await call.streaming()
        return call

    async def knock(self) -> int:
        host, port = self._tap.addresses["freeswitch_media"]
        async with aiohttp.ClientSession() as http:
            for path in ("/v1/stream/x", "/v1/dialplan/x"):
                async with http.get(f"http://{host}:{port}{path}") as answer:
                    assert answer.status == 403
                    assert await answer.text() == "peer_not_allowed\n"
        return 2

    async def close(self) -> None:
        await self._switch.stop()
        self._folder.cleanup()


class _Call:
    def __init__(self, switch: Switch, mode: str, customer: Channel, operator: Channel) -> None:
        self._switch = switch
        self._mode = mode
        self._customer = customer
        self._operator = operator

    @property
    def _streamed(self) -> tuple[Channel, ...]:
        return (self._customer,) if self._mode == "stereo" else (self._customer, self._operator)

    async def streaming(self) -> None:
        async with asyncio.timeout(WITHIN_S):
            while not all(each.stream and each.stream.connected.is_set() for each in self._streamed):  # noqa: ASYNC110
                await asyncio.sleep(0.01)

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        await self.streaming()
        silence = bytes(len(next(iter(voices.values()))))
        customer = voices.get(Role.CUSTOMER, silence)
        operator = voices.get(Role.OPERATOR, silence)
        if self._mode == "stereo":
            await self._stream(self._customer).send(customer, operator)
            return
        size = round(8000 * FRAME_S) * 2
        for at in range(0, len(silence), size):
            await self._stream(self._customer).send(customer[at : at + size])
            await self._stream(self._operator).send(operator[at : at + size])

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def key(self, role: Role, digit: str) -> None:
        self._switch.press(self._customer if role is Role.CUSTOMER else self._operator, digit)

    async def hold(self, *, on: bool) -> None:
        self._switch.hold(self._operator, on=on)

    async def replace_operator(self, operator: Party) -> None:
        self._operator = self._switch.transfer_to(self._customer, operator.number or "", operator.name or "")

    async def hang_up(self) -> None:
        self._switch.end(self._customer)

    async def break_connection(self) -> None:
        self._switch.streams_start = False
        for channel in self._streamed:
            self._stream(channel).abort()

    async def flood(self) -> None:
        for channel in self._streamed:
            for _ in range(4):
                await self._stream(channel).socket.send_bytes(bytes(320_000))

    async def garbage(self) -> None:
        for channel in self._streamed:
            await self._stream(channel).socket.send_bytes(b"\1\2\3")

    @staticmethod
    def _stream(channel: Channel) -> AudioStream:
        assert channel.stream is not None
        return channel.stream
