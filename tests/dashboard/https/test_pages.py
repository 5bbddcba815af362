"""The pages over HTTPS: a browser, the port of plain HTTP, headers and cookies, a new certificate while they are open."""

from __future__ import annotations

import asyncio
import os
import signal
import ssl
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

import aiohttp
import pytest
from playwright.async_api import expect
from tests.dashboard.https.test_listener import CLIENT_HELLO
from tests.support.attacks import ATTACKS, Target, attack
from tests.support.browser import (
    ARGUMENTS,
    CHROMIUM,
    dashboard,
    dashboard_settings,
    playwright_driver,
    store_of_people,
)
from tests.support.https import NAMED, secure_client
from tests.support.live_client import LiveClient, connected
from tests.support.ports import free_port
from tests.support.sign_in import PASSWORD, SUPERVISOR

from kikimori_dashboard.access.passwords import Passwords
from kikimori_records.people import change, person_by_login

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from playwright.async_api import Page
    from tests.support.https import OfficeCertificate
    from tests.support.mosquitto import Mosquitto
    from tests.support.peer_agent import PeerAgent

WITHIN_S = 60


@asynccontextmanager
async def live(url: str, pair: OfficeCertificate) -> AsyncIterator[LiveClient]:
    async with (
        secure_client(url, pair.trusting()) as http,
        http.ws_connect("/live?page=supervisor") as socket,
    ):
        yield LiveClient(socket)


@asynccontextmanager
async def trusting_chromium(pair: OfficeCertificate) -> AsyncIterator[Page]:
    """A page of a browser that trusts the office's certificate as one that has its authority does."""
    spki = await pair.public_key_hash()
    arguments = [*ARGUMENTS, f"--ignore-certificate-errors-spki-list={spki}"]
    async with playwright_driver() as playwright:
        browser = await playwright.chromium.launch(executable_path=CHROMIUM, args=arguments)
        try:
            page = await browser.new_page()
            faults: list[str] = []
            page.on("pageerror", lambda error: faults.append(str(error)))
            page.on(
                "console", lambda message: faults.append(message.text) if message.type == "error" else None
            )
            yield page
            assert [each for each in faults if "401" not in each] == []
        finally:
            await browser.close()


async def test_from_the_old_address_to_the_live_page(
    real: Mosquitto, pair: OfficeCertificate, agent: PeerAgent
) -> None:
    """The bookmark of before leads to HTTPS; login, cookies and the live connection work there."""
    settings = dashboard_settings(real.settings, **pair.settings(port=free_port()))
    async with store_of_people() as store, dashboard(settings, store=store) as url:
        passwords = Passwords()
        person = await person_by_login(store, SUPERVISOR)
        assert person is not None
        await change(store, person.id, password_hash=await passwords.hash(PASSWORD))
        passwords.close()
        await agent.call("c")
        async with trusting_chromium(pair) as page:
            await page.goto(f"http://127.0.0.1:{settings.port}/")
            await expect(page).to_have_url(f"{url}/login?next=/")
            await page.get_by_label("ログイン名").fill(SUPERVISOR)
            await page.get_by_label("パスワード").fill(PASSWORD)
            await page.keyboard.press("Enter")
            await expect(page.locator("[data-call=c]")).to_be_visible()
            cookies = {each["name"]: each for each in await page.context.cookies()}
            assert set(cookies) == {"__Host-kikimori", "__Host-kikimori-device"}
            assert all(each["secure"] and each["httpOnly"] for each in cookies.values())


