"""A wrong password of the broker, with a real Mosquitto: agent and dashboard say whose, where and what to do, once."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import pytest
from tests.support.deadline import WITHIN_S
from tests.support.mosquitto import mosquitto
from tests.support.ports import free_port
from tests.support.program import KIKIMORI

if TYPE_CHECKING:
    from pathlib import Path


def configured(folder: Path, broker_port: int, pages_port: int) -> Path:
    config = folder / "kikimori.toml"
    config.write_text(
        f"state_dir = 'state'\n[speech]\nenabled = false\n[audiosocket]\nport = 0\nannounce_port = 0\n"
        f"[dashboard]\nport = {pages_port}\n[store]\ndir = 'people'\n"
        f"[mqtt]\nport = {broker_port}\nusername = 'front-desk'\npassword_file = '{folder}/word'\n",
        encoding="utf-8",
    )
    (folder / "word").write_text("wrong\n", encoding="utf-8")
    return config


def _replace(file: Path, text: str) -> None:
    """Change a file at once: nobody reads half of it."""
    other = file.with_suffix(".new")
    other.write_text(text, encoding="utf-8")
    other.replace(file)


async def events(process: asyncio.subprocess.Process) -> Any:
    """Give the log's lines as they come."""
    assert process.stderr is not None
    async for line in process.stderr:
        if line.startswith(b"{"):
            yield json.loads(line)


@pytest.mark.parametrize("command", ["agent", "dashboard"])
async def test_it_is_told_once_and_retried(tmp_path: Path, command: str) -> None:
    async with mosquitto(tmp_path, passwords={"front-desk": "right"}) as broker:
        config = configured(tmp_path, broker.settings.port, free_port())
        process = await asyncio.create_subprocess_exec(
            *(*KIKIMORI, command, "--config", str(config)), stderr=asyncio.subprocess.PIPE
        )
        lost = []
        try:
            async with asyncio.timeout(WITHIN_S):
                async for event in events(process):
                    if event["event"] == "broker_lost":
                        lost.append(event)
                        # Right from the next attempt on; some of them are wrong still.
                        asyncio.get_running_loop().call_later(2, _replace, tmp_path / "word", "right\n")
                    if event["event"] == "broker_connected":
                        break
        finally:
            process.terminate()
            await process.communicate()
    (told,) = lost
    assert told["code"] == "broker_login"
    assert f"127.0.0.1:{broker.settings.port} refuses user front-desk" in told["reason"]
    assert f"{tmp_path}/word" in told["remedy"]
    assert "right" not in json.dumps(told)
