"""A new way in: a folder of its own and two lines in the registry, tried as the program that people run."""

from __future__ import annotations

import asyncio
import json
import os
import shutil
import subprocess
from contextlib import asynccontextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from tests.support.deadline import WITHIN_S
from tests.support.ports import free_port
from tests.support.program import KIKIMORI, kikimori

from kikimori.cli.main import main

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ROOT = Path(__file__).parent.parent.parent
IMPORT = "from kikimori.integrations.toy import Toy, ToyTable\n"
FIELD = "    toy: Annotated[ToyTable, Toy] = ToyTable()\n"
SOUND = (9_000 * np.sin(np.arange(1_600) * 0.5)).astype("<i2").tobytes()
"""A fifth of a second of a tone."""


@pytest.fixture(scope="module")
def env(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """Copy the program, add the toy's folder and its two lines; return the environment in which the copy runs."""
    folder = tmp_path_factory.mktemp("agent")
    copy = folder / "kikimori"
    shutil.copytree(ROOT / "agent" / "kikimori", copy, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copytree(Path(__file__).parent / "toy", copy / "integrations" / "toy")
    registry = copy / "integrations" / "registry.py"
    before = registry.read_text(encoding="utf-8").splitlines(keepends=True)
    last_import = max(n for n, line in enumerate(before) if line.startswith("from kikimori.integrations."))
    last_field = max(n for n, line in enumerate(before) if line.startswith("    ") and ": Annotated[" in line)
    text = [
        *before[: last_import + 1],
        IMPORT,
        *before[last_import + 1 : last_field + 1],
        FIELD,
        *before[last_field + 1 :],
    ]
    registry.write_text("".join(text), encoding="utf-8")
    return {"PYTHONPATH": str(folder)}


@pytest.fixture
def port() -> int:
    return free_port()


@pytest.fixture
def config(tmp_path: Path, port: int) -> Path:
    file = tmp_path / "kikimori.toml"
    file.write_text(
        'state_dir = "state"\n'
        f"[mqtt]\nport = {free_port()}\n"
        f"[dashboard]\nport = {free_port()}\n"
        "[speech]\nenabled = false\n"
        "[audiosocket]\nenabled = false\n"
        f"[toy]\nenabled = true\nport = {port}\n",
        encoding="utf-8",
    )
    return file


def run(env: dict[str, str], *arguments: str | Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*KIKIMORI, *arguments], capture_output=True, text=True, check=False, env={**os.environ, **env}
    )


@asynccontextmanager
async def calling(port: int) -> AsyncIterator[asyncio.Event]:
    """Call the toy's port once it is open, and sound until the end of the `async with`; the event: it has answered."""
    answered = asyncio.Event()

    async def call() -> None:
        while not answered.is_set():
            with suppress(ConnectionRefusedError):
                _, writer = await asyncio.open_connection("127.0.0.1", port)
                answered.set()
                continue
            await asyncio.sleep(0.05)
        try:
            while not writer.is_closing():
                writer.write(SOUND)
                await asyncio.sleep(0.2)
        finally:
            writer.close()

    sounding = asyncio.create_task(call())
    try:
        yield answered
    finally:
        sounding.cancel()
        await asyncio.gather(sounding, return_exceptions=True)


def test_its_table_is_read_and_told(env: dict[str, str], config: Path, port: int) -> None:
    checked = run(env, "config", "check", "--config", config)
    assert checked.returncode == 0, checked.stderr
    assert f"toy 127.0.0.1:{port}" in checked.stdout.splitlines()


def test_its_keys_are_checked(env: dict[str, str], config: Path) -> None:
    text = config.read_text(encoding="utf-8")
    config.write_text(text.replace("[toy]\n", "[toy]\nprot = 1\n"), encoding="utf-8")
    refused = run(env, "config", "check", "--config", config)
    assert refused.returncode == 2
    line = text.splitlines().index("[toy]") + 2
    assert f"{config}:{line}: toy.prot: unknown key; did you mean port?" in refused.stderr


def test_without_its_lines_its_table_is_unknown(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["config", "check", "--config", str(config)]) == 2
    line = config.read_text(encoding="utf-8").splitlines().index("[toy]") + 1
    assert f"{config}:{line}: toy: unknown key" in capsys.readouterr().err


def test_the_doctor_looks_at_it_and_at_its_port(env: dict[str, str], config: Path, port: int) -> None:
    with config.open("a", encoding="utf-8") as file:
        file.write(f"[chan_websocket]\nenabled = true\nport = {port}\n")
    seen = run(env, "doctor", "--json", "--config", config)
    found = {each["check"]: each for each in map(json.loads, seen.stdout.splitlines())}
    assert found["toy"]["detail"] == f"127.0.0.1, TCP port {port} is free"
    assert found["ports"]["detail"] == f"TCP port {port} is given to [chan_websocket] port and [toy] port"


async def test_its_sound_is_watched(env: dict[str, str], config: Path, port: int) -> None:
    async with calling(port):
        seen = await kikimori("tap", "watch", "--json", "--seconds", "10", "--config", config, env=env)
    assert seen.code == 0, seen.err
    last = json.loads(seen.out.splitlines()[-1])
    assert [each["name"] for each in last["taps"]] == ["toy"]
    assert [each["tap"] for each in last["calls"]] == ["toy"]


async def test_it_starts_with_the_office(env: dict[str, str], config: Path, port: int) -> None:
    process = await asyncio.create_subprocess_exec(
        *(*KIKIMORI, "up", "--config", str(config)),
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, **env},
    )
    assert process.stderr is not None
    try:
        async with asyncio.timeout(WITHIN_S):
            async with calling(port) as answered:
                while b'"listening"' not in (line := await process.stderr.readline()):
                    assert line
                assert json.loads(line)["toy"] == ["127.0.0.1", port]
                await answered.wait()
            while b'"call_ended"' not in (line := await process.stderr.readline()):
                assert line
            assert json.loads(line)["call_id"] == "toy-1"
    finally:
        process.terminate()
        await process.communicate()
    assert process.returncode == 0
