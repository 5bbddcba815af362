"""The ARI client towards servers that are no Asterisk, and the settings that lead to it."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from kikimori.config import read_config
from kikimori.errors import ConfigError
from kikimori.integrations.asterisk import ari
from kikimori.integrations.asterisk.ari import AriAwayError, AriClient, AriError, Json
from kikimori.integrations.asterisk.settings import AsteriskTable
from kikimori_core.messages import in_language

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


@asynccontextmanager
async def speaking_to(answer: web.Response, events: tuple[str | bytes, ...] = ()) -> AsyncIterator[AriClient]:
    """Speak to a server that answers everything alike, and sends these as events."""

    async def handle(request: web.Request) -> web.StreamResponse:
        if request.path.endswith("/subscription"):
            return web.json_response({})
        if not request.path.endswith("/events") or not events:
            return web.Response(status=answer.status, body=answer.body, headers=answer.headers)
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        for each in events:
            await (socket.send_str(each) if isinstance(each, str) else socket.send_bytes(each))
        await socket.close()
        return socket

    app = web.Application()
    app.router.add_route("*", "/{path:.*}", handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    client = AriClient(AsteriskTable(ari_url=f"http://127.0.0.1:{runner.addresses[0][1]}/ari/"))
    try:
        yield client
    finally:
        await client.close()
        await runner.cleanup()


@pytest.mark.parametrize("body", [b"<html>", b"\xff\xfe", b'{"a":', b"[" * 100_000])
async def test_what_is_not_json_is_no_ari(body: bytes) -> None:
    async with speaking_to(web.Response(body=body)) as client:
        with pytest.raises(AriAwayError):
            await client.get("/channels")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b'{"message":"No"}', "No"),
        (b'{"error":"Old"}', "Old"),
        (b"<html>", "Bad Gateway"),
        (b"[]", "Bad Gateway"),
    ],
)
async def test_a_refusal_has_its_words(body: bytes, words: str) -> None:
    async with speaking_to(web.Response(status=502, body=body)) as client:
        with pytest.raises(AriError, match=words) as caught:
            await client.post("/bridges/x")
    assert caught.value.status == 502


async def test_the_port_of_the_manager_is_named_in_both_languages() -> None:
    """AMI greets every connection: its greeting is no answer in HTTP."""

    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"Asterisk Call Manager/11.0.0\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        client = AriClient(AsteriskTable(ari_url=f"http://127.0.0.1:{port}/ari"))
        try:
            with pytest.raises(AriAwayError) as asked:
                await client.get("/channels")
            with pytest.raises(AriAwayError) as followed:
                async with client.events("kikimori"):
                    pass
        finally:
            await client.close()
    for caught in (asked, followed):
        assert str(caught.value) == f"ARI at http://127.0.0.1:{port}/ari: {ari.NOT_HTTP}"
        assert "このポートは HTTP ではありません" in in_language(caught.value.message, "ja")


async def test_nobody_is_sent_elsewhere() -> None:
    """The password goes to the configured host only."""
    async with speaking_to(web.Response(status=302, headers={"Location": "http://192.0.2.1/"})) as client:
        with pytest.raises(AriError, match="302"):
            await client.get("/channels")


async def test_an_endless_answer_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ari, "MOST_ANSWER_BYTES", 1000)
    async with speaking_to(web.Response(body=b"1" * 100_000)) as client:
        with pytest.raises(AriAwayError, match="too long"):
            await client.get("/channels")


async def test_events_that_are_none_end_the_connection() -> None:
    async with speaking_to(web.Response(), ('{"type":"Dial"}', b"\0", "[]", "{")) as client:
        seen: list[Json] = []
        with pytest.raises(AriAwayError, match="not JSON"):
            await listen(client, seen)
    assert seen == [{"type": "Dial"}]


async def listen(client: AriClient, seen: list[Json]) -> None:
    async with client.events("kikimori") as events:
        async for event in events:
            seen.append(event)  # noqa: PERF401  (what came before the end is looked at)


async def test_nobody_listens() -> None:
    client = AriClient(AsteriskTable(ari_url="http://127.0.0.1:1/ari"))
    with pytest.raises(AriAwayError, match=r"127\.0\.0\.1:1"):
        await client.get("/channels")
    with pytest.raises(AriAwayError):
        async with client.events("kikimori"):
            pass
    await client.close()


@pytest.mark.parametrize(
    ("toml", "named"),
    [
        ("[asterisk]\ntap = true", "ari_password_file"),
        ('[asterisk]\ntap = true\nari_password_file = "x"\n[audiosocket]\nenabled = false', "audiosocket"),
        ('[asterisk]\nari_url = "ftp://x"', "ari_url"),
        ('[asterisk]\nari_url = "http://me:secret@x/ari"', "ari_url"),
        ('[asterisk]\napp = "two words"', "app"),
        ("[asterisk]\nrate = 44100", "rate"),
        ("[asterisk]\ntapp = true", "tapp"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, toml: str, named: str) -> None:
    file = tmp_path / "kikimori.toml"
    file.write_text(toml, encoding="utf-8")
    with pytest.raises(ConfigError, match=named):
        read_config(file)


def test_the_password_is_the_first_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a file, or of a systemd credential."""
    (tmp_path / "ari").write_text("sesame \nsecond line\n", encoding="utf-8")
    assert AsteriskTable(ari_password_file=tmp_path / "ari").ari_password() == "sesame"
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(tmp_path))
    assert AsteriskTable.model_validate({"ari_password_file": "ari"}).ari_password() == "sesame"
    (tmp_path / "empty").write_text("\n", encoding="utf-8")
    with pytest.raises(OSError, match="empty"):
        AsteriskTable(ari_password_file=tmp_path / "empty").ari_password()
