"""A SIP telephone for tests: says one tone, remembers what it hears, and does with a call what the test tells it.

SIP over UDP (RFC 3261) and G.711 mu-law over RTP, as much as one call at a time with a PBX on loopback needs. It knows
no registration: the PBX is given its address.
"""

from __future__ import annotations

import asyncio
import re
import secrets
import struct
from enum import StrEnum
from typing import Any, Self

import numpy as np

RATE = 8000
FRAME = 160
HEARD_S = 0.4
"""Seconds of the last sound that are looked at."""
LOUD = 500.0
"""Amplitude at which a tone counts as heard; the phones say theirs with 8000."""


def _ulaw_table() -> np.ndarray:
    code = ~np.arange(256, dtype=np.int32) & 0xFF
    magnitude = ((((code & 0x0F) << 3) + 0x84) << ((code >> 4) & 7)) - 0x84
    return np.where(code & 0x80, -magnitude, magnitude).astype(np.int16)


DECODED = _ulaw_table()
ENCODED = np.empty(65536, np.uint8)
_order = np.argsort(DECODED, kind="stable")
_sorted = DECODED[_order].astype(np.int32)
_all = np.arange(-32768, 32768)
_after = np.clip(np.searchsorted(_sorted, _all), 1, 255)
_nearest = np.where(np.abs(_sorted[_after] - _all) < np.abs(_sorted[_after - 1] - _all), _after, _after - 1)
ENCODED[:] = _order[_nearest].astype(np.uint8)


class Habit(StrEnum):
    """Behaviour of the phone when it is called."""

    ANSWER = "answer"
    RING = "ring"
    BUSY = "486 Busy Here"
    DECLINE = "603 Decline"
    DEAD = "dead"
    """Says nothing at all."""


