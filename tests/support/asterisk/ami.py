"""Asterisk's manager interface for tests without Asterisk: answers with the bytes that a real one sent.

A transcript (`tests/integrations/asterisk/control/data/*.ami`, made by `record_ami.py` on Asterisk 22) is what passed while buttons were pressed. The
peer takes each action, looks for it in the transcript, and sends what Asterisk answered and what happened then, with the
action's own id. An action that no transcript has is answered with the error that Asterisk has for an unknown one.
"""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

    from tests.support.wire import Wire

PASSWORD = "not-a-secret"
TELLING = ("action", "channel", "context", "exten", "extrachannel", "extraexten", "variable", "extension")
"""Headers by which an action is known again; values of variables and ids differ from run to run."""


@dataclass
class AmiExchange:
    """One action of a transcript, and what came until the next one."""

    action: dict[str, str]
    reactions: list[str] = field(default_factory=list)
    used: bool = False

    def fits(self, action: dict[str, str]) -> bool:
        return not self.used and all(self.action.get(key) == action.get(key) for key in TELLING)


def headers(block: str) -> dict[str, str]:
    """First value of each header, by lower-case name; of `Variable` the name only."""
    found: dict[str, str] = {}
    for line in block.split("\r\n"):
        key, _, value = line.partition(":")
        found.setdefault(key.strip().lower(), value.strip())
    if "variable" in found:
        found["variable"] = found["variable"].partition("=")[0]
    return found


def write_transcript(wire: Wire, path: Path, *, hide: str) -> None:
    """Write what passed, block by block: `>` to Asterisk, `<` from it. `hide` is a folder that nobody need know."""
    rest = {True: "", False: ""}
    lines = []
    for to_asterisk, data in wire.passed:
        *blocks, rest[to_asterisk] = (rest[to_asterisk] + data.decode()).split("\r\n\r\n")
        for block in blocks:
            lines += [f"{'>' if to_asterisk else '<'} {line}" for line in block.split("\r\n")] + [""]
    path.write_text("\n".join(lines).replace(hide, "/var/lib/asterisk/sounds"), encoding="utf-8")


def read_transcript(path: Path) -> list[AmiExchange]:
    exchanges: list[AmiExchange] = []
    by_id: dict[str, AmiExchange] = {}
    for block in path.read_text(encoding="utf-8").split("\n\n"):
        lines = block.strip().split("\n")
        if not lines[0]:
            continue
        text = "\r\n".join(line[2:] for line in lines)
        head = headers(text)
        if lines[0].startswith(">"):
            exchange = AmiExchange(head)
            exchanges.append(exchange)
            by_id[head["actionid"]] = exchange
        elif "response" in head and head.get("actionid") in by_id:
            by_id[head["actionid"]].reactions.append(text)
        elif exchanges:
            exchanges[-1].reactions.append(text)
    return exchanges


class AmiPeer:
    """Use as `async with`; `port` is where it listens. `cut_at` names an action at which the connection breaks."""

    def __init__(self, transcript: Path | None, *, password: str = PASSWORD) -> None:
        self.exchanges = read_transcript(transcript) if transcript else []
        self.password = password
        self.actions: list[dict[str, str]] = []
        self.cut_at: str | None = None
        self.silent_at: str | None = None
        """Names an action that is never answered."""
        self.logins = 0
        self._ids: dict[str, str] = {}
        self._writers: set[asyncio.StreamWriter] = set()

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0)
        self.port: int = self._server.sockets[0].getsockname()[1]
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.close()
        for writer in self._writers:
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._writers.add(writer)
        writer.write(b"Asterisk Call Manager/13.0.0\r\n")
        with suppress(OSError, asyncio.IncompleteReadError):
            while True:
                block = (await reader.readuntil(b"\r\n\r\n"))[:-4].decode()
                action = headers(block)
                self.actions.append(action)
                if action["action"] == self.cut_at:
                    break
                if action["action"] != self.silent_at:
                    self._react(action, writer)
        writer.transport.abort()

    def _react(self, action: dict[str, str], writer: asyncio.StreamWriter) -> None:
        asked = action["action"]
        if asked == "Challenge":
            self._send(writer, action, "Response: Success", "Challenge: 129744611")
            return
        if asked == "Login":
            wanted = hashlib.md5(f"129744611{self.password}".encode(), usedforsecurity=False).hexdigest()
            if action["key"] != wanted:
                self._send(writer, action, "Response: Error", "Message: Authentication failed")
                return
            self.logins += 1
        exchange = next((each for each in self.exchanges if each.fits(action)), None)
        if exchange is None:
            if asked == "Login":
                self._send(writer, action, "Response: Success", "Message: Authentication accepted")
            else:
                self._send(writer, action, "Response: Error", "Message: Invalid/unknown command")
            return
        exchange.used = True
        self._ids[exchange.action["actionid"]] = action["actionid"]
        for reaction in exchange.reactions:
            writer.write(f"{self._with_ids(reaction)}\r\n\r\n".encode())

    def _with_ids(self, block: str) -> str:
        lines = []
        for line in block.split("\r\n"):
            key, separator, value = line.partition(": ")
            # A Local channel's halves are `ID` and `ID;2`.
            identity, *half = value.split(";", 1)
            lines.append(f"{key}{separator}{';'.join([self._ids.get(identity, identity), *half])}")
        return "\r\n".join(lines)

    @staticmethod
    def _send(writer: asyncio.StreamWriter, action: dict[str, str], first: str, second: str) -> None:
        writer.write(f"{first}\r\nActionID: {action['actionid']}\r\n{second}\r\n\r\n".encode())
