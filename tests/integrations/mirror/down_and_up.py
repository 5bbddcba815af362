"""Run in a network namespace of its own: a mirror port whose card goes down and comes back. Prints what it sees."""

from __future__ import annotations

import asyncio
import subprocess
import sys

import uvloop
from tests.integrations.mirror.office import SIDES, Talk, sdp
from tests.integrations.mirror.test_live import Sockets
from tests.support.deadline import WITHIN_S
from tests.support.recorder import Recorder

from kikimori.integrations.mirror import tap as module
from kikimori.integrations.mirror.settings import MirrorTable


def link(state: str) -> None:
    subprocess.run(["ip", "link", "set", "dev", "lo", state], check=True)


async def main() -> None:
    module.CHECK_EVERY_S = 0.1
    tap = module.MirrorTap(Recorder(), MirrorTable(enabled=True, interface="lo", buffer_mb=1), SIDES)

    def codes() -> list[str]:
        return [each.code for each in tap.problems()]

    async def until(wanted: list[str]) -> None:
        async with asyncio.timeout(WITHIN_S):
            while codes() != wanted:  # noqa: ASYNC110  (problems set no event)
                await asyncio.sleep(0.02)

    await tap.listen()
    running = asyncio.create_task(tap.run())
    for _ in range(2):
        await until(["mirror-down"])
        link("up")
        await until([])
        before, sockets = tap.capture.sip, Sockets()
        Talk(sockets, "0901234567", "204", ("127.0.0.2", "127.0.0.3"), f"c{before}").invite(
            sdp("127.0.0.2", 16000)
        )
        async with asyncio.timeout(WITHIN_S):
            while tap.capture.sip == before:  # noqa: ASYNC110  (a counter sets no event)
                await asyncio.sleep(0.02)
        sockets.close()
        print("heard")
        link("down")
    running.cancel()
    await tap.close()


if __name__ == "__main__":
    sys.exit(uvloop.run(main()))
