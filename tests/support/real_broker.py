"""A private Mosquitto on a free loopback port, to be stopped and started again."""

from __future__ import annotations

import asyncio
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from kikimori_wire.settings import BrokerSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

MOSQUITTO = "/usr/sbin/mosquitto"


class RealBroker:
    """`persistent`: retained messages and sessions outlive a restart, as Debian's package is set up."""

    def __init__(self, folder: Path, *, persistent: bool) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.settings = BrokerSettings(port=self.port)
        self._config = folder / "mosquitto.conf"
        self._config.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\n"
            + (f"persistence true\npersistence_location {folder}/\nuser root\n" if persistent else "")
        )
        self._process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self._process = await asyncio.create_subprocess_exec(
            MOSQUITTO, "-c", str(self._config), stderr=asyncio.subprocess.DEVNULL
        )
        async with asyncio.timeout(10):
            while not await self._answers():  # noqa: ASYNC110 - another process tells us nothing but its port
                await asyncio.sleep(0.02)

    async def _answers(self) -> bool:
        try:
            _, writer = await asyncio.open_connection("127.0.0.1", self.port)
        except OSError:
            return False
        writer.close()
        return True

    async def stop(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.terminate()
            await self._process.wait()


@asynccontextmanager
async def real_broker(folder: Path, *, persistent: bool = False) -> AsyncIterator[RealBroker]:
    broker = RealBroker(folder, persistent=persistent)
    await broker.start()
    try:
        yield broker
    finally:
        await broker.stop()
