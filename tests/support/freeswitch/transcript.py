"""Transcript of the exchange between control and a real FreeSWITCH: written, and played again without one.

A transcript (`tests/integrations/freeswitch/control/data/*.esl`, made by `record_esl.py` on FreeSWITCH 1.11.3-dev) has a line for each message in the
order in which they passed: `>` a command, `<` what FreeSWITCH sent. Of an event it keeps the headers in `KEPT` as they
were; the rest, some hundred channel variables each, nobody here reads.
"""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from kikimori.integrations.freeswitch.esl import EslDecoder, EslMessage, event_from

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.wire import Wire

PASSWORD = "not-a-secret"
KEPT = (
    "Event-Name", "Event-Sequence", "Unique-ID", "Other-Leg-Unique-ID", "Bridge-A-Unique-ID", "Bridge-B-Unique-ID",
    "variable_kikimori_order", "variable_kikimori_step", "Kikimori-Order", "Kikimori-Cause", "Hangup-Cause",
    "Playback-File-Path", "Media-Bug-Function", "Job-UUID", "_body",
)  # fmt: skip
_ORDER = re.compile(r"(?<=order=)[0-9a-f]{16}", re.IGNORECASE)


def write_transcript(wire: Wire, path: Path, *, hide: str) -> None:
    """Write what passed. `hide` is a folder that nobody need know."""
    decoder, commands = EslDecoder(), ""
    lines: list[str] = []
    for to_switch, data in wire.passed:
        if to_switch:
            *whole, commands = (commands + data.decode()).split("\n\n")
            lines += ["> " + each.replace("\n", " | ") for each in whole]
        else:
            lines += ["< " + json.dumps(_sent(each)) for each in decoder.feed(data)]
    path.write_text("\n".join(lines).replace(hide, "/sounds") + "\n", encoding="utf-8")


def _sent(message: EslMessage) -> dict[str, object]:
    event = event_from(message)
    if event is None:
        return {"kind": message.kind, "reply": message.reply, "text": message.text}
    body = {"_body": event.body} if event.body else {}
    return {"event": {name: event.get(name) for name in KEPT if event.get(name)} | body}


def exchanges(path: Path) -> Iterator[EslExchange]:
    """Yield each command with what came until the next one; the greeting has none."""
    now = EslExchange("")
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.startswith("> "):
            yield now
            now = EslExchange(line[2:])
        else:
            now.reactions.append(json.loads(line[2:]))
    yield now


@dataclass
class EslExchange:
    command: str
    reactions: list[dict[str, object]] = field(default_factory=list)
    used: bool = False

    @property
    def line(self) -> str:
        return self.command.partition(" | ")[0]

    def fits(self, line: str) -> bool:
        return not self.used and _ORDER.sub("", self.line) == _ORDER.sub("", line)


class EslPeer:
    """Use as `async with`. Answers commands with what the real one sent, each once; orders have the names of today."""

    def __init__(self, transcript: Path, *, hidden: str = "/sounds") -> None:
        """`hidden`: the folder that the transcript calls `/sounds`."""
        self._hidden = hidden
        self._greeting, *self._exchanges = exchanges(transcript)
        self._today: dict[str, str] = {}
        """Names of orders and jobs: those of the transcript to those of this run."""
        self.unknown: list[str] = []
        """Commands that the transcript does not have."""

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()

    @property
    def unused(self) -> list[str]:
        """Return the commands that the real one received and this one did not."""
        return [each.line for each in self._exchanges if not each.used]

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._send(writer, self._greeting)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                asked = (await reader.readuntil(b"\n\n")).decode().strip()
                self._answer(writer, asked.replace("\n", " | "))
        writer.close()

    def _answer(self, writer: asyncio.StreamWriter, command: str) -> None:
        line = command.partition(" | ")[0].replace(self._hidden, "/sounds")
        exchange = next((each for each in self._exchanges if each.fits(line)), None)
        if exchange is None:
            self.unknown.append(line)
            nothing: dict[str, object] = {
                "kind": "api/response",
                "reply": "",
                "text": "-ERR Command not found!\n",
            }
            self._send(writer, EslExchange(line, [nothing]))
            return
        exchange.used = True
        for pattern in (_ORDER, re.compile(r"(?<=Job-UUID: )\S+")):
            self._today |= dict(zip(pattern.findall(exchange.command), pattern.findall(command), strict=True))
        self._send(writer, exchange)

    def _send(self, writer: asyncio.StreamWriter, exchange: EslExchange) -> None:
        for each in exchange.reactions:
            text = json.dumps(each)
            for old, new in self._today.items():
                text = text.replace(old, new)
            writer.write(_bytes(json.loads(text)))


def _bytes(sent: dict[str, object]) -> bytes:
    if "event" in sent:
        body = json.dumps(sent["event"]).encode()
        return b"Content-Length: %d\nContent-Type: text/event-json\n\n" % len(body) + body
    body = str(sent["text"]).encode()
    head = f"Content-Type: {sent['kind']}\n"
    if sent["reply"]:
        head += f"Reply-Text: {sent['reply']}\n"
    if body:
        head += f"Content-Length: {len(body)}\n"
    return head.encode() + b"\n" + body
