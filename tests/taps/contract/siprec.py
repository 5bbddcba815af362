"""SIPREC: an SRC by UDP, two RTP streams, metadata that names the parties."""

from __future__ import annotations

import asyncio
from itertools import count
from typing import TYPE_CHECKING
from xml.sax.saxutils import escape

import numpy as np
from tests.support.pcap import FRAME, ulaw
from tests.support.src import Recording, RtpSender, SipSocket, both, metadata, sdp
from tests.taps.contract.driver import Abilities, PeerCall

from kikimori.integrations.siprec.settings import SiprecTable
from kikimori.integrations.siprec.tap import SiprecTap
from kikimori.taps.sides import SidesTable
from kikimori_core.model.call import Party, Role

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from kikimori_core.model.feed import CallDesk

FRAME_S = 0.02
KEYS = "0123456789*#"
SILENCE = b"\xff" * FRAME


class SiprecDriver:
    abilities = Abilities(
        snr_db=25,
        hold=True,
        replaces=True,
        tells_loss=False,
        garbage_ends=False,
        flood_ends=False,
    )

    def __init__(self, certificate: tuple[Path, Path] | None = None) -> None:
        """With a certificate and its key, it listens by TLS too."""
        self._certificate = certificate
        self._lines: list[SipSocket] = []
        self._voices: list[RtpSender] = []

    async def open(self, desk: CallDesk, networks: tuple[str, ...]) -> SiprecTap:
        table = SiprecTable(enabled=True, port=0, first_rtp_port=27000, last_rtp_port=27999, allow=networks)
        if self._certificate is not None:
            cert, key = self._certificate
            table = table.model_copy(update={"tls_port": 0, "tls_cert": cert, "tls_key": key})
        self._tap = SiprecTap(desk, table, SidesTable())
        await self._tap.listen()
        return self._tap

    async def begin(self, customer: Party, operator: Party) -> PeerCall:
        line = await SipSocket.udp(self._tap.addresses["siprec_udp"])
        self._lines.append(line)
        recording = Recording(line)
        call = _Call(recording, customer, operator)
        ports = await call.offer()
        call.voices = {role: RtpSender(port) for role, port in zip(self.abilities.roles, ports, strict=True)}
        self._voices += call.voices.values()
        return call

    async def knock(self) -> int:
        line = await SipSocket.udp(self._tap.addresses["siprec_udp"])
        line.send(Recording(line).message("OPTIONS"))
        _, writer = await asyncio.open_connection(*self._tap.addresses["siprec_tcp"])
        writer.close()
        await line.close()
        return 2

    async def close(self) -> None:
        for line in self._lines:
            await line.close()
        for voice in self._voices:
            voice.close()


class _Call:
    def __init__(self, recording: Recording, customer: Party, operator: Party) -> None:
        self.voices: dict[Role, RtpSender] = {}
        self._recording = recording
        self._customer = customer
        self._operator = operator
        self._versions = count(1)
        self._replaced = 0
        self._spoke_until: float | None = None

    async def offer(self, direction: str = "sendonly") -> list[int]:
        """INVITE or re-INVITE with all that is known; returns the ports that are answered."""
        parties = [
            (
                "customer",
                f"sip:{self._customer.number}@carrier.example",
                escape(self._customer.name or ""),
                "1",
            ),
            (
                f"operator{self._replaced}",
                f"sip:{self._operator.number}@pbx.example",
                escape(self._operator.name or ""),
                "2",
            ),
        ]
        version = next(self._versions)
        answer = await self._recording.invite(
            both(sdp(direction, direction, version=version), metadata(*parties))
        )
        assert answer.status == 200
        return [port for port, _ in answer.media]

    async def speak(self, voices: Mapping[Role, bytes]) -> None:
        spoken = {role: ulaw(np.frombuffer(pcm, "<i2")) for role, pcm in voices.items()}
        size = len(next(iter(spoken.values())))
        clock = asyncio.get_running_loop().time
        begun = clock()
        if self._spoke_until is not None:
            # Timestamps of a telephone go on while it sends nothing.
            for voice in self.voices.values():
                voice.pause(begun - self._spoke_until)
        for at in range(0, size, FRAME):
            for role, voice in self.voices.items():
                voice.frame(spoken[role][at : at + FRAME] if role in spoken else SILENCE)
            await asyncio.sleep(begun + (at // FRAME + 1) * FRAME_S - clock())
        self._spoke_until = begun + size // FRAME * FRAME_S

    async def pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    async def key(self, role: Role, digit: str) -> None:
        self.voices[role].key(KEYS.index(digit))

    async def hold(self, *, on: bool) -> None:
        await self.offer("inactive" if on else "sendonly")

    async def replace_operator(self, operator: Party) -> None:
        self._operator = operator
        self._replaced += 1
        await self.offer()

    async def hang_up(self) -> None:
        await self._recording.bye()

    async def break_connection(self) -> None:
        raise NotImplementedError

    async def flood(self) -> None:
        for voice in self.voices.values():
            for _ in range(3000):
                voice.frame(SILENCE)
            await asyncio.sleep(0)

    async def garbage(self) -> None:
        self._recording.line.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        for voice in self.voices.values():
            voice.raw(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