async def test_plain_http_gives_nothing_but_the_way(real: Mosquitto, pair: OfficeCertificate) -> None:
    """Both ports: browsers that know the name to be HTTPS's alone ask so at the old port too."""
    pair.renew(NAMED)
    settings = dashboard_settings(
        real.settings, **pair.settings(port=free_port(), https_port=free_port(), host_names=["kikimori"])
    )
    name = f"kikimori.office.example:{settings.https_port}"
    async with dashboard(settings) as url, aiohttp.ClientSession() as http:
        assert url == f"https://{name}"
        for port in (settings.port, settings.https_port):
            plain = f"http://127.0.0.1:{port}"
            for host, there in (
                ("127.0.0.1", f"127.0.0.1:{settings.https_port}"),
                (f"kikimori.office.example:{port}", name),
                ("KIKIMORI.office.example.", name),
                ("a.branch.example", f"a.branch.example:{settings.https_port}"),
                ("localhost:8765", name),  # the certificate is for none of these two
                ("kikimori", name),
            ):
                for method in ("GET", "HEAD"):
                    async with http.request(
                        method,
                        f"{plain}/operator?ext=204",
                        headers={"Host": host},
                        allow_redirects=False,
                    ) as answer:
                        assert answer.status == 308
                        assert answer.headers["Location"] == f"https://{there}/operator?ext=204"
                        assert "no-store" in answer.headers["Cache-Control"]
                        assert "Strict-Transport-Security" not in answer.headers
            for host in (
                "evil.example",
                "a.b.branch.example",
                "kikimori.office.example.evil",
                "0.0.0.0",
                "[",
            ):
                for path in ("/", "/authority.crt"):
                    async with http.get(
                        f"{plain}{path}", headers={"Host": host}, allow_redirects=False
                    ) as answer:
                        assert answer.status == 421 or host == "["
                        assert "Location" not in answer.headers
            body = {"login": SUPERVISOR, "password": PASSWORD}
            async with http.post(f"{plain}/api/login", json=body, headers={"Origin": plain}) as answer:
                assert answer.status == 403
                assert f"https://127.0.0.1:{settings.https_port}/" in await answer.text()
            async with http.get(f"{plain}/authority.crt") as answer:
                assert answer.content_type == "application/x-x509-ca-cert"
                assert ssl.PEM_cert_to_DER_cert(await answer.text())
        async with (
            secure_client(f"https://127.0.0.1:{settings.port}", pair.trusting()) as secure,
            secure.get("/operator?ext=204", allow_redirects=False) as answer,
        ):
            assert answer.headers["Location"] == f"https://127.0.0.1:{settings.https_port}/operator?ext=204"


async def test_names_origins_and_headers_over_https(real: Mosquitto, pair: OfficeCertificate) -> None:
    pair.renew(NAMED)
    settings = dashboard_settings(
        real.settings, **pair.settings(https_port=free_port(), host_names=["Old-Name.example"])
    )
    url = f"https://127.0.0.1:{settings.https_port}"
    port = settings.https_port
    async with dashboard(settings), secure_client(url, pair.trusting()) as http:
        for host, status in (
            ("kikimori.office.example", 200),
            (f"x.branch.example:{port}", 200),
            ("old-name.example", 200),
            ("localhost", 200),
            ("[::1]:1", 200),
            ("evil.example", 421),
            ("branch.example", 421),
            ("x@kikimori.office.example", 421),
        ):
            async with http.get("/api/me", headers={"Host": host}) as answer:
                assert answer.status == status, host
                hsts = answer.headers.get("Strict-Transport-Security")
                assert (hsts is not None) == (host not in ("localhost", "[::1]:1")), host
        async with http.get("/") as answer:
            policy = answer.headers["Content-Security-Policy"]
            assert "media-src 'self' blob:" in policy
            assert "form-action 'self'" in policy
            assert answer.headers["X-Frame-Options"] == "DENY"
            assert "Server" not in answer.headers
        for origin in (f"http://127.0.0.1:{port}", "https://127.0.0.1", "https://evil.example", "null", ""):
            with pytest.raises(aiohttp.WSServerHandshakeError, match="403"):
                await http.ws_connect("/live?page=supervisor", headers={"Origin": origin})
            async with http.post("/api/missed/seen", json={}, headers={"Origin": origin}) as answer:
                assert answer.status == 403
        with pytest.raises(aiohttp.WSServerHandshakeError, match="421"):
            await http.ws_connect("/live?page=supervisor", headers={"Host": "evil.example"})


