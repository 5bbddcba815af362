"""`kikimori tap watch` as a process of its own, with real sockets: sound in, exit code out."""

from __future__ import annotations

import asyncio
import json
import os
import pty
import signal
import socket
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from tests.support.brokers import USER, Embedded
from tests.support.deadline import WITHIN_S
from tests.support.peer_agent import PeerAgent
from tests.support.ports import free_port
from tests.support.program import KIKIMORI, kikimori
from tests.support.telephone import RATE, on_the_line

from kikimori.addresses import Addresses
from kikimori.bus.broker_users import leave_login
from kikimori_core.wire.messages import LegLevel

if TYPE_CHECKING:
    from asyncio.subprocess import Process
    from collections.abc import AsyncIterator
    from pathlib import Path

TONE = np.round(np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE) * 8000).astype("<i2").tobytes()

LONG = "600"
"""Seconds after which it would end by itself: with a limit its exit code says whether sound came."""


def configuration(folder: Path, *, mqtt: int = 1) -> tuple[Path, Addresses]:
    audio, announce = free_port(), free_port()
    path = folder / "kikimori.toml"
    path.write_text(
        f'state_dir = "state"\n[mqtt]\nport = {mqtt}\n[audiosocket]\nport = {audio}\nannounce_port = {announce}\n',
        encoding="utf-8",
    )
    at = {"audiosocket": ("127.0.0.1", audio), "announce": ("127.0.0.1", announce)}
    return path, Addresses(at)


