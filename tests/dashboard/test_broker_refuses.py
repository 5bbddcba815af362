"""The broker refuses the dashboard: the page and `/healthz` name the user, the broker and the next step."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import aiohttp
from tests.support.browser import dashboard, dashboard_settings
from tests.support.live_client import connected, live_client
from tests.support.mosquitto import mosquitto

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.async_api import Page


async def test_a_refused_login_is_on_the_page_and_in_health(tmp_path: Path, page: Page) -> None:
    secret = tmp_path / "word"
    secret.write_text("wrong\n", encoding="utf-8")
    async with mosquitto(tmp_path, passwords={"dashboard": "right"}) as broker:
        settings = broker.settings.model_copy(update={"username": "dashboard", "password_file": secret})
        async with dashboard(dashboard_settings(settings)) as url:
            await page.goto(url)
            banner = page.locator(".banner.bad", has_text="ユーザー名かパスワードの誤り")
            await banner.wait_for(timeout=60_000)
            said = await banner.inner_text()
            assert f"127.0.0.1:{broker.settings.port}" in said
            assert "ユーザー dashboard" in said
            assert str(secret) in said
            async with aiohttp.ClientSession() as http, http.get(f"{url}/healthz") as answer:
                assert answer.status == 503
                assert (await answer.json())["broker_problem"]["code"] == "broker_login"
            # A proxy of this machine asks for somebody else.
            far = {"X-Forwarded-For": "192.0.2.7"}
            async with aiohttp.ClientSession(headers=far) as http, http.get(f"{url}/healthz") as answer:
                assert answer.status == 503
                told = await answer.text()
                assert json.loads(told) == {
                    "ready": False,
                    "broker_connected": False,
                    "broker_problem": {"code": "broker_login", "cause": "refused"},
                }
            secret.write_text("right\n", encoding="utf-8")
            async with live_client(url) as watching:
                await watching.until(connected)
                assert watching.picture["site"]["broker_problem"] is None
            await banner.wait_for(state="detached", timeout=60_000)
