"""Behind a reverse proxy: plain HTTP is for the named proxy alone, and what it says of the browser counts."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import aiohttp
import psutil
import pytest
from tests.support.browser import dashboard, dashboard_settings
from tests.support.ports import free_port
from tests.support.sign_in import cookie

if TYPE_CHECKING:
    from tests.support.https import OfficeCertificate
    from tests.support.mosquitto import Mosquitto

PUBLIC = "https://kikimori.office.example"
PROXY = "127.0.0.9"
NAME = "kikimori.office.example"


def browser(url: str, source: str, **headers: str) -> aiohttp.ClientSession:
    """Return a client with the address `source`, signed in."""
    return aiohttp.ClientSession(
        url,
        headers={**cookie(), **headers},
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(local_addr=(source, 0)),
    )


async def test_a_named_proxy_tells_of_its_browser(real: Mosquitto) -> None:
    settings = dashboard_settings(real.settings, trusted_proxies=[f"{PROXY}/32"], public_url=PUBLIC)
    async with dashboard(settings) as url:
        async with browser(url, PROXY, **{"X-Forwarded-Proto": "https", "Host": NAME}) as http:
            async with http.get("/api/me") as answer:
                assert answer.status == 200
                assert answer.headers["Strict-Transport-Security"]
            for origin, status in ((PUBLIC, 422), ("https://evil.example", 403), (f"{PUBLIC}:8443", 403)):
                async with http.post("/api/missed/seen", json={}, headers={"Origin": origin}) as answer:
                    assert answer.status == status, origin
            async with http.ws_connect("/live?page=supervisor", headers={"Origin": PUBLIC}) as live:
                assert (await live.receive_json())["type"] == "snapshot"
            async with http.get("/api/me", headers={"Host": "evil.example"}) as answer:
                assert answer.status == 421
        # The proxy may keep the name by which it asks us.
        async with (
            browser(url, PROXY, **{"X-Forwarded-Proto": "https"}) as http,
            http.post("/api/missed/seen", json={}, headers={"Origin": PUBLIC}) as answer,
        ):
            assert answer.status == 422


async def test_a_browser_that_asked_the_proxy_in_plain_text_is_led_on(real: Mosquitto) -> None:
    settings = dashboard_settings(real.settings, trusted_proxies=[f"{PROXY}/32"], public_url=PUBLIC)
    forwarded = {"X-Forwarded-Proto": "https, http", "Host": NAME}
    async with dashboard(settings) as url:
        async with browser(url, PROXY, **forwarded) as http:
            async with http.get("/operator?ext=204", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (308, f"{PUBLIC}/operator?ext=204")
            async with http.post("/api/login", json={}, headers={"Origin": PUBLIC}) as answer:
                assert answer.status == 403
        # Of somebody who is no proxy those words count for nothing.
        async with browser(url, "127.0.0.1", **forwarded) as http, http.get("/api/me") as answer:
            assert answer.status == 200
        claims = {"X-Forwarded-Proto": "https", "Host": NAME}
        async with browser(url, "127.0.0.1", **claims) as http, http.get("/api/me") as answer:
            assert "Strict-Transport-Security" not in answer.headers


def own_address() -> str | None:
    """Return an address of this machine that is not loopback."""
    found = [each for card in psutil.net_if_addrs().values() for each in card]
    return next(
        (each.address for each in found if each.family == socket.AF_INET and each.address[:4] != "127."), None
    )


async def test_a_proxy_that_asks_by_tls_tells_of_plain_text_too(
    real: Mosquitto, pair: OfficeCertificate
) -> None:
    fields = pair.settings(trusted_proxies=[f"{PROXY}/32"], public_url=PUBLIC)
    async with dashboard(dashboard_settings(real.settings, **fields)) as url:
        connector = aiohttp.TCPConnector(ssl=pair.trusting(), local_addr=(PROXY, 0))
        async with aiohttp.ClientSession(
            url, headers={"Host": NAME, **cookie()}, connector=connector
        ) as http:
            for told, status in (("https", 200), ("http", 308)):
                headers = {"X-Forwarded-Proto": told}
                async with http.get("/api/me", headers=headers, allow_redirects=False) as answer:
                    assert answer.status == status


async def test_nobody_else_on_the_network_gets_anything_in_plain_text(real: Mosquitto) -> None:
    address = own_address()
    if address is None:
        pytest.skip("this machine has no address but loopback")
    fields: dict[str, Any] = {"trusted_proxies": [f"{PROXY}/32"], "public_url": PUBLIC}
    settings = dashboard_settings(real.settings, host="0.0.0.0", port=free_port(), **fields)
    async with dashboard(settings):
        async with browser(f"http://{address}:{settings.port}", address, Host=NAME) as http:
            async with http.get("/account?a=b", allow_redirects=False) as answer:
                assert (answer.status, answer.headers["Location"]) == (308, f"{PUBLIC}/account?a=b")
            for headers in ({}, {"X-Forwarded-For": PROXY, "X-Forwarded-Proto": "https"}):
                async with http.post("/api/login", json={}, headers={"Origin": PUBLIC, **headers}) as answer:
                    assert answer.status == 403
                    assert PUBLIC in await answer.text()
        async with browser(f"http://127.0.0.1:{settings.port}", PROXY) as http:
            for host, status in ((NAME, 200), ("0.0.0.0", 421)):
                async with http.get("/api/me", headers={"Host": host}) as answer:
                    assert answer.status == status
