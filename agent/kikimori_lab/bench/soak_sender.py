"""Process that makes the calls of `kikimori bench soak`, so that its own cost is not measured.

Reads its plan as JSON from standard input; says one JSON line for every call that is over.
"""

from __future__ import annotations

import asyncio
import json
import secrets
import sys
from typing import TYPE_CHECKING

import aiohttp
import uvloop

from kikimori.errors import KikimoriError
from kikimori_lab.bench.soak_calls import Caller, Plan, caller_of, drop
from kikimori_lab.bench.soak_voices import Frames
from kikimori_lab.signed_in import cookie_of

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE_WITH_EVERY = 10
PATIENCE_S = 30.0
"""Seconds beyond the call's length after which a peer without an answer has failed."""


def main() -> None:
    given = json.loads(sys.stdin.read())
    given["addresses"] = {name: tuple(address) for name, address in given["addresses"].items()}
    plan = Plan(**given)
    uvloop.run(_make_calls(plan))


async def _make_calls(plan: Plan) -> None:
    numbers = iter(range(plan.calls))
    run = secrets.token_hex(4)
    async with caller_of(plan) as caller, aiohttp.ClientSession() as browser, asyncio.TaskGroup() as tasks:
        for worker in range(min(plan.at_once, plan.calls)):
            # So that the calls do not march in step.
            begin_s = worker * plan.longest_s / plan.at_once
            tasks.create_task(_one_after_another(plan, caller, browser, numbers, f"soak-{run}", begin_s))


async def _one_after_another(
    plan: Plan,
    caller: Caller,
    browser: aiohttp.ClientSession,
    numbers: Iterator[int],
    name: str,
    begin_s: float,
) -> None:
    await asyncio.sleep(begin_s)
    for number in numbers:
        every = plan.broken_every
        fault = number // every if every and number % every == every - 1 else None
        spread = number * 37 % 101 / 100
        frames = Frames(plan.shortest_s + spread * (plan.longest_s - plan.shortest_s), number, calm=plan.calm)
        failed = ""
        try:
            async with asyncio.timeout(plan.longest_s + PATIENCE_S):
                await caller.call(f"{name}-{number}", frames, fault)
                if plan.page and number % PAGE_WITH_EVERY == 0:
                    await _look(browser, plan)
        except (KikimoriError, aiohttp.ClientError, OSError, TimeoutError) as error:
            failed = f"{type(error).__name__}: {error}"
        print(json.dumps({"broken": fault is not None, "failed": failed}), flush=True)


async def _look(browser: aiohttp.ClientSession, plan: Plan) -> None:
    """Open the supervisor's page as a browser does, read the picture, and drop the connection."""
    page, signed_in = plan.page, {"Cookie": cookie_of(plan.session)}
    async with browser.get(page, headers=signed_in) as answer:
        await answer.read()
    socket = await browser.ws_connect(
        f"{page}live?page=supervisor", origin=page.rstrip("/"), headers=signed_in
    )
    await socket.receive()
    drop(socket)
    await socket.close()


if __name__ == "__main__":
    main()
