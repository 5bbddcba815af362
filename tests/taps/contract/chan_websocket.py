"""Asterisk's chan_websocket: legs announced over HTTP, one WebSocket connection each."""

from __future__ import annotations

import asyncio
import socket
import struct
from itertools import count
from typing import TYPE_CHECKING

import pytest
from tests.support.websocket_channel import WebSocketChannel, announce
from tests.taps.contract.driver import Abilities, PeerCall

from kikimori.integrations.chan_websocket.settings import ChanWebSocketTable
from kikimori.integrations.chan_websocket.tap import ChanWebSocketTap
from kikimori.taps.announced.directory import LegDirectory

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_core.model.call import Party, Role
    from kikimori_core.model.feed import CallDesk

FRAME_BYTES = 640


class ChanWebSocketDriver:
    """At 16 kHz, with events in words or in JSON."""

    abilities = Abilities(rate=16000)

    def __init__(self, *, as_json: bool = False) -> None:
        self._as_json = as_json
        self._numbers = count(1)
        self._channels: list[WebSocketChannel] = []

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> ChanWebSocketTap:
        directory = LegDirectory(asyncio.get_running_loop().time)
        self._tap = ChanWebSocketTap(desk, directory, ChanWebSocketTable(port=0, allow=networks))
        await self._tap.listen()
        return self._tap

    async def begin(self, customer: Party, operator: Party) -> PeerCall:
        fields = {
            "call": f"1763000000.{next(self._numbers)}",
            "caller": customer.number or "",
            "caller_name": customer.name or "",
            "operator": operator.number or "",
            "operator_name": operator.name or "",
        }
        channels = {}
        address = self._tap.addresses["chan_websocket"]
        for role in self.abilities.roles:
            channel_id = f"1763000000.{next(self._numbers)}"
            assert await announce(address, channel_id, role=role, **fields) == 201
            channels[role] = await WebSocketChannel.connect(address, channel_id)
            channels[role].start("slin16", as_json=self._as_json)
        self._channels += channels.values()
        return _Call(channels, as_json=self._as_json)

    async def knock(self) -> int:
        address = self._tap.addresses["chan_websocket"]
        assert await announce(address, "1763000000.1", call="x", role="customer") == 403
        with pytest.raises(ConnectionRefusedError):
            await WebSocketChannel.connect(address, "1763000000.1")
        return 1

    async def close(self) -> None:
        for channel in self._channels:
            channel.writer.close()


class _Call:
    def __init__(self, channels: dict[Role, WebSocketChannel], *, as_json: bool) -> None:
        self._channels = channels
        self._as_json = as_json

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        size = len(next(iter(voices.values())))
        for at in range(0, size, FRAME_BYTES):
            for role, channel in self._channels.items():
                channel.media(voices[role][at : at + FRAME_BYTES] if role in voices else bytes(FRAME_BYTES))

    async def pause(self, seconds: float) -> None:
        # The tap tells a silent network by the clock: there is no other way to be silent than to wait.
        await asyncio.sleep(seconds)

    async def key(self, role: Role, digit: str) -> None:
        self._channels[role].key(digit, as_json=self._as_json)

    async def hold(self, *, on: bool) -> None:
        raise NotImplementedError

    async def replace_operator(self, operator: Party) -> None:
        raise NotImplementedError

    async def hang_up(self) -> None:
        for channel in self._channels.values():
            channel.goodbye()

    async def break_connection(self) -> None:
        for channel in self._channels.values():
            sock = channel.writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            channel.writer.transport.abort()

    async def flood(self) -> None:
        for channel in self._channels.values():
            for _ in range(20):
                channel.media(bytes(32_000))

    async def garbage(self) -> None:
        for channel in self._channels.values():
            channel.writer.write(b"\xff" * 64)
