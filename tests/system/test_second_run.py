"""The agent is killed in a call and hears the call again: what is raised then is new, on every page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import connected, live_client
from tests.support.telephone import on_the_line
from tests.system.test_stop import agent_program

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto


def over(picture: dict[str, Any]) -> set[str]:
    """Ids of alerts that the page lists as over."""
    return {each["alert_id"] for each in picture["closed"]} | {
        each["alert_id"] for each in picture["missed"]["alerts"]
    }


async def test_an_alert_of_the_second_run_is_shown(real: Mosquitto, tmp_path: Path) -> None:
    settings = dashboard_settings(real.settings, site="test")
    async with dashboard(settings) as url, live_client(url) as watching:
        async with (
            agent_program(tmp_path, real.settings) as (process, addresses),
            on_the_line(addresses, call="c1") as telephone,
        ):
            await telephone.speak(bytes(16000))
            await telephone.press("*9")
            picture = await watching.until(lambda each: connected(each) and each["alerts"])
            (first,) = picture["alerts"]
            process.kill()
            await process.wait()
        async with (
            agent_program(tmp_path, real.settings) as (_, addresses),
            on_the_line(addresses, call="c1") as telephone,
        ):
            await telephone.speak(bytes(16000))
            await watching.until(lambda each: first in over(each) and "c1" in each["calls"])
            await telephone.press("*9")
            picture = await watching.until(lambda each: each["alerts"])
            (second,) = picture["alerts"]
            assert second != first
            assert picture["calls"]["c1"]["urgency"] == 3
            assert first in over(picture)
