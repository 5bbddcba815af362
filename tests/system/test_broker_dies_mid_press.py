"""The broker dies between a press and its outcome: it is carried out once, and the page ends with the truth."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import connected, live_client
from tests.support.sign_in import client
from tests.support.telephone import on_the_line
from tests.system.conftest import SITE, agent_config, until

from kikimori.agent import Agent
from kikimori.control.pbx_control import PbxAnswer
from kikimori_core.wire.messages import Action, CallStatus, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

    from kikimori.control.pbx_control import PbxRequest
    from kikimori_core.wire.messages import Announcement, Problem


class SlowControl:
    """A superior's telephone that rings until the test lets it be answered."""

    kind = "slow"
    capabilities: tuple[Action, ...] = (Action.HOLD_TRANSFER,)
    announcements: tuple[Announcement, ...] = ()

    def __init__(self) -> None:
        self.taken = 0
        self.answered = asyncio.Event()

    async def run(self) -> None: ...

    def problems(self) -> tuple[Problem, ...]:
        return ()

    async def carry_out(self, request: PbxRequest, changed: Callable[[CallStatus], None]) -> PbxAnswer:
        del request
        self.taken += 1
        changed(CallStatus.ON_HOLD)
        await self.answered.wait()
        changed(CallStatus.TRANSFERRED)
        return PbxAnswer(Outcome.DONE)


async def test_the_broker_is_killed_while_the_superior_is_rung(tmp_path: Path, real: Mosquitto) -> None:
    control = SlowControl()
    agent = Agent(agent_config(tmp_path / "state", real.settings), pbx=control)
    running = asyncio.create_task(agent.run())
    try:
        async with (
            on_the_line(await agent.ready, call="c1") as telephone,
            dashboard(dashboard_settings(real.settings, site=SITE)) as url,
            live_client(url) as page,
            client(url) as http,
        ):
            staying = asyncio.create_task(telephone.stay())
            await page.until(lambda picture: connected(picture) and "c1" in picture["calls"])
            body = {"action": "hold_transfer"}
            pressed = asyncio.create_task(
                http.post("/api/calls/c1/commands", json=body, headers={"Origin": url})
            )
            await until(lambda: control.taken == 1)
            await real.kill()
            await until(lambda: not agent.bus.connected)
            # The superior answers while nobody can be told.
            control.answered.set()
            await until(lambda: agent.desk.calls["c1"].status is CallStatus.TRANSFERRED)
            await real.start()
            picture = await page.until(
                lambda picture: (
                    picture["calls"].get("c1", {}).get("status") == "transferred"
                    and picture["commands"].get("c1", {}).get("move", {}).get("result")
                )
            )
            assert picture["commands"]["c1"]["move"]["result"]["outcome"] == "done"
            async with await pressed as answer:
                assert (answer.status, (await answer.json())["outcome"]) == (200, "done")
            assert control.taken == 1
            staying.cancel()
            await asyncio.gather(staying, return_exceptions=True)
    finally:
        agent.stop.set()
        await running
