"""The other side of `kikimori bench calls`: a process that sends many calls' audio in real time, as a PBX would.

Plain sockets and no event loop, so that the sender is not what is measured. It says one JSON line when all legs are
connected and one when it is done.
"""

from __future__ import annotations

import argparse
import http.client
import json
import socket
import struct
import time
from contextlib import suppress
from enum import StrEnum
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode
from uuid import UUID

import numpy as np

from kikimori.integrations.audiosocket.protocol import AUDIO_RATES, HANG_UP, IDENTIFIER
from kikimori_core.model.call import Role
from kikimori_lab.demo.leg import FRAME_HEADER, FRAME_SAMPLES
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from numpy.typing import NDArray

GROUPS = 20
"""Legs are spread over the 20 ms of a frame, as the calls of a real PBX are."""
TICK_S = FRAME_SAMPLES / RATE / GROUPS


class SenderSound(StrEnum):
    """Kind of the sent sound."""

    G711 = "g711"
    """The demo's voices as they are: decoded G.711."""
    SLIN = "slin"
    """A little softer, so that they are no values of G.711."""
    WIDE = "wide"
    """Likewise, at 16 kHz."""

    @property
    def rate(self) -> int:
        """Return the samples per second."""
        return 16_000 if self is SenderSound.WIDE else RATE


_SLIN16 = next(kind for kind, rate in AUDIO_RATES.items() if rate == 16_000)
_SOFTER = 0.83
SEND_BUFFER = 16 * 1024
"""Bytes. Audio that the agent does not take within half a second is lost, and counted."""


class _Leg:
    def __init__(self, sock: socket.socket, frames: list[bytes], at: int) -> None:
        self.sock = sock
        self.frames = frames
        self.at = at


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--announce", required=True)
    arguments.add_argument("--audiosocket", required=True)
    arguments.add_argument("--calls", type=int, required=True)
    arguments.add_argument("--seconds", type=float, required=True)
    arguments.add_argument("--sound", type=SenderSound, default=SenderSound.G711)
    args = arguments.parse_args()
    legs = _connect(args.announce, args.audiosocket, args.calls, args.sound)
    _say({"ready": True, "legs": len(legs)})
    lost, late_s = _stream(legs, args.seconds)
    for leg in legs:
        with suppress(OSError):
            leg.sock.send(struct.pack(">BH", HANG_UP, 0))
        leg.sock.close()
    _say({"ready": False, "lost_frames": lost, "late_ms_max": round(late_s * 1000, 1)})


def _connect(announce: str, audiosocket: str, calls: int, sound: SenderSound) -> list[_Leg]:
    """Announce and connect two legs per call; the demo's voices, each call at another place of its recording."""
    voices = [call.voices for call in load_calls()]
    cut = [{role: _frames(voice, sound) for role, voice in call.items()} for call in voices]
    host, port = audiosocket.rsplit(":", 1)
    session = http.client.HTTPConnection(announce)
    legs = []
    for number in range(calls):
        script = cut[number % len(cut)]
        for role in (Role.CUSTOMER, Role.OPERATOR):
            form = {"call": f"bench-{number:04}", "role": str(role), "operator": str(1000 + number)}
            session.request(
                "POST", "/v1/legs", urlencode(form), {"Content-Type": "application/x-www-form-urlencoded"}
            )
            uuid = UUID(session.getresponse().read().decode())
            sock = socket.create_connection((host, int(port)))
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, SEND_BUFFER)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.sendall(struct.pack(">BH", IDENTIFIER, 16) + uuid.bytes)
            sock.setblocking(False)
            legs.append(_Leg(sock, script[role], number * 97 % len(script[role])))
    session.close()
    return legs


def _frames(voice: NDArray[np.int16], sound: SenderSound) -> list[bytes]:
    header, size = FRAME_HEADER, FRAME_SAMPLES * 2
    if sound is not SenderSound.G711:
        voice = (voice * _SOFTER).astype("<i2")
    if sound is SenderSound.WIDE:
        size *= 2
        header = struct.pack(">BH", _SLIN16, size)
        voice = np.interp(np.arange(2 * len(voice)) / 2, np.arange(len(voice)), voice).astype("<i2")
    pcm = voice.tobytes()
    return [header + pcm[at : at + size] for at in range(0, len(pcm) - size + 1, size)]


def _stream(legs: list[_Leg], seconds: float) -> tuple[int, float]:
    """Send for `seconds`; returns the frames that were not taken and the sender's own longest delay in s."""
    groups = [legs[first::GROUPS] for first in range(GROUPS)]
    lost, late_s = 0, 0.0
    began = time.perf_counter()
    for tick in range(int(seconds / TICK_S)):
        wait = began + tick * TICK_S - time.perf_counter()
        if wait > 0:
            time.sleep(wait)
        else:
            late_s = max(late_s, -wait)
        for leg in groups[tick % GROUPS]:
            frame = leg.frames[leg.at]
            leg.at = (leg.at + 1) % len(leg.frames)
            try:
                sent = leg.sock.send(frame)
            except BlockingIOError:
                lost += 1
                continue
            if sent < len(frame):
                # The rest must follow, or the stream is broken.
                leg.sock.setblocking(True)
                leg.sock.sendall(frame[sent:])
                leg.sock.setblocking(False)
    return lost, late_s


def _say(item: dict[str, Any]) -> None:
    print(json.dumps(item), flush=True)


if __name__ == "__main__":
    main()
