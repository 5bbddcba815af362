"""Time-stamping authority for tests: `openssl ts` behind a small HTTP server, with an authority of its own."""

from __future__ import annotations

import asyncio
import subprocess
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from aiohttp import web

from kikimori_core.journal.anchor_settings import TimestampSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

CONFIG = """
[ req ]
distinguished_name = name
prompt = no
[ name ]
CN = TSA of the tests
[ authority ]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign
subjectKeyIdentifier = hash
[ stamper ]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
subjectKeyIdentifier = hash
authorityKeyIdentifier = keyid
[ tsa ]
default_tsa = here
[ here ]
serial = serial
crypto_device = builtin
signer_cert = tsa.crt
signer_key = tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256, sha512
ordering = yes
ess_cert_id_chain = no
"""


@dataclass
class TimeStampAuthority:
    """Authority in a folder; `requests` are those that came, `answer` replaces what it says."""

    folder: Path
    requests: list[bytes] = field(default_factory=list)
    answer: bytes | None = None

    def __post_init__(self) -> None:
        self.folder.mkdir()
        (self.folder / "openssl.cnf").write_text(CONFIG, encoding="utf-8")
        (self.folder / "serial").write_text("01\n", encoding="utf-8")
        key = (
            "-newkey",
            "ec",
            "-pkeyopt",
            "ec_paramgen_curve:prime256v1",
            "-nodes",
            "-config",
            "openssl.cnf",
        )
        self._openssl(
            "req", "-x509", *key, "-extensions", "authority", "-days", "30", "-subj", "/CN=Authority of the TSA",
            "-keyout", "authority.key", "-out", "authority.crt",
        )  # fmt: skip
        self._openssl("req", *key, "-keyout", "tsa.key", "-out", "tsa.csr")
        self._openssl(
            "x509", "-req", "-in", "tsa.csr", "-CA", "authority.crt", "-CAkey", "authority.key", "-days", "30",
            "-CAcreateserial", "-extfile", "openssl.cnf", "-extensions", "stamper", "-out", "tsa.crt",
        )  # fmt: skip

    @property
    def file(self) -> Path:
        return self.folder / "authority.crt"

    def stamp(self, request: bytes) -> bytes:
        """Return the answer to a request."""
        (self.folder / "request.tsq").write_bytes(request)
        self._openssl(
            "ts", "-reply", "-config", "openssl.cnf", "-queryfile", "request.tsq", "-out", "answer.tsr"
        )
        return (self.folder / "answer.tsr").read_bytes()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[TimestampSettings]:
        """Serve it on a port of this machine, and give the settings for it."""
        app = web.Application()
        app.router.add_post("/tsr", self._reply)
        runner = web.AppRunner(app)
        await runner.setup()
        site = web.TCPSite(runner, "127.0.0.1", 0)
        await site.start()
        try:
            port = runner.addresses[0][1]
            yield TimestampSettings(url=f"http://127.0.0.1:{port}/tsr", ca_file=self.file)
        finally:
            await runner.cleanup()

    async def _reply(self, request: web.Request) -> web.Response:
        asked = await request.read()
        self.requests.append(asked)
        said = self.answer if self.answer is not None else await asyncio.to_thread(self.stamp, asked)
        return web.Response(body=said, content_type="application/timestamp-reply")

    def _openssl(self, *arguments: str) -> None:
        subprocess.run(["openssl", *arguments], cwd=self.folder, check=True, capture_output=True)