@asynccontextmanager
async def watching(*arguments: str | Path) -> AsyncIterator[Process]:
    process = await asyncio.create_subprocess_exec(
        *KIKIMORI,
        "tap",
        "watch",
        *map(str, arguments),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        async with asyncio.timeout(WITHIN_S):
            yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


async def told(process: Process) -> dict[str, Any]:
    """The next line of `--json`."""
    assert process.stdout is not None
    line = await process.stdout.readline()
    assert line, (await process.stderr.read()).decode() if process.stderr else ""
    found: dict[str, Any] = json.loads(line)
    return found


async def test_sound_is_seen_and_the_exit_code_says_so(tmp_path: Path) -> None:
    path, addresses = configuration(tmp_path)
    async with watching("--config", path, "--json", "--seconds", LONG) as process:
        first = await told(process)
        assert first["taps"][0]["listens"]
        assert "does the PBX send to" in first["hints"][0]
        async with on_the_line(addresses, call="c-1", role="customer") as telephone:
            speaking = asyncio.create_task(telephone.speak(TONE * 5))
            while (
                not (shown := await told(process))["calls"]
                or shown["calls"][0]["legs"][0]["level_db"] is None
            ):
                pass
            await telephone.press("*")
            while not (await told(process))["calls"][0]["legs"][0]["key"]:
                pass
            speaking.cancel()
            await asyncio.gather(speaking, return_exceptions=True)
        call = shown["calls"][0]
        leg = call["legs"][0]
        assert (call["call_id"], call["tap"], leg["role"], leg["rate"]) == (
            "c-1",
            "audiosocket",
            "customer",
            RATE,
        )
        assert leg["level_db"] == pytest.approx(20 * np.log10(8000 / 32768) - 3.01, abs=0.5)
        assert leg["sounded"]
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 0


async def test_digital_silence_is_no_sound(tmp_path: Path) -> None:
    path, addresses = configuration(tmp_path)
    async with watching("--config", path, "--json", "--seconds", LONG) as process:
        await told(process)
        async with on_the_line(addresses, call="c-1") as telephone:
            silent = asyncio.create_task(telephone.stay())
            while (
                not (shown := await told(process))["calls"]
                or shown["calls"][0]["legs"][0]["level_db"] is None
            ):
                pass
            silent.cancel()
            await asyncio.gather(silent, return_exceptions=True)
        assert shown["calls"][0]["legs"][0]["level_db"] == -96
        process.send_signal(signal.SIGINT)
        assert await process.wait() == 1


async def test_nothing_at_all_ends_with_hints(tmp_path: Path) -> None:
    path, _ = configuration(tmp_path)
    ended = await kikimori("tap", "watch", "--config", path, "--seconds", "1")
    assert ended.code == 1
    assert "nothing arrived yet" in ended.out
    assert ended.err.splitlines()[-1] == "0 legs, sound on 0"


async def test_ports_that_the_agent_has_lead_to_watching_through_it(tmp_path: Path) -> None:
    path, addresses = configuration(tmp_path)
    assert addresses.audiosocket is not None
    with socket.create_server(addresses.audiosocket):
        ended = await kikimori("tap", "watch", "--config", path, "--seconds", "1")
    assert ended.code == 1
    assert "cannot listen" in ended.err
    assert "kikimori tap watch --from-agent" in ended.err


async def test_no_way_in_is_said(tmp_path: Path) -> None:
    path = tmp_path / "kikimori.toml"
    path.write_text("[audiosocket]\nenabled = false\n", encoding="utf-8")
    ended = await kikimori("tap", "watch", "--config", path)
    assert ended.code == 1
    assert "no way in is switched on" in ended.err


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_it_ends_cleanly_when_told_to(tmp_path: Path, number: signal.Signals) -> None:
    path, addresses = configuration(tmp_path)
    async with watching("--config", path, "--json") as process:
        await told(process)
        async with on_the_line(addresses, call="c-1") as telephone:
            silent = asyncio.create_task(telephone.stay())
            while not (await told(process))["calls"]:
                pass
            process.send_signal(number)
            assert await process.wait() == 0
            silent.cancel()
            await asyncio.gather(silent, return_exceptions=True)
        assert process.stderr is not None
        assert (await process.stderr.read()).decode().splitlines() == ["1 legs, sound on 0"]


async def test_on_a_terminal(tmp_path: Path) -> None:
    """A picture that stands still, not lines that run away."""
    path, _ = configuration(tmp_path)
    ours, theirs = pty.openpty()
    try:
        process = await asyncio.create_subprocess_exec(
            *KIKIMORI, "tap", "watch", "--config", str(path), "--seconds", "1", stdout=theirs, stderr=theirs,
            env={**os.environ, "TERM": "xterm", "COLUMNS": "100", "LINES": "30"},
        )  # fmt: skip
        assert await process.wait() == 1
        shown = os.read(ours, 100_000).decode()
    finally:
        os.close(ours)
        os.close(theirs)
    assert "kikimori tap watch" in shown
    assert "Ctrl-C ends" in shown
    assert "\x1b[" in shown


async def test_through_an_agent(tmp_path: Path) -> None:
    broker = Embedded()
    await broker.start()
    try:
        path, _ = configuration(tmp_path, mqtt=broker.settings.port)
        # As `kikimori up` leaves it.
        leave_login(tmp_path / "state", broker.settings.port, USER)
        async with (
            PeerAgent(broker.settings).running() as agent,
            watching("--config", path, "--json", "--from-agent", "--seconds", LONG) as process,
        ):
            await agent.call("c")
            while not (shown := await told(process))["calls"]:
                pass
            assert shown["taps"][0]["name"] == "agent agent-1"
            assert shown["calls"][0]["customer"].endswith("00")
            while not shown["calls"][0]["legs"][0]["sounded"]:
                await agent.levels(c=(LegLevel(level_db=-14, speaking=True), None))
                shown = await told(process)
            await agent.end_call("c")
            process.send_signal(signal.SIGINT)
            assert await process.wait() == 0
    finally:
        await broker.stop()


async def test_through_an_agent_without_a_broker(tmp_path: Path) -> None:
    path, _ = configuration(tmp_path, mqtt=free_port())
    ended = await kikimori("tap", "watch", "--config", path, "--from-agent", "--seconds", "1")
    assert ended.code == 1
    assert "is the agent running?" in ended.err
