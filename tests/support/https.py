"""HTTPS of a dashboard in tests: its certificate, clients that trust it, a listener without a dashboard."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import ssl
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import aiohttp
from aiohttp import web
from tests.support.certificates import Authority
from tests.support.sign_in import SUPERVISOR, headers

from kikimori_core.certificates.examination import load_pair
from kikimori_core.serving.https_listener import HttpsListener
from kikimori_core.serving.limited_port import LimitedPort

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from kikimori_core.serving.connection_limiter import ConnectionLimiter

NAMES = "IP:127.0.0.1"
NAMED = "DNS:kikimori.office.example,DNS:*.branch.example,IP:127.0.0.1"


class OfficeCertificate:
    """Certificate of an office's dashboard and of its authority, in a folder."""

    def __init__(self, folder: Path, names: str = NAMES) -> None:
        self.folder = folder
        self.file, self.key = folder / "kikimori.crt", folder / "kikimori.key"
        self.authority = Authority(folder, "office-authority")
        (folder / "authority.crt").write_bytes(self.authority.file.read_bytes())
        self.renew(names)

    def renew(self, names: str = NAMES, days: int = 200) -> None:
        """Put a new pair in the place of the present one, as `kikimori certificate renew` does."""
        certificate, key = self.authority.certificate("issued", names, days)
        key.replace(self.key)
        certificate.replace(self.file)

    def settings(self, **more: object) -> dict[str, object]:
        """Return the keys of `[dashboard]`."""
        return {"certificate": self.file, "certificate_key": self.key, "https_port": 0, **more}

    async def public_key_hash(self) -> str:
        """Return the hash of its public key as Chromium takes it: a browser cannot be told of an authority without a profile."""
        key = await asyncio.create_subprocess_exec(
            "openssl", "x509", "-in", self.file, "-pubkey", "-noout", stdout=asyncio.subprocess.PIPE
        )
        pem, _ = await key.communicate()
        der = base64.b64decode(b"".join(pem.splitlines()[1:-1]))
        return base64.b64encode(hashlib.sha256(der).digest()).decode()

    def trusting(self) -> ssl.SSLContext:
        """Return the TLS context of a client that trusts the authority."""
        return ssl.create_default_context(cafile=self.authority.file)


def secure_client(
    url: str, trusting: ssl.SSLContext, login: str | None = SUPERVISOR, **more: Any
) -> aiohttp.ClientSession:
    """Return a client over HTTPS, signed in unless `login` is None."""
    return aiohttp.ClientSession(
        url,
        headers={"Origin": url} if login is None else headers(url, login),
        cookie_jar=aiohttp.DummyCookieJar(),
        connector=aiohttp.TCPConnector(ssl=trusting),
        **more,
    )


async def _hello(request: web.Request) -> web.Response:
    return web.Response(text=f"{request.scheme} {len(await request.read())}")


def _app() -> web.Application:
    app = web.Application()
    app.router.add_route("*", "/", _hello)
    return app


@asynccontextmanager
async def open_https(limiter: ConnectionLimiter, pair: OfficeCertificate) -> AsyncIterator[tuple[str, int]]:
    """A listener whose answers say by which scheme they were asked; gives its address."""
    secure, plain = LimitedPort(_app(), limiter), LimitedPort(_app(), limiter)
    await secure.prepare()
    await plain.prepare()
    context = load_pair(pair.file, pair.key)
    listener = HttpsListener(limiter, lambda: context, secure, plain)
    await listener.listen("127.0.0.1", 0)
    try:
        yield listener.address
    finally:
        await listener.close()
        await secure.close()
        await plain.close()
