"""The operator's call for help from end to end: with a reason, taken back, and no longer once somebody acts."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from tests.support.browser import dashboard, dashboard_settings
from tests.support.json_requests import post
from tests.support.live_client import connected, live_client
from tests.support.sign_in import client
from tests.support.telephone import on_the_line
from tests.system.conftest import SITE, agent_config, running

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.brokers import AnyBroker


def asked(picture: dict[str, Any]) -> dict[str, Any] | None:
    return next((each for each in picture["alerts"].values() if each["rule_kind"] == "escalate"), None)


async def test_a_request_for_help_is_taken_back_until_somebody_acts(
    tmp_path: Path, broker: AnyBroker
) -> None:
    config = agent_config(tmp_path / "state", broker.settings)
    settings = dashboard_settings(broker.settings, site=SITE)
    async with (
        running(config) as agent,
        dashboard(settings) as url,
        live_client(url) as page,
        client(url) as supervisor,
        client(url, "both") as operator,
        on_the_line(await agent.ready, call="c1") as telephone,
    ):
        staying = asyncio.create_task(telephone.stay())
        await page.until(lambda each: connected(each) and "c1" in each["calls"])

        async def press(action: str, **more: str) -> tuple[str, str | None]:
            body = {"action": action, "page": "operator", **more}
            _, said = await post(operator, "/api/calls/c1/commands", body)
            return said["outcome"], said.get("reason")

        assert await press("escalate_cancel") == ("refused", "no_help_called")
        assert await press("escalate") == ("done", None)
        assert await press("escalate", reason="no such") == ("not_sent", "bad_request")
        assert await press("escalate", reason="threat", comment="折り返しにしたいです") == ("done", None)
        await page.until(lambda each: (asked(each) or {"revision": 0})["revision"] == 2)
        alert = asked(page.picture)
        assert alert is not None
        evidence = alert["evidence"][-1]
        assert (evidence["reason"], evidence["comment"]) == ("threat", "折り返しにしたいです")

        claim = f"/api/alerts/{alert['alert_id']}"
        assert (await post(supervisor, f"{claim}/claim"))[0] == 200
        assert await press("escalate_cancel") == ("not_sent", "help_under_way")
        assert (await post(supervisor, f"{claim}/release"))[0] == 200
        assert await press("escalate_cancel") == ("done", None)
        # No page has drawn it, so it is among the missed ones.
        await page.until(lambda each: asked(each) is None and each["missed"]["alerts"])
        assert [each["closed_because"] for each in page.picture["missed"]["alerts"]] == ["help_cancelled"]

        # A press for the customer's telephone, though it only tells what to do by hand, is somebody who acts.
        assert await press("escalate") == ("done", None)
        await page.until(lambda each: asked(each) is not None)
        _, held = await post(supervisor, "/api/calls/c1/commands", {"action": "hold"})
        assert held["outcome"] == "instructed"
        assert await press("escalate_cancel") == ("not_sent", "help_under_way")
        assert agent.desk.calls["c1"].cancel_help() == "help_under_way"
        staying.cancel()
        await asyncio.gather(staying, return_exceptions=True)
