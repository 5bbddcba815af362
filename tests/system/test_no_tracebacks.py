"""The program as a process: what a newcomer runs into is told in words, never with a traceback."""

from __future__ import annotations

import asyncio
import os
import re
import signal
import socket
import struct
import sys
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import aiohttp
import pytest
from tests.support.deadline import WITHIN_S
from tests.support.live_client import connected, live_client
from tests.support.ports import free_port
from tests.support.program import KIKIMORI
from tests.support.sign_in import cookie, people_in_folder

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

DASHBOARD = (sys.executable, "-m", "kikimori_dashboard")

LIKE_ANY_USER = (
    ("setpriv", "--bounding-set=-dac_override,-dac_read_search", "--") if os.geteuid() == 0 else ()
)
"""Root may write anywhere; without these capabilities it may not."""


class Program:
    """A running `kikimori`."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process
        self.told = ""

    async def until(self, text: str) -> None:
        """Read its standard error until `text`."""
        assert self.process.stderr is not None
        async with asyncio.timeout(WITHIN_S):
            while text not in self.told:
                line = await self.process.stderr.readline()
                assert line, self.told
                self.told += line.decode()

    async def end(self, number: signal.Signals | None = None) -> int:
        """Send a signal if there is one, and read to the end."""
        assert self.process.stderr is not None
        if number is not None:
            self.process.send_signal(number)
        async with asyncio.timeout(WITHIN_S):
            self.told += (await self.process.stderr.read()).decode()
            return await self.process.wait()


@asynccontextmanager
async def running(
    folder: Path, command: str, *, like: tuple[str, ...] = (), state: str = "state"
) -> AsyncIterator[Program]:
    ports = [free_port() for _ in range(4)]
    config = folder / "kikimori.toml"
    config.write_text(
        f"state_dir = '{state}'\n[speech]\nenabled = false\n[mqtt]\nport = {ports[0]}\n[dashboard]\nport = {ports[1]}\n"
        "[store]\ndir = 'people'\n"
        f"[audiosocket]\nport = {ports[2]}\nannounce_port = {ports[3]}\n",
        encoding="utf-8",
    )
    process = await asyncio.create_subprocess_exec(
        *like, *KIKIMORI, command, "--config", str(config), stderr=asyncio.subprocess.PIPE, cwd=folder
    )
    try:
        yield Program(process)
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@pytest.mark.parametrize("command", ["up", "agent"])
@pytest.mark.parametrize("fault", ["not ours", "a file", "file not ours"])
async def test_a_state_folder_that_cannot_be_written(tmp_path: Path, command: str, fault: str) -> None:
    state = tmp_path / "folder"
    if fault == "a file":
        state.write_text("")
    else:
        state.mkdir()
        for name in ("outbox-agent.sqlite3",) if fault == "file not ours" else ():
            (state / name).touch(0o400)
            _give_away(state / name)
        state.chmod(0o555)
        _give_away(state)
    async with running(tmp_path, command, like=LIKE_ANY_USER, state="folder") as program:
        assert await program.end() == 1
    assert "Traceback" not in program.told
    assert str(state) in program.told
    assert "next: " in program.told


def _give_away(path: Path) -> None:
    if os.geteuid() == 0:
        os.chown(path, 65534, 65534)


@pytest.mark.parametrize("command", [(*KIKIMORI, "up"), (*KIKIMORI, "agent"), DASHBOARD])
@pytest.mark.parametrize("files", [10, 20, 40])
async def test_too_few_open_files(tmp_path: Path, command: tuple[str, ...], files: int) -> None:
    """Said at once; before, it ended where the first file could not be opened."""
    config = tmp_path / "kikimori.toml"
    config.write_text("[judging]\nbuiltin_phrases = false\n", encoding="utf-8")
    process = await asyncio.create_subprocess_exec(
        "sh", "-c", f'ulimit -n {files}; exec "$@"', "sh", *command, "--config", str(config),
        stderr=asyncio.subprocess.PIPE, cwd=tmp_path,
    )  # fmt: skip
    program = Program(process)
    assert await program.end() == 1
    assert "Traceback" not in program.told
    assert "Warning" not in program.told
    assert f"only {files} files" in program.told
    assert "next: allow more" in program.told


async def test_browsers_that_close_abruptly(tmp_path: Path) -> None:
    """At every moment: before they are answered, in the middle of a page or a press, and while they are told."""
    async with running(tmp_path, "up") as program:
        await program.until("operator ")
        found = re.search(r"dashboard +(http://127\.0\.0\.1:(\d+))/", program.told)
        assert found is not None
        url, port = found[1], int(found[2])
        await people_in_folder(tmp_path / "people")
        signed_in = f"Cookie: {cookie()['Cookie']}\r\n"
        live = (
            "GET /live HTTP/1.1\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n{signed_in}"
        )
        press = (
            "POST /api/calls/x/commands HTTP/1.1\r\nContent-Type: application/json\r\nContent-Length: 400\r\n"
            f"{signed_in}"
        )
        requests = [
            live,
            press,
            "GET /static/i18n/ja.json HTTP/1.1\r\n",
            f"GET / HTTP/1.1\r\n{signed_in}",
        ]
        for request in requests:
            for answered in (False, True):
                for reset in (False, True):
                    await _hang_up(port, request, url, answered=answered, reset=reset)
        async with live_client(url) as watching, aiohttp.ClientSession() as http:
            await watching.until(connected)
            # Requests are taken in turn: the ended ones are behind us.
            async with http.get(f"{url}/healthz") as answer:
                assert answer.status == 200
            assert await program.end(signal.SIGTERM) == 0
    assert "Traceback" not in program.told


async def _hang_up(port: int, request: str, origin: str, *, answered: bool, reset: bool) -> None:
    """Send a request and close; `reset`: as a machine that is gone (RST)."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    head = f"{request}Host: 127.0.0.1:{port}\r\nOrigin: {origin}\r\n\r\n"
    writer.write(head.encode() + (b"{" if request.startswith("POST") else b""))
    await writer.drain()
    if answered and not request.startswith("POST"):
        await reader.readexactly(10)
    if reset:
        sock = writer.get_extra_info("socket")
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        writer.transport.abort()
    else:
        writer.close()


@pytest.mark.parametrize("command", ["up", "agent", "dashboard"])
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
@pytest.mark.parametrize("told", ["", "{"], ids=["loading", "starting"])
async def test_stopped_at_the_start(tmp_path: Path, command: str, number: signal.Signals, told: str) -> None:
    """While the program loads, and as soon as it says something."""
    async with running(tmp_path, command) as program:
        if told:
            await program.until(told)
        else:
            await _loading(program.process.pid)
        await program.end(number)
    assert "Traceback" not in program.told


async def _loading(pid: int) -> None:
    """Wait until the process has begun to load the program's libraries."""
    async with asyncio.timeout(WITHIN_S):
        while "pydantic" not in await asyncio.to_thread(_mapped, pid):  # noqa: ASYNC110  (another process)
            await asyncio.sleep(0.005)


def _mapped(pid: int) -> str:
    try:
        with open(f"/proc/{pid}/maps", encoding="utf-8") as file:  # noqa: PTH123
            return file.read()
    except OSError:
        return ""
