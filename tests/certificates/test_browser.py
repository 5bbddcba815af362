"""Certificates of the office's own authority in the real Chromium, which has the authority in a database of its own."""

from __future__ import annotations

import asyncio
import os
import shutil
import ssl
import subprocess
from contextlib import AsyncExitStack, asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from playwright.async_api import Browser, Error
from tests.support.browser import ARGUMENTS, CHROMIUM, playwright_driver
from tests.support.issuing import Issued, Wish, root

from kikimori.cli.main import main
from kikimori_core.certificates.files import read_certificates, read_key

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

NAME = "kikimori.office.example"


@asynccontextmanager
async def serving(cert: Path, key: Path) -> AsyncIterator[int]:
    """Serve one word by HTTPS; gives the port."""

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok")
        await writer.drain()
        writer.close()

    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(cert, key)
    async with await asyncio.start_server(answer, "127.0.0.1", 0, ssl=context) as server:
        yield server.sockets[0].getsockname()[1]


def home_that_trusts(folder: Path, authority: Path) -> Path:
    """Make a home folder with a database of Chromium's in which an authority is trusted for servers."""
    database = folder / "home" / ".pki" / "nssdb"
    database.mkdir(parents=True)
    where = ("certutil", "-d", f"sql:{database}")
    for words in (("-N", "--empty-password"), ("-A", "-t", "C,,", "-n", "office", "-i", str(authority))):
        subprocess.run([*where, *words], check=True, capture_output=True)
    return folder / "home"


async def said(browser: Browser, url: str) -> str:
    """Return what a page says, or the browser's reason for not showing it."""
    page = await browser.new_page()
    try:
        await page.goto(url)
        return await page.inner_text("body")
    except Error as error:
        return error.message.partition("net::")[2].partition(" ")[0]
    finally:
        await page.close()


@pytest.mark.skipif(shutil.which("certutil") is None, reason="no certutil here (Debian: libnss3-tools)")
async def test_chromium_trusts_the_office_and_nothing_beyond(tmp_path: Path) -> None:
    folder = tmp_path / "certificates"
    words = ["create", "--folder", str(folder), "--name", NAME, "--address", "127.0.0.1", "--days", "825"]
    assert main(["certificate", *words]) == 0
    key = read_key(folder / "authority.key")
    office = Issued(read_certificates(folder / "authority.crt")[0], key)  # type: ignore[arg-type]
    pairs = {"office": (folder / "kikimori.crt", folder / "kikimori.key")}
    # What a thief of the authority's key could sign, and what another authority signed for the same name.
    for title, issuer, name in (("beyond", office, "bank.example"), ("other", root(), NAME)):
        (tmp_path / title).mkdir()
        pairs[title] = issuer.issue(Wish(names=(name,), addresses=())).write(tmp_path / title, issuer)
    async with AsyncExitStack() as stack:
        port = {title: await stack.enter_async_context(serving(*pair)) for title, pair in pairs.items()}
        playwright = await stack.enter_async_context(playwright_driver())
        browser = await playwright.chromium.launch(
            executable_path=CHROMIUM,
            args=[*ARGUMENTS, "--host-resolver-rules=MAP *.example 127.0.0.1"],
            env={**os.environ, "HOME": str(home_that_trusts(tmp_path, folder / "authority.crt"))},
        )
        stack.push_async_callback(browser.close)
        assert await said(browser, f"https://{NAME}:{port['office']}/") == "ok"
        assert await said(browser, f"https://127.0.0.1:{port['office']}/") == "ok"
        assert await said(browser, f"https://bank.example:{port['beyond']}/") == "ERR_CERT_INVALID"
        assert await said(browser, f"https://{NAME}:{port['other']}/") == "ERR_CERT_AUTHORITY_INVALID"
        refused = await said(browser, f"https://broker.office.example:{port['office']}/")
        assert refused == "ERR_CERT_COMMON_NAME_INVALID"
