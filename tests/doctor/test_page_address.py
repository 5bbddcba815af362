"""The address of the pages as the doctor asks for it: a real dashboard, real proxies that are set up wrongly, a wrong clock."""

from __future__ import annotations

import ssl
import time
from contextlib import asynccontextmanager
from email.utils import formatdate
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web
from tests.support.browser import dashboard, dashboard_settings
from tests.support.certificates import self_signed
from tests.support.https import OfficeCertificate
from tests.support.ports import free_port

from kikimori.doctor.page_address import look_at_page_address
from kikimori_core.messages import CodedText
from kikimori_core.wire.settings import BrokerSettings
from kikimori_dashboard import DashboardSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DATES = {"right": 0.0, "wrong": -600.0}


def codes(found: list[Any]) -> list[str]:
    assert all(each.next_step for each in found if each.state != "ok")
    return [each.detail.code for each in found if isinstance(each.detail, CodedText)]


async def test_the_dashboards_own_certificate(tmp_path: Path) -> None:
    """It answers by its name; while it does not run, and for pages of this machine alone, nothing is said."""
    pair = OfficeCertificate(tmp_path)
    settings = dashboard_settings(
        BrokerSettings(port=free_port()), **pair.settings(https_port=free_port(), port=free_port())
    )
    assert await look_at_page_address(settings) == []
    async with dashboard(settings):
        assert codes(await look_at_page_address(settings)) == ["page_answers"]
    assert await look_at_page_address(DashboardSettings()) == []


@asynccontextmanager
async def proxy(pair: tuple[Path, Path], status: int, kind: str, clock_s: float) -> AsyncIterator[str]:
    """Run a server that stands where a reverse proxy is; gives its address."""

    async def answer(_request: web.Request) -> web.Response:
        date = formatdate(time.time() + clock_s, usegmt=True)
        return web.Response(status=status, text="{}", content_type=kind, headers={"Date": date})

    app = web.Application()
    app.router.add_get("/healthz", answer)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*pair)
    runner = web.AppRunner(app)
    await runner.setup()
    port = free_port()
    await web.TCPSite(runner, "127.0.0.1", port, ssl_context=context).start()
    try:
        yield f"https://127.0.0.1:{port}"
    finally:
        await runner.cleanup()


@pytest.mark.parametrize(
    ("status", "kind", "clock", "code"),
    [
        (200, "application/json", "right", "page_answers"),
        (503, "application/json", "right", "page_answers"),
        (502, "text/html", "right", "page_proxy_fault"),
        (421, "text/plain", "right", "page_refused"),
        (200, "text/html", "right", "page_refused"),
        (200, "application/json", "wrong", "page_clock"),
    ],
)
async def test_behind_a_proxy(tmp_path: Path, status: int, kind: str, clock: str, code: str) -> None:
    pair = OfficeCertificate(tmp_path)
    async with proxy((pair.file, pair.key), status, kind, DATES[clock]) as url:
        settings = DashboardSettings(public_url=url, authority=pair.authority.file)
        assert codes(await look_at_page_address(settings)) == [code]


async def test_a_proxy_whose_authority_is_not_known_here(tmp_path: Path) -> None:
    async with proxy(self_signed(tmp_path, "stranger"), 200, "application/json", 0.0) as url:
        assert codes(await look_at_page_address(DashboardSettings(public_url=url))) == ["page_not_trusted"]


async def test_a_name_and_a_proxy_that_are_not_there() -> None:
    nowhere = DashboardSettings(public_url="https://no-such-host.invalid")
    assert codes(await look_at_page_address(nowhere)) == ["page_name_unknown"]
    silent = DashboardSettings(public_url=f"https://127.0.0.1:{free_port()}")
    assert codes(await look_at_page_address(silent)) == ["page_not_reached"]