async def test_a_bad_peer_harms_no_page(real: Mosquitto, pair: OfficeCertificate, agent: PeerAgent) -> None:
    """A crowd, haste, garbage, handshakes that are slow or never end: an open page lives on, and others get in again."""
    settings = dashboard_settings(real.settings, **pair.settings(https_port=free_port()))
    async with dashboard(settings) as url, live(url, pair) as browser:
        target = Target(("127.0.0.1", settings.https_port), CLIENT_HELLO, b"\x00" * 100)
        for kind in ATTACKS:
            async with attack(target, kind):
                await agent.call(kind)
                await browser.until(lambda picture: len(picture["calls"]) == ATTACKS.index(kind) + 1)  # noqa: B023
        async with secure_client(url, pair.trusting()) as http, asyncio.timeout(WITHIN_S):
            while True:
                with suppress(aiohttp.ClientError):
                    async with http.get("/api/me") as answer:
                        assert answer.status == 200
                        break
                await asyncio.sleep(0.1)


async def fingerprint(url: str, pair: OfficeCertificate) -> bytes:
    """Return the certificate that a new connection gets."""
    _, port = url.removeprefix("https://").split(":")
    _, writer = await asyncio.open_connection("127.0.0.1", int(port), ssl=pair.trusting())
    found: bytes = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return found


async def test_a_new_certificate_while_pages_are_open(real: Mosquitto, pair: OfficeCertificate) -> None:
    """New connections get it, open ones go on. One that cannot be used changes nothing, and the page says so."""
    settings = dashboard_settings(real.settings, **pair.settings())
    async with dashboard(settings) as url, live(url, pair) as browser:
        await browser.until(connected)
        assert browser.picture["site"]["certificate"] == []
        first = await fingerprint(url, pair)

        pair.renew()
        os.kill(os.getpid(), signal.SIGHUP)
        async with asyncio.timeout(WITHIN_S):
            while (second := await fingerprint(url, pair)) == first:  # noqa: ASYNC110  (TLS tells nobody)
                await asyncio.sleep(0.05)

        good = pair.key.read_bytes()
        _, other = pair.authority.certificate("other", "IP:127.0.0.1")
        pair.key.write_bytes(other.read_bytes())
        os.kill(os.getpid(), signal.SIGHUP)
        shown = await browser.until(lambda picture: picture["site"]["certificate"])
        former, why = shown["site"]["certificate"]
        assert (former["code"], former["severity"]) == ("certificate_former_in_use", "critical")
        assert why["code"] == "key_of_other_certificate"
        assert all(each["words"][language]["detail"] for each in (former, why) for language in ("ja", "en"))
        assert await fingerprint(url, pair) == second

        pair.key.write_bytes(good)
        os.kill(os.getpid(), signal.SIGHUP)
        await browser.until(lambda picture: not picture["site"]["certificate"])
        assert await fingerprint(url, pair) == second


async def test_an_end_that_is_near_stands_on_the_page(real: Mosquitto, pair: OfficeCertificate) -> None:
    pair.renew(days=12)
    settings = dashboard_settings(real.settings, **pair.settings())
    async with dashboard(settings) as url:
        async with live(url, pair) as browser:
            await browser.until(connected)
            (problem,) = browser.picture["site"]["certificate"]
            assert (problem["code"], problem["severity"]) == ("certificate_ends", "warning")
        for login, status in (("admin", 200), (SUPERVISOR, 200), ("operator", 403), (None, 401)):
            async with (
                secure_client(url, pair.trusting(), login) as http,
                http.get("/api/certificate") as answer,
            ):
                assert answer.status == status
                if status == 200:
                    assert (await answer.json())["problems"] == [problem]


async def test_pages_go_on_with_a_certificate_that_has_ended(
    real: Mosquitto, pair: OfficeCertificate
) -> None:
    """After a restart too: browsers warn, and who goes on sees calls and the reason in red."""
    pair.renew(days=-1)
    settings = dashboard_settings(real.settings, **pair.settings())
    trusting = pair.trusting()
    trusting.check_hostname = False
    trusting.verify_mode = ssl.CERT_NONE
    async with dashboard(settings) as url, secure_client(url, trusting) as http:
        async with http.ws_connect("/live?page=supervisor") as socket:
            browser = LiveClient(socket)
            await browser.until(connected)
        (problem,) = browser.picture["site"]["certificate"]
        assert (problem["code"], problem["severity"]) == ("certificate_expired", "critical")
