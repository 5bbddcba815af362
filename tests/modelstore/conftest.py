"""A small archive with the layout of a model, and a real HTTP server that serves it in good and bad ways."""

from __future__ import annotations

import hashlib
import io
import random
import zipfile
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
import pytest_asyncio
from aiohttp import web

from kikimori.modelstore.catalogue import Catalogue

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

NAME = "vosk-model-test-0.1"


def model_files() -> dict[str, bytes]:
    noise = random.Random(1)  # noqa: S311 - content, not a secret
    return {
        "am/final.mdl": noise.randbytes(300_000),
        "conf/mfcc.conf": b"--use-energy=false\n",
        "conf/model.conf": b"--beam=10.0\n",
        "graph/HCLr.fst": noise.randbytes(50_000),
        "graph/Gr.fst": noise.randbytes(50_000),
    }


def archive(files: Mapping[str, bytes], top: str = f"{NAME}/") -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in files.items():
            made.writestr(top + name, content)
    return buffer.getvalue()


@dataclass
class Server:
    """Server of model files, with faults. `seen` holds the Range header of every request."""

    content: bytes
    ranges: bool = True
    break_after: list[int] = field(default_factory=list)
    """Bytes after which the next requests are cut off, one entry a request."""
    statuses: list[int] = field(default_factory=list)
    """Answers of the next requests, one entry a request."""
    etag: str = '"1"'
    hide_length: bool = False
    seen: list[str | None] = field(default_factory=list)
    url: str = ""

    async def answer(self, request: web.Request) -> web.StreamResponse:
        wanted = request.headers.get("Range")
        self.seen.append(wanted)
        if self.statuses:
            return web.Response(status=self.statuses.pop(0))
        start, status = 0, 200
        headers = {"ETag": self.etag} if self.etag else {}
        unchanged = request.headers.get("If-Range", self.etag) == self.etag
        if self.ranges and wanted and unchanged:
            start, status = int(wanted.removeprefix("bytes=").removesuffix("-")), 206
            if start >= len(self.content):
                return web.Response(status=416, headers={"Content-Range": f"bytes */{len(self.content)}"})
            headers["Content-Range"] = f"bytes {start}-{len(self.content) - 1}/{len(self.content)}"
        response = web.StreamResponse(status=status, headers=headers)
        body = self.content[start:]
        if self.hide_length:
            response.enable_chunked_encoding()
        else:
            response.content_length = len(body)
        await response.prepare(request)
        if self.break_after:
            await response.write(body[: self.break_after.pop(0)])
            assert request.transport is not None
            request.transport.close()
            return response
        await response.write(body)
        await response.write_eof()
        return response

    def catalogue(self, **fields: Any) -> Catalogue:
        given: dict[str, Any] = {
            "name": NAME,
            "language": "ja",
            "url": self.url,
            "licence": "Apache-2.0",
            "description": {"ja": "試験", "en": "test"},
            "zip_size": len(self.content),
            "zip_sha256": hashlib.sha256(self.content).hexdigest(),
            "files": {
                name: {"size": len(content), "sha256": hashlib.sha256(content).hexdigest()}
                for name, content in model_files().items()
            },
        }
        return Catalogue.model_validate({"model": [given | fields]})


@pytest.fixture
def content() -> bytes:
    return archive(model_files())


@pytest_asyncio.fixture
async def server(content: bytes) -> AsyncIterator[Server]:
    served = Server(content)
    app = web.Application()
    app.router.add_get("/model.zip", served.answer)
    runner = web.AppRunner(app)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    host, port = runner.addresses[0][:2]
    served.url = f"http://{host}:{port}/model.zip"
    yield served
    await runner.cleanup()
