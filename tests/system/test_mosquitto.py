"""The shipped Mosquitto files: agent and dashboard do their work with them, each as its own user."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.browser import dashboard, dashboard_settings
from tests.support.deadline import WITHIN_S
from tests.support.live_client import live_client
from tests.support.sign_in import client
from tests.support.telephone import on_the_line
from tests.system.conftest import AGENT_ID, SITE, agent_config, running, until

from kikimori.checks.diagnosis import CheckState
from kikimori.commands import CommandHandler
from kikimori.doctor.broker import look_at_broker
from kikimori_lab.bench.mosquitto import ShippedMosquitto

if TYPE_CHECKING:
    from pathlib import Path

    import pytest


async def test_agent_and_dashboard_do_their_work(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A call, an alert, a press and its answer; `doctor` beside them does not end the agent's connection."""
    # On a busy machine the second press may come later than two seconds after the first.
    defaults = {**(CommandHandler.__init__.__kwdefaults__ or {}), "gap_s": WITHIN_S}
    monkeypatch.setattr(CommandHandler.__init__, "__kwdefaults__", defaults)
    broker = ShippedMosquitto(tmp_path, SITE, agents=[AGENT_ID], dashboards=["wall", "dashboard"])
    await broker.start()
    try:
        config = agent_config(tmp_path / "state", broker.settings(AGENT_ID))
        settings = [dashboard_settings(broker.settings(each), site=SITE) for each in ("wall", "dashboard")]
        async with (
            running(config) as agent,
            dashboard(settings[0]) as other_url,
            dashboard(settings[1]) as url,
            live_client(url) as watching,
            live_client(other_url) as other,
            on_the_line(await agent.ready, call="c1") as telephone,
        ):
            await telephone.speak(bytes(8000))
            await until(lambda: "c1" in agent.desk.calls)
            await telephone.press("*9")
            for each in (watching, other):
                await each.until(lambda picture: "c1" in picture["calls"] and picture["alerts"])
                await each.until(lambda picture: picture["agents"][AGENT_ID]["online"])
            # Whichever dashboard presses; the second comes soon after the first.
            for address, expected in ((url, ("instructed", None)), (other_url, ("refused", "too_soon"))):
                async with (
                    client(address) as http,
                    http.post(
                        "/api/calls/c1/commands", json={"action": "hold", "page": "supervisor"}
                    ) as answer,
                ):
                    said = await answer.json()
                    assert (said["outcome"], said["reason"]) == expected
            # The directory passes by its own two lines of the access file.
            body = {"name": "部長 高橋", "number": "220"}
            async with client(url, "admin") as http, http.post("/api/superiors", json=body) as answer:
                assert answer.status == 200
            await watching.until(lambda picture: picture["calls"]["c1"]["superior"]["number"] == "220")
            diagnosis = await look_at_broker(config)
            assert diagnosis.state is CheckState.OK, diagnosis
            assert agent.bus.connected
            # No browser draws the alert here, which is said after 20 s.
            assert {each.code for each in agent.bus.problems()} <= {"alert_unseen"}
    finally:
        await broker.stop()
