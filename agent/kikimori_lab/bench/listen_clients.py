"""Browsers without a screen for `kikimori bench listen`: `python -m kikimori_lab.bench.listen_clients`.

They read their address, session, call and number as JSON from the standard input, say when all of them hear, count until it
ends, and say how many messages came.
"""

from __future__ import annotations

import asyncio
import json
import sys

import aiohttp

from kikimori.process import run_until_done


async def _listen(session: aiohttp.ClientSession, path: str, counts: list[int], number: int) -> None:
    async with session.ws_connect(path, max_msg_size=0) as socket:
        async for message in socket:
            if message.type is aiohttp.WSMsgType.BINARY:
                counts[number] += 1


async def _run(given: dict[str, str]) -> int:
    counts = [0] * int(given["listeners"])
    headers = {"Origin": given["url"], "Cookie": given["cookie"]}
    path = f"{given['url']}/api/calls/{given['call']}/sound"
    connector = aiohttp.TCPConnector(limit=0)
    jar = aiohttp.DummyCookieJar()
    async with aiohttp.ClientSession(headers=headers, connector=connector, cookie_jar=jar) as session:
        tasks = [asyncio.create_task(_listen(session, path, counts, number)) for number in range(len(counts))]
        while not all(each > 2 for each in counts):  # noqa: ASYNC110 - counted in one place, looked at a few times
            await asyncio.sleep(0.05)
        print(json.dumps({"hear": len(counts)}), flush=True)
        before = sum(counts)
        await asyncio.to_thread(sys.stdin.read)
        print(json.dumps({"messages": sum(counts) - before}), flush=True)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
    return 0


def main() -> int:
    return run_until_done(_run(json.loads(sys.stdin.readline())))


if __name__ == "__main__":
    sys.exit(main())
