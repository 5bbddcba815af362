"""A vosk-server as `websocket/asr_server.py` of github.com/alphacep/vosk-server describes the protocol, with the real Vosk.

That program itself cannot be installed here: it is not published as a package. Messages are compared to the letter, as
it does; a connection ends after `eof`. `misbehave` replaces the answers, to see what the agent makes of them.
"""

from __future__ import annotations

import asyncio
import json
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import vosk
from aiohttp import WSMsgType, web

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from pathlib import Path


class VoskServer:
    def __init__(self, model: vosk.Model, port: int) -> None:
        self.port = port
        self.connections = 0
        self.open = 0
        self.configs: list[dict[str, object]] = []
        self.misbehave: Callable[[str], str | None] | None = None
        """Given the right answer, the one to send; None = none at all."""
        self._model = model

    @property
    def url(self) -> str:
        return f"ws://127.0.0.1:{self.port}"

    async def serve(self, request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse()
        await socket.prepare(request)
        self.connections += 1
        self.open += 1
        rate, alternatives, recogniser = 8000.0, 0, None
        try:
            async for message in socket:
                if message.type is WSMsgType.TEXT and "config" in message.data:
                    config = json.loads(message.data)["config"]
                    self.configs.append(config)
                    rate = float(config.get("sample_rate", rate))
                    alternatives = int(config.get("max_alternatives", alternatives))
                    continue
                if recogniser is None:
                    recogniser = vosk.KaldiRecognizer(self._model, rate)
                    recogniser.SetWords(True)
                    recogniser.SetMaxAlternatives(alternatives)
                answer, ends = await asyncio.to_thread(_process, recogniser, message.data)
                sent = self.misbehave(answer) if self.misbehave else answer
                if sent is not None:
                    await socket.send_str(sent)
                if ends:
                    break
        finally:
            self.open -= 1
        return socket


def _process(recogniser: vosk.KaldiRecognizer, message: bytes | str) -> tuple[str, bool]:
    if message == '{"eof" : 1}':
        return recogniser.FinalResult(), True
    if message == '{"reset" : 1}':
        return recogniser.FinalResult(), False
    if recogniser.AcceptWaveform(message):
        return recogniser.Result(), False
    return recogniser.PartialResult(), False


@asynccontextmanager
async def vosk_server(model: Path, port: int = 0) -> AsyncIterator[VoskServer]:
    """Serve on loopback."""
    vosk.SetLogLevel(-1)
    server = VoskServer(await asyncio.to_thread(vosk.Model, str(model)), port)
    app = web.Application()
    app.router.add_get("/", server.serve)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        site = web.TCPSite(runner, "127.0.0.1", port)
        await site.start()
        server.port = runner.addresses[0][1]
        yield server
    finally:
        await runner.cleanup()