class Phone(asyncio.DatagramProtocol):
    """Use as `async with Phone(...)`."""

    def __init__(
        self, name: str, port: int, pbx_port: int, tone_hz: float, habit: Habit = Habit.ANSWER
    ) -> None:
        self.name = name
        self.port = port
        self.habit = habit
        self.in_call = False
        self.ringing = False
        self.calls_seen = 0
        self._pbx = ("127.0.0.1", pbx_port)
        time = np.arange(RATE) / RATE
        tone = (np.sin(2 * np.pi * tone_hz * time) * 8000).astype(np.int32)
        self._voice = ENCODED[tone + 32768].tobytes()
        self._speech = b""
        self._heard = bytearray()
        self._heard_at = 0.0
        self._cseq = 1
        self._dialog: dict[str, str] = {}
        self._invite: dict[str, str] = {}
        self._remote_rtp: tuple[str, int] | None = None

    async def __aenter__(self) -> Self:
        loop = asyncio.get_running_loop()
        self._sip, _ = await loop.create_datagram_endpoint(lambda: self, local_addr=("127.0.0.1", self.port))
        self._rtp, _ = await loop.create_datagram_endpoint(lambda: _Rtp(self), local_addr=("127.0.0.1", 0))
        self.rtp_port: int = self._rtp.get_extra_info("sockname")[1]
        self._talking = asyncio.create_task(self._talk(), name=f"phone-{self.name}")
        return self

    async def __aexit__(self, *_: object) -> None:
        if self.in_call:
            self.hang_up()
        self._talking.cancel()
        self._sip.close()
        self._rtp.close()

    # --- what a test does and sees

    def call(self, extension: str) -> None:
        self._cseq = 1
        self._dialog = {
            "call_id": secrets.token_hex(8),
            "local": f"<sip:{self.name}@127.0.0.1>;tag={secrets.token_hex(4)}",
            "remote": f"<sip:{extension}@127.0.0.1>",
            "target": f"sip:{extension}@127.0.0.1:{self._pbx[1]}",
        }
        self._request("INVITE", self._sdp())

    def hang_up(self) -> None:
        """End the call, or stop calling."""
        if self.in_call:
            self._cseq += 1
            self._request("BYE")
        elif self._dialog:
            self._request("CANCEL")
        self._over()

    def answer(self) -> None:
        """Answer the call that rings."""
        self._answer()

    def reject(self, status: str = "603 Decline") -> None:
        self._respond(self._invite, status)
        self.ringing = False

    def say(self, samples: np.ndarray) -> None:
        """Say these samples (int16, 8 kHz) from now on; after them the tone again."""
        self._speech = ENCODED[samples.astype(np.int32) + 32768].tobytes()

    @property
    def speaks(self) -> bool:
        """Return whether `say` is not over yet."""
        return bool(self._speech)

    def hears(self) -> set[int]:
        """The tones (multiples of 20 Hz) heard in the last 0.4 s."""
        samples = DECODED[np.frombuffer(bytes(self._heard[-round(RATE * HEARD_S) :]), np.uint8)].astype(float)
        if len(samples) < RATE * HEARD_S / 2:
            return set()
        size = len(samples)
        window = np.hanning(size)
        spectrum = np.abs(np.fft.rfft(samples * window)) / window.sum() * 2
        peaks = {
            index
            for index in range(2, len(spectrum) - 2)
            if spectrum[index] > LOUD and spectrum[index] == spectrum[index - 2 : index + 3].max()
        }
        return {round(index * RATE / size / 20) * 20 for index in peaks}

    def heard(self) -> np.ndarray:
        """Return the last sound that was kept, of up to some seconds."""
        return DECODED[np.frombuffer(bytes(self._heard), np.uint8)].astype(float)

    @property
    def silent_s(self) -> float:
        """For how long no sound at all has arrived."""
        return asyncio.get_running_loop().time() - self._heard_at

    def forget_sound(self) -> None:
        self._heard.clear()

    # --- SIP

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        del addr  # only the PBX knows this port
        head, _, body = data.decode(errors="replace").partition("\r\n\r\n")
        first, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        vias = []
        for line in lines:
            key, _, value = line.partition(":")
            if key.lower() in ("via", "v"):
                vias.append(value.strip())
            headers.setdefault(key.strip().lower(), value.strip())
        headers["all-vias"] = "\r\nVia: ".join(vias)
        if first.startswith("SIP/2.0"):
            self._response(int(first.split()[1]), headers, body)
        elif self.habit is not Habit.DEAD or self.in_call:
            self._asked(first.split()[0], headers, body)

    def _asked(self, method: str, headers: dict[str, str], body: str) -> None:
        if method == "INVITE" and self.in_call and headers["call-id"] == self._dialog["call_id"]:
            self._media(body)
            self._respond(headers, "200 OK", self._sdp())
        elif method == "INVITE":
            if self._invite.get("call-id") == headers["call-id"]:
                return
            self.calls_seen += 1
            if self.in_call:
                self._respond(headers, "486 Busy Here")
                return
            self._invite = headers
            self._invite["to-tag"] = secrets.token_hex(4)
            self._media(body)
            self._respond(headers, "100 Trying")
            if self.habit in (Habit.BUSY, Habit.DECLINE):
                self._respond(headers, self.habit)
                return
            self._respond(headers, "180 Ringing")
            self.ringing = True
            if self.habit is Habit.ANSWER:
                self._answer()
        elif method == "CANCEL":
            self._respond(headers, "200 OK")
            self._respond(self._invite, "487 Request Terminated")
            self.ringing = False
        elif method == "BYE":
            self._respond(headers, "200 OK")
            self._over()
        elif method == "OPTIONS":
            self._respond(headers, "200 OK")

    def _answer(self) -> None:
        invite = self._invite
        self._dialog = {
            "call_id": invite["call-id"],
            "local": f"{invite['to']};tag={invite['to-tag']}",
            "remote": invite["from"],
            "target": _uri(invite.get("contact", "")),
        }
        self._respond(invite, "200 OK", self._sdp())
        self.ringing = False
        self.in_call = True

    def _response(self, status: int, headers: dict[str, str], body: str) -> None:
        if "INVITE" not in headers.get("cseq", "") or headers["call-id"] != self._dialog.get("call_id"):
            return
        if status >= 200:
            self._dialog["remote"] = headers["to"]
            if status < 300:
                self._dialog["target"] = _uri(headers.get("contact", ""))
                self._media(body)
                self.in_call = True
            self._request("ACK")

    def _request(self, method: str, body: str = "") -> None:
        dialog = self._dialog
        self._send(
            f"{method} {dialog['target']} SIP/2.0",
            {
                "Via": f"SIP/2.0/UDP 127.0.0.1:{self.port};branch=z9hG4bK{dialog['call_id']}{self._cseq}{'' if method in ('INVITE', 'CANCEL') else method}",
                "From": dialog["local"],
                "To": dialog["remote"],
                "CSeq": f"{self._cseq} {method}",
                "Call-ID": dialog["call_id"],
                "Max-Forwards": "70",
            },
            body,
        )

    def _respond(self, asked: dict[str, str], status: str, body: str = "") -> None:
        to = asked["to"]
        if "tag=" not in to and "to-tag" in asked and not status.startswith("100"):
            to += f";tag={asked['to-tag']}"
        self._send(
            f"SIP/2.0 {status}",
            {
                "Via": asked["all-vias"],
                "From": asked["from"],
                "To": to,
                "CSeq": asked["cseq"],
                "Call-ID": asked["call-id"],
            },
            body,
        )

    def _send(self, first: str, headers: dict[str, str], body: str) -> None:
        headers |= {"Contact": f"<sip:{self.name}@127.0.0.1:{self.port}>", "Content-Length": str(len(body))}
        if body:
            headers["Content-Type"] = "application/sdp"
        head = "\r\n".join([first, *(f"{key}: {value}" for key, value in headers.items())])
        if not self._sip.is_closing():
            self._sip.sendto(f"{head}\r\n\r\n{body}".encode(), self._pbx)

    def _sdp(self) -> str:
        return (
            "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
            f"m=audio {self.rtp_port} RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\na=sendrecv\r\n"
        )

    def _media(self, sdp: str) -> None:
        port = re.search(r"m=audio (\d+)", sdp)
        if port:
            self._remote_rtp = ("127.0.0.1", int(port[1]))

    def _over(self) -> None:
        self.in_call = self.ringing = False
        self._dialog = {}
        self._heard.clear()

    # --- RTP

    def sound(self, packet: bytes) -> None:
        if len(packet) > 12 and packet[1] & 0x7F == 0:
            self._heard += packet[12:]
            self._heard_at = asyncio.get_running_loop().time()
            del self._heard[: -RATE * 5]

    async def _talk(self) -> None:
        loop = asyncio.get_running_loop()
        sequence, due = 0, loop.time()
        source = secrets.token_bytes(4)
        while True:
            if self.in_call and self._remote_rtp and not self._rtp.is_closing():
                at = sequence * FRAME % RATE
                frame = self._speech[:FRAME] if len(self._speech) >= FRAME else self._voice[at : at + FRAME]
                self._speech = self._speech[FRAME:]
                head = (
                    struct.pack("!BBHI", 0x80, 0, sequence & 0xFFFF, sequence * FRAME & 0xFFFFFFFF) + source
                )
                self._rtp.sendto(head + frame, self._remote_rtp)
                sequence += 1
            due = max(due + FRAME / RATE, loop.time() - 0.1)
            await asyncio.sleep(max(due - loop.time(), 0))


class _Rtp(asyncio.DatagramProtocol):
    def __init__(self, phone: Phone) -> None:
        self._phone = phone

    def datagram_received(self, data: bytes, addr: tuple[str | Any, int]) -> None:
        del addr
        self._phone.sound(data)


def _uri(header: str) -> str:
    found = re.search(r"<([^>]*)>", header)
    return found[1] if found else header
