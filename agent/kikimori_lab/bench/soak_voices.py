"""Voices in the calls of `kikimori bench soak`: the demo's recordings, 20 ms at a time."""

from __future__ import annotations

import asyncio
from functools import cache
from typing import TYPE_CHECKING

from kikimori_core.model.call import Role
from kikimori_lab.demo.leg import FRAME_SAMPLES
from kikimori_lab.demo.script import RATE, load_calls

if TYPE_CHECKING:
    from collections.abc import Callable

FRAME_S = FRAME_SAMPLES / RATE


class Frames:
    """20 ms of both voices at a time, in real time, for some seconds."""

    def __init__(self, seconds: float, start: int, *, calm: bool = False) -> None:
        """`start`: which recording, and where in it."""
        self._count = max(1, round(seconds / FRAME_S))
        voices = _voices(calm)
        self._customer, self._operator = voices[start % len(voices)]
        self._at = 0 if calm else start * 97

    async def play(self, customer: Callable[[bytes], None], operator: Callable[[bytes], None]) -> None:
        loop = asyncio.get_running_loop()
        began = loop.time()
        for number in range(self._count):
            await asyncio.sleep(began + number * FRAME_S - loop.time())
            for send, voice in ((customer, self._customer), (operator, self._operator)):
                at = (self._at + number) % (len(voice) // (FRAME_SAMPLES * 2)) * FRAME_SAMPLES * 2
                send(voice[at : at + FRAME_SAMPLES * 2])


@cache
def _voices(calm: bool) -> list[tuple[bytes, bytes]]:
    return [
        (each.voices[Role.CUSTOMER].tobytes(), each.voices[Role.OPERATOR].tobytes())
        for each in load_calls()
        if not (calm and each.truth.expected_alerts)
    ]
