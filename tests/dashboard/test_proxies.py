"""The dashboard behind the real nginx and Caddy with the shipped files: login, live page, addresses, faults."""

from __future__ import annotations

import asyncio
import re
import ssl
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import expect
from tests.dashboard.test_login_page import type_in, with_password
from tests.support.browser import chromium, dashboard, dashboard_settings, store_of_people
from tests.support.certificates import Authority
from tests.support.ports import free_port
from tests.support.proxies import NAME, Named, ReverseProxy, proxy_ports, reverse_proxy, shipped_proxy
from tests.support.sign_in import PASSWORD, cookie
from yarl import URL

from kikimori_core.serving.connection_limiter import PortLimits
from kikimori_dashboard.access.cookies import SESSION
from kikimori_dashboard.live.live import BEAT_S
from kikimori_records.sessions import sessions_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

    from kikimori_records.store import Store

pytestmark = pytest.mark.timeout(300)
WITHIN_S = 60.0


@dataclass
class Front:
    """Dashboard and a proxy in front of it, each of which may end while the other goes on."""

    real: Mosquitto
    store: Store
    proxy: ReverseProxy
    upstream: int

    @asynccontextmanager
    async def dashboard(self, limits: PortLimits | None = None) -> AsyncIterator[str]:
        """Run the dashboard; gives its own address."""
        settings = dashboard_settings(
            self.real.settings, port=self.upstream, public_url=self.proxy.url, trusted_proxies=["127.0.0.1"]
        )
        async with dashboard(settings, limits=limits, store=self.store) as url:
            yield url

    @asynccontextmanager
    async def browser(self, address: str = "127.0.0.1") -> AsyncIterator[aiohttp.ClientSession]:
        """Open a client with another address of its own, to which every name is this machine's; it keeps no cookies."""
        trusting = ssl.create_default_context(cafile=str(self.proxy.authority.file))
        connector = aiohttp.TCPConnector(ssl=trusting, resolver=Named(), local_addr=(address, 0), limit=0)
        async with aiohttp.ClientSession(
            self.proxy.url,
            headers={"Origin": self.proxy.url},
            connector=connector,
            cookie_jar=aiohttp.DummyCookieJar(),
        ) as session:
            yield session


@asynccontextmanager
async def fronted(kind: str, tmp_path: Path, real: Mosquitto, **changed: str) -> AsyncIterator[Front]:
    upstream = free_port()
    async with (
        store_of_people() as store,
        reverse_proxy(
            kind, tmp_path / kind, Authority(tmp_path, "authority"), upstream, proxy_ports(), changed
        ) as proxy,
    ):
        yield Front(real, store, proxy, upstream)


@pytest_asyncio.fixture(params=["nginx", "caddy"])
async def front(request: pytest.FixtureRequest, tmp_path: Path, real: Mosquitto) -> AsyncIterator[Front]:
    async with fronted(request.param, tmp_path, real) as opened:
        yield opened


async def test_login_and_live_page_in_a_browser(front: Front, agent: PeerAgent) -> None:
    """The pages go on by themselves when the dashboard was away."""
    await with_password(front.store, "supervisor")
    await agent.call("c")
    async with AsyncExitStack() as stack:
        browser = await stack.enter_async_context(chromium(f"--host-resolver-rules=MAP {NAME} 127.0.0.1"))
        page = await (await browser.new_context(ignore_https_errors=True)).new_page()
        async with front.dashboard():
            opened = await page.goto(f"http://{NAME}:{front.proxy.plain_port}/")
            assert opened is not None
            await expect(page).to_have_url(re.compile(f"{front.proxy.url}/login.*"))
            await type_in(page, "supervisor", PASSWORD)
            await expect(page).to_have_url(f"{front.proxy.url}/")
            await expect(page.locator("[data-call=c]")).to_be_visible()
            kept = {each["name"]: each for each in await page.context.cookies()}
            assert kept[SESSION]["secure"]
            assert kept[SESSION]["httpOnly"]
        # It is away: a page that is opened now says so, with the proxy's words.
        async with front.browser() as stranger, stranger.get("/login") as answer:
            assert answer.status == 503
            assert answer.headers["Retry-After"] == "5"
            told = await answer.text()
        assert "数秒後にもう一度" in told
        assert "Try again in a few seconds" in told
        async with front.dashboard():
            await agent.call("d")
            await expect(page.locator("[data-call=d]")).to_be_visible()


