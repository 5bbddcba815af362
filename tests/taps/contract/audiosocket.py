"""Asterisk's AudioSocket: legs announced over HTTP, one TCP connection each."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from itertools import count
from typing import TYPE_CHECKING
from uuid import UUID, uuid4

import aiohttp
from tests.support.audio_socket import audio_socket_tap
from tests.support.telephone import (
    FRAME_BYTES,
    KIND_AUDIO_8K,
    KIND_DTMF,
    KIND_HANG_UP,
    KIND_IDENTITY,
    SILENCE,
    message,
)
from tests.taps.contract.driver import Abilities, PeerCall

from kikimori.integrations.audiosocket.tap import AudioSocketTap
from kikimori.taps.announced.directory import LegDirectory
from kikimori_core.model.call import Party, Role

if TYPE_CHECKING:
    from collections.abc import Mapping

    from kikimori_core.model.feed import CallDesk


class AudioSocketDriver:
    abilities = Abilities()

    def __init__(self) -> None:
        self._calls = count(1)
        self._writers: list[asyncio.StreamWriter] = []

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> AudioSocketTap:
        directory = LegDirectory(asyncio.get_running_loop().time)
        self._tap = audio_socket_tap(desk, directory, networks)
        await self._tap.listen()
        return self._tap

    async def begin(self, customer: Party, operator: Party) -> PeerCall:
        fields = {
            "call": f"1764000000.{next(self._calls)}",
            "caller": customer.number or "",
            "caller_name": customer.name or "",
            "operator": operator.number or "",
            "operator_name": operator.name or "",
        }
        writers = {}
        for role in self.abilities.roles:
            async with (
                aiohttp.ClientSession() as http,
                http.post(self._url, data={**fields, "role": role}) as answer,
            ):
                uuid = UUID(await answer.text())
            _, writers[role] = await asyncio.open_connection(*self._tap.addresses["audiosocket"])
            writers[role].write(message(KIND_IDENTITY, uuid.bytes))
        self._writers += writers.values()
        return _Call(writers)

    async def knock(self) -> int:
        fields = {"call": "x", "role": "customer"}
        async with aiohttp.ClientSession() as http, http.post(self._url, data=fields) as answer:
            assert answer.status == 403
        reader, writer = await asyncio.open_connection(*self._tap.addresses["audiosocket"])
        writer.write(message(KIND_IDENTITY, uuid4().bytes))
        with suppress(ConnectionResetError):
            assert await reader.read() == b""
        writer.close()
        return 1

    async def close(self) -> None:
        for writer in self._writers:
            writer.close()

    @property
    def _url(self) -> str:
        host, port = self._tap.addresses["announce"]
        return f"http://{host}:{port}/v1/legs"


class _Call:
    def __init__(self, writers: dict[Role, asyncio.StreamWriter]) -> None:
        self._writers = writers

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        size = len(next(iter(voices.values())))
        for at in range(0, size, FRAME_BYTES):
            for role, writer in self._writers.items():
                frame = voices[role][at : at + FRAME_BYTES] if role in voices else SILENCE
                writer.write(message(KIND_AUDIO_8K, frame))

    async def pause(self, seconds: float) -> None:
        # The tap tells a silent network by the clock: there is no other way to be silent than to wait.
        await asyncio.sleep(seconds)

    async def key(self, role: Role, digit: str) -> None:
        self._writers[role].write(message(KIND_DTMF, digit.encode()))

    async def hold(self, *, on: bool) -> None:
        raise NotImplementedError

    async def replace_operator(self, operator: Party) -> None:
        raise NotImplementedError

    async def hang_up(self) -> None:
        for writer in self._writers.values():
            writer.write(message(KIND_HANG_UP))

    async def break_connection(self) -> None:
        for writer in self._writers.values():
            sock = writer.get_extra_info("socket")
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    async def flood(self) -> None:
        for writer in self._writers.values():
            writer.write(message(KIND_AUDIO_8K, bytes(60_000)) * 16)

    async def garbage(self) -> None:
        for writer in self._writers.values():
            writer.write(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
