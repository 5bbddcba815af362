"""`kikimori up`: one office from one command and one configuration file."""

from __future__ import annotations

import asyncio
import json
import signal
from typing import TYPE_CHECKING

import pytest
from tests.support.deadline import WITHIN_S
from tests.support.live_client import live_client
from tests.support.ports import free_port
from tests.support.program import KIKIMORI
from tests.support.sign_in import client, people_in_folder
from tests.support.telephone import on_the_line

from kikimori.addresses import Addresses

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_an_office_from_start_to_stop(tmp_path: Path, number: signal.Signals) -> None:
    """Without a model: it runs, says on screen, in the log and to browsers that words are not heard, and how to get them."""
    mqtt, audio, announce, pages = (free_port() for _ in range(4))
    config = tmp_path / "kikimori.toml"
    config.write_text(
        f"""
state_dir = "state"
[mqtt]
port = {mqtt}
[audiosocket]
port = {audio}
announce_port = {announce}
[dashboard]
port = {pages}
[store]
dir = "people"
""",
        encoding="utf-8",
    )
    await people_in_folder(tmp_path / "people")
    process = await asyncio.create_subprocess_exec(
        *(*KIKIMORI, "up", "--config", str(config)), stderr=asyncio.subprocess.PIPE, cwd=tmp_path
    )
    try:
        assert process.stderr is not None
        told: list[str] = []
        async with asyncio.timeout(WITHIN_S):
            while not told or not told[-1].startswith("operator"):
                told.append((await process.stderr.readline()).decode())
        events = {json.loads(line)["event"]: json.loads(line) for line in told if line.startswith("{")}
        assert events["speech_recognition_off"]["remedy"] == "kikimori models fetch vosk-model-small-ja-0.22"
        url = f"http://127.0.0.1:{pages}"
        assert f"dashboard  {url}/\n" in told

        async with (
            live_client(url) as watching,
            on_the_line(
                Addresses({"audiosocket": ("127.0.0.1", audio), "announce": ("127.0.0.1", announce)}),
                call="c1",
            ) as telephone,
        ):
            await telephone.speak(bytes(8000))
            await watching.until(lambda picture: "c1" in picture["calls"] and picture["agents"])
            agent = next(iter(watching.picture["agents"].values()))
            assert agent["speech"] == "off"
            assert agent["problems"][0]["remedy"] == "kikimori models fetch vosk-model-small-ja-0.22"
            async with (
                client(url) as http,
                http.post(
                    "/api/calls/c1/commands", json={"action": "escalate", "page": "operator"}
                ) as answer,
            ):
                assert (await answer.json())["outcome"] == "done"
            await watching.until(lambda picture: picture["alerts"])
            process.send_signal(number)
            async with asyncio.timeout(WITHIN_S):
                _, rest = await process.communicate()
        assert process.returncode == 0
        assert b"Traceback" not in rest
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
