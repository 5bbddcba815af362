"""「この通話は録音しない」 over a real broker: announced, recorded, stopped, erased, and not recorded after a restart."""

from __future__ import annotations

import asyncio
from functools import partial
from typing import TYPE_CHECKING, Any

from tests.recording.test_recording_notice import Announcing
from tests.support.browser import dashboard, dashboard_settings, store_of_people
from tests.support.live_client import live_client
from tests.support.sign_in import client
from tests.support.telephone import on_the_line
from tests.system.conftest import AGENT_ID, SITE, agent_config, running, until

from kikimori.agent import Agent
from kikimori.control.settings import PbxTable
from kikimori_core.journal.settings import RecordingTable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto

LOUD = bytes(range(1, 201)) * 160
"""Two seconds of sound that is not silence; 16-bit samples."""


async def press(url: str, login: str = "supervisor") -> dict[str, Any]:
    async with (
        client(url, login) as http,
        http.post("/api/calls/c1/commands", json={"action": "stop_recording"}) as answer,
    ):
        said: dict[str, Any] = await answer.json()
        return said


def journals(state: Path) -> bytes:
    return b"".join(each.read_bytes() for each in sorted((state / f"journal-{AGENT_ID}").rglob("*.kkj")))


async def test_a_call_is_not_recorded_by_wish_not_even_after_a_restart(
    tmp_path: Path, real: Mosquitto
) -> None:
    state = tmp_path / "state"
    announcements = PbxTable.model_validate(
        {"announcements": [{"name": "recorded", "title": "録音のご案内", "file": "f"}]}
    )
    config = agent_config(state, real.settings).model_copy(
        update={
            "recording": RecordingTable(enabled=True, days=1, max_gb=1, announcement="recorded"),
            "pbx": announcements,
        }
    )
    pbx = Announcing()
    make = partial(Agent, pbx=pbx)
    async with (
        store_of_people() as store,
        dashboard(dashboard_settings(real.settings, site=SITE), store=store) as url,
        live_client(url) as page,
    ):
        async with running(config, make) as agent, on_the_line(await agent.ready, call="c1") as telephone:
            await telephone.speak(LOUD)
            picture = await page.until(lambda each: each["calls"].get("c1", {}).get("recording") == "on")
            assert "stop_recording" in picture["calls"]["c1"]["capabilities"]
            assert await pbx.played.get() == ("c1", "recorded")
            await until(lambda: LOUD[:200] in journals(state))
            assert (await press(url, "operator"))["reason"] == "not_allowed"
            assert (await press(url))["outcome"] == "done"
            picture = await page.until(lambda each: each["calls"]["c1"]["recording"] == "stopped")
            assert "stop_recording" not in picture["calls"]["c1"]["capabilities"]
            assert (await press(url))["reason"] == "not_supported"
            await until(lambda: LOUD[:200] not in journals(state))
            agent.stop.set()  # in the midst of the call
            await page.until(lambda each: "c1" not in each["calls"])

        async with running(config, make) as agent:
            async with on_the_line(await agent.ready, call="c1") as telephone:
                await telephone.speak(LOUD)
                call = agent.desk.calls["c1"]
                await until(lambda: call.heard_s > 1)
                picture = await page.until(lambda each: "c1" in each["calls"])
                assert picture["calls"]["c1"]["recording"] == "stopped"
            await until(lambda: not agent.desk.calls)
            # A later call is another one.
            async with on_the_line(await agent.ready, call="c2") as telephone:
                await telephone.speak(LOUD)
                await page.until(lambda each: each["calls"].get("c2", {}).get("recording") == "on")
                assert await pbx.played.get() == ("c2", "recorded")
        assert pbx.played.empty()

        async with client(url, "admin") as http, http.get("/api/audit") as answer:
            audit = (await answer.json())["entries"]
        done = [
            each for each in audit if each["action"] == "command.stop_recording" and each["outcome"] == "done"
        ]
        assert [(each["actor_name"], each["object_id"]) for each in done] == [("高橋 課長", "c1")]
    assert await asyncio.to_thread(journals, state)
