"""A customer's telephone on a machine of its own, which clicks every second: `python -m tests.support.clicking_telephone`.

It talks to the agent of that machine at the ports of the shipped configuration, until standard input ends.
"""

from __future__ import annotations

import asyncio
import sys

import numpy as np
from tests.support.telephone import FRAME_BYTES, RATE, on_the_line

from kikimori.addresses import Addresses
from kikimori.integrations.audiosocket.settings import AudioSocketTable

CALL = "c1"


async def run() -> None:
    ports = AudioSocketTable()
    addresses = Addresses(
        {"audiosocket": (ports.host, ports.port), "announce": (ports.host, ports.announce_port)}
    )
    tone = 20000 * np.sin(2 * np.pi * 1000 * np.arange(FRAME_BYTES // 2) / RATE)
    second = tone.astype("<i2").tobytes() + bytes(2 * RATE - FRAME_BYTES)
    over = asyncio.create_task(asyncio.to_thread(sys.stdin.read))
    async with on_the_line(addresses, call=CALL, role="customer", extension="204") as telephone:
        print("talking", flush=True)
        while not over.done():
            await telephone.speak(second)


if __name__ == "__main__":
    asyncio.run(run())
