"""A program that raises an alert, says so, and waits to be killed: `python doomed_agent.py OUTBOX PORT`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from tests.bus.conftest import refuse_commands
from tests.support import sample
from tests.support.brokers import login

from kikimori.bus import Bus, Outbox


async def main(path: Path, port: int) -> None:
    outbox = await Outbox.open(path)
    bus = Bus(login(port), sample.SITE, sample.AGENT, outbox, on_command=refuse_commands)
    bus.set_health(sample.health())
    task = asyncio.create_task(bus.run())
    bus.publish_call(sample.call())
    await bus.raise_alert(sample.alert())
    print("raised", flush=True)
    await task


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1]), int(sys.argv[2])))