async def test_addresses_are_those_of_the_browsers(front: Front) -> None:
    """Wrong codes of one PC delay no other one, and what a browser itself says of its address is nothing."""
    supervisor = await with_password(front.store, "supervisor")
    async with front.dashboard() as url:
        async with front.browser("127.0.0.2") as attacker:
            for number in range(12):
                forged = dict.fromkeys(("X-Forwarded-For", "X-Real-IP", "Forwarded"), f"10.0.0.{number}")
                body = {"code": f"code-{number}"}
                async with attacker.post("/api/kiosk", json=body, headers=forged) as answer:
                    last = answer.status
            assert last == 429
        right = {"login": "supervisor", "password": PASSWORD}
        async with front.browser("127.0.0.3") as other:
            async with other.post("/api/kiosk", json={"code": "another"}) as answer:
                assert answer.status == 401
            async with other.post("/api/login", json=right) as answer:
                assert answer.status == 200
                assert "Secure" in answer.headers["Set-Cookie"]
        # A stranger who reaches the port without the proxy.
        connector = aiohttp.TCPConnector(local_addr=("127.0.0.4", 0))
        forged = {"X-Forwarded-For": "10.0.0.1", "X-Forwarded-Proto": "https", "X-Forwarded-Host": NAME}
        async with (
            aiohttp.ClientSession(url, connector=connector, headers={"Origin": url}) as stranger,
            stranger.post("/api/login", json=right, headers=forged) as answer,
        ):
            direct = answer.status
            assert "Strict-Transport-Security" not in answer.headers
    addresses = {each.address for each in await sessions_of(front.store, supervisor)}
    # Refused or served, never by the address that was claimed.
    assert addresses - {"127.0.0.1"} == {"127.0.0.3"} | ({"127.0.0.4"} if direct == 200 else set())


async def test_plain_http_long_bodies_and_foreign_names(front: Front) -> None:
    async with front.dashboard(), front.browser() as browser:
        plain = f"http://{NAME}:{front.proxy.plain_port}/operator?ext=204"
        async with browser.get(plain, allow_redirects=False) as answer:
            assert (answer.status, answer.headers["Location"]) == (308, f"{front.proxy.url}/operator?ext=204")
        plain = f"http://{NAME}:{front.proxy.plain_port}/authority.crt"
        async with browser.get(plain, allow_redirects=False) as answer:
            assert answer.content_type == "application/x-x509-ca-cert"
            assert await answer.read() == front.proxy.authority.file.read_bytes()
        for hidden in ("/kikimori.key", "/authority.crt/../kikimori.key", "/log"):
            plain = f"http://{NAME}:{front.proxy.plain_port}{hidden}"
            async with browser.get(URL(plain, encoded=True), allow_redirects=False) as answer:
                assert answer.status in (308, 400, 404)
        async with browser.get("/login") as answer:
            assert answer.status == 200
            assert len(answer.headers.getall("Strict-Transport-Security")) == 1
            assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        async with browser.post("/api/login", data=b"x" * 20_000) as answer:
            assert answer.status == 413
        async with browser.post("/api/login", data=b"x" * 200_000) as answer:
            assert answer.status in (413, 503)
        async with browser.get("/login", headers={"Host": "evil.example"}) as answer:
            assert "<html" not in await answer.text()
        async with browser.get(
            f"https://{NAME}:{front.proxy.port}/login", headers={"X-Long": "x" * 70_000}
        ) as answer:
            assert answer.status in (400, 431)


async def test_one_browser_does_not_take_all_live_connections(front: Front) -> None:
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(front.dashboard(PortLimits(per_address=3)))
        greedy = await stack.enter_async_context(front.browser("127.0.0.2"))
        other = await stack.enter_async_context(front.browser("127.0.0.3"))
        for _ in range(3):
            socket = await greedy.ws_connect("/live?page=supervisor", headers=cookie())
            stack.push_async_callback(socket.close)
        with pytest.raises(aiohttp.WSServerHandshakeError) as refused:
            await greedy.ws_connect("/live?page=supervisor", headers=cookie())
        assert refused.value.status == 503
        # What is over at once is not counted; and another browser is not touched.
        async with greedy.get("/login") as answer:
            assert answer.status == 200
        async with other.ws_connect("/live?page=supervisor", headers=cookie()) as socket:
            assert (await socket.receive_json())["type"] == "snapshot"
    async with (
        front.dashboard(PortLimits(per_address=3)),
        front.browser("127.0.0.2") as again,
        again.ws_connect("/live?page=supervisor", headers=cookie()) as socket,
    ):
        assert (await socket.receive_json())["type"] == "snapshot"


@pytest.mark.parametrize("kind", ["nginx", "caddy"])
@pytest.mark.parametrize("said", [None, b"", b"HTTP/1.1 200 OK\r\nContent-"])
async def test_a_slow_or_broken_program_behind_it(
    kind: str, said: bytes | None, tmp_path: Path, real: Mosquitto
) -> None:
    """None = it never answers; else it says this and closes."""

    async def answer(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if said is None:
            await over.wait()
        else:
            writer.write(said)
        writer.close()

    over = asyncio.Event()
    soon = {
        "nginx": {"proxy_read_timeout 360s": "proxy_read_timeout 1s"},
        "caddy": {"response_header_timeout 360s": "response_header_timeout 1s"},
    }
    async with fronted(kind, tmp_path, real, **soon[kind]) as front, front.browser() as browser:
        server = await asyncio.start_server(answer, "127.0.0.1", front.upstream)
        async with asyncio.timeout(WITHIN_S), browser.get("/") as shown:
            assert shown.status == 503
            assert "数秒後にもう一度" in await shown.text()
        over.set()
        server.close()
        await server.wait_closed()


def test_a_live_connection_is_never_silent_for_as_long_as_nginx_waits() -> None:
    (waits_s,) = re.findall(r"proxy_read_timeout (\d+)s", shipped_proxy("nginx"))
    assert int(waits_s) >= 10 * BEAT_S
