"""Limit of live connections by the address that a trusted proxy tells."""

from __future__ import annotations

from contextlib import AsyncExitStack
from typing import TYPE_CHECKING

import aiohttp
import pytest
from tests.support.browser import dashboard, dashboard_settings
from tests.support.sign_in import headers

from kikimori_core.serving.connection_limiter import PortLimits

if TYPE_CHECKING:
    from tests.support.mosquitto import Mosquitto

LIVE = "/live?page=supervisor"


@pytest.mark.parametrize("trusted", [True, False])
async def test_each_browser_behind_a_proxy_has_a_limit_of_its_own(real: Mosquitto, trusted: bool) -> None:
    """An address claimed by a browser without a named proxy changes nothing."""
    settings = dashboard_settings(real.settings, trusted_proxies=["127.0.0.1"] if trusted else [])
    async with AsyncExitStack() as stack:
        url = await stack.enter_async_context(dashboard(settings, PortLimits(per_address=2)))
        http = await stack.enter_async_context(aiohttp.ClientSession(url, headers=headers(url)))
        of_one, of_other = {"X-Forwarded-For": "192.168.1.9"}, {"X-Forwarded-For": "192.168.1.8"}
        opened = [await http.ws_connect(LIVE, headers=of_one) for _ in range(2)]
        if trusted:
            with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
                await http.ws_connect(LIVE, headers=of_one)
            assert refused.value.status == 503
            assert refused.value.headers is not None
            assert refused.value.headers["Retry-After"] == "10"
            # What is answered at once is not counted.
            async with http.get("/api/me", headers=of_one) as answer:
                assert answer.status == 200
        else:
            opened.append(await http.ws_connect(LIVE, headers=of_one))
        opened.append(await http.ws_connect(LIVE, headers=of_other))
        for each in opened:
            assert (await each.receive_json())["type"] == "snapshot"
            await each.close()
        async with http.ws_connect(LIVE, headers=of_one) as again:
            assert (await again.receive_json())["type"] == "snapshot"
